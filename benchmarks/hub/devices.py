"""The devices of the benchmark: real homes, enrolled over HTTP, whose journals are filled beforehand and in bulk.

Those of the bare hub, which has no door for enrolling, are made in `bare.homes`.

Only the way into the journal is shorter than a device's: many facts to a commit, and no photo's bytes in the vault.
"""

import random
import re
from collections.abc import Sequence
from math import inf
from pathlib import Path
from typing import NamedTuple

from benchmarks.hub.inspections import STATION, facts_of
from benchmarks.hub.threadless import ThreadlessLink, taken
from edge_agent.clock import Clock
from edge_agent.home import Home, open_home
from edge_agent.journal import Journal
from edge_agent.sending.dispatching import Dispatch, Identity, Message
from edge_agent.sending.events import Arrived
from edge_agent.sending.link import broker_of
from edge_agent.vault import Vault
from firmware_profiles.files import LoadedProfile, load, shipped_profile, signature_path
from firmware_profiles.signed import sign_profile
from inspection.evidence import PhotoRef
from passlane.enrolling import EnrolAsked, enrol_device
from passlane.profile_command import profile_key

PROFILE = "lane-box-basic"
COMMIT_INSPECTIONS = 50
_BATCH = re.compile(rb"batch_facts_max = \d+")


class HubAddress(NamedTuple):
    """Where a hub is and how an operator signs in."""

    url: str
    password: str


class SignedProfile(NamedTuple):
    """A profile's file, and the public key that signed it, hexadecimal."""

    path: Path
    public: str


def signed_profile(folder: Path, *, batch_facts: int) -> SignedProfile:
    """Sign a lane box's profile in `folder`. batch_facts: how many facts such a device sends in one batch."""
    key = profile_key(folder / "profile.key")
    profile = folder / f"{PROFILE}.toml"
    profile.write_bytes(_BATCH.sub(b"batch_facts_max = %d" % batch_facts, shipped_profile(PROFILE)))
    signature_path(profile).write_bytes(sign_profile(profile.read_bytes(), key))
    return SignedProfile(profile, key.public.hex())


def enrol(folder: Path, device: str, hub: HubAddress, *, batch_facts: int) -> Path:
    """Make the home of a lane box in `folder` and return it. batch_facts: how many facts it sends in one batch."""
    profile = signed_profile(folder, batch_facts=batch_facts)
    asked = EnrolAsked(
        hub=hub.url,
        user="operator",
        device=device,
        kind="lane_box",
        station=STATION,
        profile=profile.path,
        profile_key=profile.public,
        home=folder / device,
    )
    return enrol_device(asked, password=hub.password)


def fill_journal(home: Path, numbers: Sequence[int], photos: Sequence[PhotoRef]) -> None:
    """Record inspections of these numbers in a journal that nobody has open, many to a commit.

    The hub has the photos already, and so nothing of them waits to be sent.
    """
    opened, clock = open_home(home), Clock()
    with Journal(opened.journal_path, opened.device) as journal:
        for at in range(0, len(numbers), COMMIT_INSPECTIONS):
            some = numbers[at : at + COMMIT_INSPECTIONS]
            journal.record_all([fact for n in some for fact in facts_of(opened.device, n, photos)], clock.now())
        for photo in photos:
            journal.receipt_photo(photo.digest)
        journal.free_photo(*(photo.digest for photo in photos))


class Device:
    """A device at work, without a thread: its journal and its dispatch as on a device, its link, and no photos to send.

    due: when it has something to do by itself, monotonic seconds of its clock.
    """

    def __init__(self, home: Path) -> None:
        self.home: Home = open_home(home)
        self.clock = Clock()
        self.journal = Journal(self.home.journal_path, self.home.device)
        profile = loaded_profile(self.home).profile.with_addresses(self.home.addresses())
        self._dispatch = Dispatch(
            self.journal,
            Vault(self.home.vault_path, free_bytes_min=0),
            profile=profile,
            identity=Identity(device=self.home.device, key=self.home.key, hub_public=self.home.hub_public),
            chance=random.random,
        )
        self.link = ThreadlessLink(broker_of(self.home, profile), self.home.device)
        self.due = inf
        self._directives_wanted = self._directives = self.journal.counts().directives
        self._receipted_wanted = 0

    def expect(self, directives: int) -> None:
        """Count on so many directives more, and on a receipt for all that is in the journal now."""
        self._directives_wanted += directives
        self._receipted_wanted = self.journal.newest

    @property
    def done(self) -> bool:
        """Whether the hub has receipted the inspections' facts, and every directive that it counts on is committed.

        That it has a sticker a device says in a fact that may wait for others; that one is not counted on.
        """
        # How many messages came is cheap to know; only then it is asked how many of them the journal has.
        return (
            self._directives >= self._directives_wanted
            and self.journal.receipted >= self._receipted_wanted
            and self.journal.counts().directives >= self._directives_wanted
        )

    @property
    def empty(self) -> bool:
        """Whether nothing waits for a receipt."""
        return self.done and self.journal.receipted == self.journal.newest

    def step(self) -> None:
        """Take what the link delivered, and send what may go."""
        dispatch, clock = self._dispatch, self.clock
        if self.link.arrived:
            events = taken(self.link)
            self._directives += sum(isinstance(event, Arrived) and event.what == "directive" for event in events)
            dispatch.take(events, clock.now())
        at = clock.now()
        while isinstance(step := dispatch.next_message(at), Message):
            dispatch.handed_over(step, at, taken=self.link.publish(step.kind, step.payload))
            at = clock.now()
        self.due = inf if step.until is None else step.until

    def standing(self) -> str:
        """Return how it stands, in words."""
        counts, status = self.journal.counts(), self._dispatch.status(self.clock.now())
        return (
            f"{self.home.device}: {counts.receipted} of {counts.newest} facts receipted,"
            f" {counts.directives} of {self._directives_wanted} directives; {status}"
        )

    def close(self) -> None:
        """Close the journal."""
        self.journal.close()


def loaded_profile(home: Home) -> LoadedProfile:
    """Return the profile that the home names."""
    return load(home.profile_path, home.profile_public)
