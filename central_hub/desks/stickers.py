"""The desk of stickers (标志岗): number ranges, prints, withdrawals, certificates, and applications of exempt cars.

Which number is next and which copy may be printed is decided by `numbering`, whether a sticker may be withdrawn by
`recalling`; who may do what is asked at the door.
"""

import contextlib
from collections.abc import Callable
from dataclasses import replace

from central_hub.clock import day_of, text_of
from central_hub.deciding.conflicts import Person
from central_hub.deciding.numbering import (
    NUMBERS_LEFT_MIN,
    NumberingError,
    NumberRange,
    Taken,
    check_print,
    copy_to_allow,
)
from central_hub.deciding.recalling import withdraw_sticker
from central_hub.desks import ActError, Hand
from central_hub.papers.certificate import certificate_of, seal_certificate
from central_hub.papers.sheet import Sheet, sheet_of
from central_hub.people.roles import Actor
from central_hub.store.office.numbers import KeptSticker, Numbers
from inspection.directives import ReprintGranted, WithdrawalsPublished
from inspection.facts import (
    ExemptionApplied,
    NumberVoided,
    RangeAllotted,
    ReprintAllowed,
    StickerPrinted,
    StickerWithdrawn,
    Vehicle,
)
from inspection.identities import HUB
from inspection.sticker import Sticker, StickerError, StickerStanding, open_sticker, standing_of, sticker_text
from inspection.withdrawals import Withdrawals, piece_since, pieces_up_to, seal_withdrawals

LIST_FRESH_MS = 48 * 3_600_000
"""A device asks for a newer list of withdrawn stickers after that; one is published each day."""
WARNED_AT = (NUMBERS_LEFT_MIN - 1, NUMBERS_LEFT_MIN // 4, 0)
"""With so many numbers left the operator is told, each time once."""
CAUSE_CHARACTERS_MAX = 200


class Stickers:
    """The desk of stickers. address: returns what a QR code says for a sticker's text, e.g. the address of its page."""

    def __init__(self, hand: Hand, *, address: Callable[[str], str] = str) -> None:
        self._hand = hand
        self._address = address
        self.numbers = Numbers(hand.db, hand.settings.sticker_prefix)

    def allot(self, actor: Actor, *, prefix: str, first: int, last: int, holder: str) -> NumberRange:
        """Give a holder, a station or an office, the numbers first to last; raises NumberingError.

        What waited for a number goes on with `numbers.waiting_cases(holder)`, each case by itself.
        """
        fact = RangeAllotted(prefix=prefix, first=first, last=last, holder=holder, by=actor.person)
        allotted = self.numbers.allot(fact, at=self._hand.now())
        self._hand.write("", fact)
        return allotted

    def void(self, actor: Actor, number: str, *, holder: str, reason: str) -> None:
        """Pass over the holder's next number, e.g. of a spoilt form; raises NumberingError for any other number."""
        fact = NumberVoided(number=number, holder=holder, by=actor.person, reason=_worded(reason))
        self.numbers.void(number, holder)
        self._hand.write("", fact)

    def take_number(self, holder: str) -> Taken:
        """Take the next number for a sticker of this station or office, and tell the operator when few are left.

        Raises NumberingError ("sticker.range_empty"): the case then waits until more are allotted.
        """
        taken = self.numbers.take(holder)
        if taken.left in WARNED_AT:
            text = f"{holder} has {taken.left} sticker numbers left: allot another range"
            self._hand.records.refuse(HUB, "sticker.range_low", text, at=self._hand.now(), payload=b"")
        return taken

    def sheet(self, about: str) -> Sheet:
        """Return what is shown of a sticker, named by its number or its case, as it stands now; no print is written.

        Raises ActError ("sticker.none").
        """
        kept = self._known(about)
        return sheet_of(
            self._opened(kept),
            self._vehicle(kept),
            qr=self._address(sticker_text(kept.payload)),
            office=self._office(kept),
            standing=self._standing(kept),
            as_of=text_of(self._hand.now()),
        )

    def certificate(self, about: str) -> bytes:
        """Return the electronic certificate (电子凭证) of a sticker as it stands now: signed JSON."""
        kept = self._known(about)
        made = certificate_of(
            self._opened(kept),
            kept.payload,
            vehicle_class=self._vehicle(kept).vehicle_class,
            office=self._office(kept),
            status=self._standing(kept),
            as_of=self._hand.now(),
        )
        return seal_certificate(made, self._hand.key)

    def print(self, actor: Actor, about: str, *, printer: str = "", cause: str = "") -> Sheet:
        """Write down that the next copy of a sticker is printed, and return what is printed.

        The first copy is anybody's at the desk, a further one has to be allowed. Raises NumberingError, ActError.
        """
        kept = self._known(about)
        printed = self.numbers.printed(kept.number)
        allowed = self.numbers.allowed_copies(kept.number)
        check_print(printed + 1, printed=printed, allowed=allowed, withdrawn=kept.withdrawn > 0)
        fact = StickerPrinted(number=kept.number, copy=printed + 1, by=actor.person, printer=printer, cause=cause)
        self.numbers.note_print(fact, device=HUB, at=self._hand.now(), allowed=True)
        self._hand.write(kept.case, fact)
        return replace(self.sheet(kept.number), copy=printed + 1)

    def reported(self, device: str, case: str, fact: StickerPrinted) -> tuple[str, str] | None:
        """Keep that a device printed a sticker; return code and text of what is wrong with that, None for nothing.

        What was printed is written down in any case: paper that nobody allowed is out there all the same.
        """
        kept = self.numbers.sticker(fact.number)
        if kept is None or kept.case != case:
            return "print.other_sticker", f"{fact.number[:40]!r} was printed for case {case}, whose sticker it is not"
        refusal = self._refusal(kept, fact.copy)
        self.numbers.note_print(fact, device=device, at=self._hand.now(), allowed=refusal is None)
        return (refusal.code, f"{kept.number}: {refusal}") if refusal else None

    def _refusal(self, kept: KeptSticker, copy: int) -> NumberingError | None:
        printed, allowed = self.numbers.printed(kept.number), self.numbers.allowed_copies(kept.number)
        try:
            check_print(copy, printed=printed, allowed=allowed, withdrawn=kept.withdrawn > 0)
        except NumberingError as error:
            return error
        return None

    def allow_reprint(self, actor: Actor, about: str, *, cause: str) -> int:
        """Allow one more copy of a printed sticker; return which. Raises NumberingError, ActError.

        By somebody with the right to it, and with a cause. The device of the case is told.
        """
        if not actor.may("sticker.reprint"):
            raise ActError("act.no_right", "another print is allowed by somebody with the right to it")
        kept = self._known(about)
        printed = self.numbers.printed(kept.number)
        allowed = self.numbers.allowed_copies(kept.number)
        copy = copy_to_allow(printed=printed, allowed=allowed, withdrawn=kept.withdrawn > 0)
        fact = ReprintAllowed(number=kept.number, copy=copy, by=actor.person, cause=_worded(cause))
        self.numbers.allow_copy(kept.number, copy, at=self._hand.now(), person=actor.person, cause=fact.cause)
        self._hand.write(kept.case, fact)
        device = self._hand.case(kept.case).device
        if device in self._hand.devices():
            self._hand.direct(device, ReprintGranted(case=kept.case, number=kept.number, copy=copy))
        return copy

    def withdraw(self, about: str, *, by: Person, confirmed_by: Person, reason: str) -> StickerWithdrawn:
        """Withdraw a sticker (撤销标志), by two people, and publish that to every device.

        Raises ActError for a sticker that was withdrawn before, StepError where the case does not allow it, or one of
        the two may not.
        """
        kept = self._known(about)
        if kept.withdrawn:
            raise ActError("sticker.withdrawn", f"sticker {kept.number} was withdrawn before")
        fact = withdraw_sticker(self._hand.case(kept.case), by=by, confirmed_by=confirmed_by, reason=reason)
        self._hand.write(kept.case, fact)
        self.publish(kept.number)
        self._hand.follow_vehicle(kept.case)
        return fact

    def publish(self, number: str) -> int:
        """Put a sticker that a fact withdrew on the list, and tell every device; return the list's version."""
        version = self.numbers.withdraw(number, at=self._hand.now())
        piece = self._piece(piece_since(version), version)
        for device in self._hand.devices():
            self._hand.direct(device, piece)
        return version

    def refresh(self) -> None:
        """Tell every device that the list it has is still whole: to be done each day."""
        version = self.numbers.withdrawn_version
        piece = self._piece(version, version)
        for device in self._hand.devices():
            self._hand.direct(device, piece)

    def welcome(self, device: str) -> None:
        """Send a device that is new here the whole list, in few pieces."""
        version = self.numbers.withdrawn_version
        for since, upto in [*pieces_up_to(version), (version, version)]:
            self._hand.direct(device, self._piece(since, upto))

    def date_old(self) -> None:
        """Keep the last day of the stickers of an older program, as their payloads say it; at the hub's start."""
        for number, payload in self.numbers.undated():
            with contextlib.suppress(StickerError):
                self.numbers.set_last_day(number, open_sticker(payload, self._hand.key.public).valid_until)

    def withdrawn_list(self) -> bytes:
        """Return the whole list of withdrawn stickers, signed and dated, for whoever checks without a hub."""
        return self._sealed(0, self.numbers.withdrawn_version)

    def apply_exempt(self, actor: Actor, application: ExemptionApplied) -> str:
        """Open a case of the hub's own for an exempt car (免检), decide it, and return its id.

        The same application again gives the case that it opened. Raises ActError.
        """
        fact = ExemptionApplied(
            serial=application.serial.strip(),
            vehicle=application.vehicle,
            office=application.office.strip(),
            by=actor.person,
            channel=application.channel,
        )
        if not fact.serial or not fact.office or not fact.vehicle.vin.strip():
            raise ActError("exempt.garbled", "an application names its serial, the office and the vehicle's VIN")
        query = "SELECT case_id, registered FROM cases WHERE serial = ? AND device = ? LIMIT 1"
        before = self._hand.db.execute(query, (fact.serial, HUB)).fetchone()
        if before is not None:
            if before[1] != fact.vehicle.vin:
                raise ActError("exempt.serial_used", f"application {fact.serial} is about another vehicle")
            return str(before[0])
        case = self._hand.open_own_case(fact)
        self._hand.follow_up(case)
        return case

    def _known(self, about: str) -> KeptSticker:
        kept = self.numbers.sticker(about) or self.numbers.sticker_of(about)
        if kept is None:
            raise ActError("sticker.none", f"there is no sticker {about[:60]!r}, nor a case of that name with one")
        return kept

    def _opened(self, kept: KeptSticker) -> Sticker:
        return open_sticker(kept.payload, self._hand.key.public)

    def _vehicle(self, kept: KeptSticker) -> Vehicle:
        return self._hand.case(kept.case).vehicle or Vehicle(vin=kept.vehicle)

    def _office(self, kept: KeptSticker) -> str:
        return self._hand.settings.station(kept.holder).name if kept.holder else self._hand.settings.title

    def _standing(self, kept: KeptSticker) -> StickerStanding:
        today = day_of(self._hand.now())
        return standing_of(self._opened(kept), day=today, withdrawn=kept.withdrawn > 0)

    def _piece(self, since: int, version: int) -> WithdrawalsPublished:
        return WithdrawalsPublished(version=version, payload=self._sealed(since, version))

    def _sealed(self, since: int, version: int) -> bytes:
        now = self._hand.now()
        numbers = self.numbers.withdrawn(since, version)
        withdrawals = Withdrawals(
            since=since, version=version, issued_at=now, until=now + LIST_FRESH_MS, numbers=numbers
        )
        return seal_withdrawals(withdrawals, self._hand.key)


def _worded(cause: str) -> str:
    said = cause.strip()
    if not 0 < len(said) <= CAUSE_CHARACTERS_MAX:
        raise ActError("act.no_reason", f"say why, in 1 to {CAUSE_CHARACTERS_MAX} characters")
    return said
