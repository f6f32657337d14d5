"""The MQTT topics, spelled in this module only.

    passlane/1/PARTITION/DEVICE/facts        device to hub: batches of facts
    passlane/1/PARTITION/DEVICE/contact      device to hub: how it stands and what its clocks show
    passlane/1/PARTITION/DEVICE/receipts     hub to device: what the hub has committed
    passlane/1/PARTITION/DEVICE/directives   hub to device: what the hub wants

Facts of one device must be handled in order, so work is shared out by partitions of devices: a device's partition
follows from its name, is fixed for ever, and stands in the topic so that a worker can subscribe to its partitions.
"""

from typing import Literal, cast, get_args

from inspection import InspectionError
from inspection.identities import IdentityError, checked_device
from inspection.signing import digest

Upward = Literal["facts", "contact"]
"""What devices send."""

PARTITIONS = 64
_ROOT = "passlane/1"
_LEVELS = 5


class TopicError(InspectionError):
    """A topic that no device of this system writes to."""


def partition(device: str) -> int:
    """Return the partition (0 to 63) of a device."""
    return digest(device.encode())[0] % PARTITIONS


def device_root(device: str) -> str:
    """Return the topic under which everything of one device stands; its rights at the broker end there."""
    name = checked_device(device)
    return f"{_ROOT}/{partition(name):02d}/{name}"


def facts(device: str) -> str:
    """Return the topic of a device's batches of facts."""
    return f"{device_root(device)}/facts"


def contact(device: str) -> str:
    """Return the topic on which a device says how it stands."""
    return f"{device_root(device)}/contact"


def receipts(device: str) -> str:
    """Return the topic of the hub's receipts to a device."""
    return f"{device_root(device)}/receipts"


def directives(device: str) -> str:
    """Return the topic of the hub's directives to a device."""
    return f"{device_root(device)}/directives"


def every(kind: Upward) -> str:
    """Return the filter under which one kind of message of all devices arrives, misspelt partitions included."""
    return f"{_ROOT}/+/+/{kind}"


def of_partition(number: int, kind: Upward) -> str:
    """Return the filter under which one kind of message of a partition's devices arrives."""
    return f"{_ROOT}/{number:02d}/+/{kind}"


def upward(topic: str) -> tuple[str, Upward]:
    """Return the device that sends on `topic`, and what it sends there.

    Raises TopicError when devices send nothing on the topic, when it names no possible device, or puts the device into
    a partition that is not its own.
    """
    levels = topic.split("/")
    if len(levels) != _LEVELS or not topic.startswith(_ROOT + "/") or levels[4] not in get_args(Upward):
        raise TopicError(f"no device sends on topic {topic[:120]!r}")
    try:
        device = checked_device(levels[3])
    except IdentityError as error:
        raise TopicError(f"topic {topic[:120]!r} names no device: {error}") from error
    if topic != f"{device_root(device)}/{levels[4]}":
        raise TopicError(f"topic {topic[:120]!r} puts device {device} into a partition that is not its own")
    return device, cast("Upward", levels[4])
