"""Who may write facts: taking devices in, shutting them out for good, or until a person has looked.

Writes inside the transaction that its caller holds.
"""

import secrets
from collections.abc import Callable

from central_hub import HubError
from central_hub.deciding.intake import ChainHead
from central_hub.store.ledger import Ledger
from central_hub.store.records import Records
from inspection.facts import DeviceEnrolled, DeviceQuarantined, DeviceReleased, DeviceRevoked
from inspection.identities import HUB, checked_device
from inspection.signing import PUBLIC_KEY_BYTES, SigningKey

TEXT_CHARACTERS_MAX = 1_000


class Enrolment:
    """The hub's hands about devices. now: returns the hub's time in Unix milliseconds."""

    def __init__(self, ledger: Ledger, records: Records, *, key: SigningKey, now: Callable[[], int]) -> None:
        self._ledger = ledger
        self._records = records
        self._key = key
        self._now = now

    def begin_hub_chain(self) -> None:
        """Enrol the hub itself, once, so that it can write facts of its own.

        Raises HubError when the ledger is another hub's.
        """
        known = self._ledger.chain_head(HUB)
        if known is None:
            self._ledger.add_device(HUB, "hub", "", public_key=self._key.public, password="")
        elif known.public_key != self._key.public:
            raise HubError("the ledger belongs to another hub: its key is not the one in this data folder")

    def enrol(self, device: str, kind: str, station: str, *, public_key: bytes) -> str:
        """Take in a device; return its password at the broker.

        Raises HubError when the device is enrolled with another key, when the key is none or the name cannot be one.
        Enrolling the same key again gives the password again.
        """
        checked_device(device)
        if len(public_key) != PUBLIC_KEY_BYTES:
            raise HubError(f"a public key has {PUBLIC_KEY_BYTES} bytes, not {len(public_key)}")
        known = self._ledger.chain_head(device)
        if known is not None and (known.public_key != public_key or device == HUB):
            raise HubError(f"device {device} is enrolled with another key")
        if known is not None and known.revoked:
            raise HubError(f"device {device} was revoked; enrol the new one under another name")
        if known is not None:
            return self._records.password(device)
        password = secrets.token_urlsafe(24)
        self._ledger.add_device(device, kind, station, public_key=public_key, password=password)
        fact = DeviceEnrolled(device=device, kind=kind, station=station, public_key=public_key)
        self._ledger.write("", fact, at=self._now())
        return password

    def revoke(self, device: str, *, reason: str) -> None:
        """Take nothing of a device any more; raises HubError when it is not enrolled. Twice is as good as once."""
        if not self._known(device).revoked:
            self._records.set_revoked(device)
            self._ledger.write("", DeviceRevoked(device=device, reason=reason), at=self._now())

    def quarantine(self, device: str, code: str, text: str) -> None:
        """Take nothing of a device until a person has looked: two chains bear its name. Twice is as good as once."""
        if not self._known(device).quarantined:
            why = text[:TEXT_CHARACTERS_MAX]
            self._records.set_quarantined(device, f"{code}: {why}")
            self._ledger.write("", DeviceQuarantined(device=device, code=code, text=why), at=self._now())

    def release(self, device: str, *, by: str, reason: str) -> None:
        """Take a quarantined device's facts again. What its chain says must still follow on what is committed.

        Raises HubError when the device is not enrolled, or not quarantined.
        """
        if not self._known(device).quarantined:
            raise HubError(f"device {device} is not quarantined")
        self._records.set_quarantined(device, "")
        self._ledger.write("", DeviceReleased(device=device, by=by, reason=reason), at=self._now())

    def _known(self, device: str) -> ChainHead:
        known = self._ledger.chain_head(device)
        if known is None or device == HUB:
            raise HubError(f"device {device[:40]!r} is not enrolled")
        return known
