"""The MQTT topics, spelled in this module only.

    passlane/1/PARTITION/DEVICE/facts        device to hub: batches of facts
    passlane/1/PARTITION/DEVICE/receipts     hub to device: what the hub has committed
    passlane/1/PARTITION/DEVICE/directives   hub to device: what the hub wants

Facts of one device must be handled in order, so work is shared out by partitions of devices: a device's partition
follows from its name, is fixed for ever, and stands in the topic so that a worker can subscribe to its partitions.
"""

from inspection import InspectionError
from inspection.identities import IdentityError, checked_device
from inspection.signing import digest

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


def receipts(device: str) -> str:
    """Return the topic of the hub's receipts to a device."""
    return f"{device_root(device)}/receipts"


def directives(device: str) -> str:
    """Return the topic of the hub's directives to a device."""
    return f"{device_root(device)}/directives"


def every_message() -> str:
    """Return the filter under which the hub sees all that devices send, misspelt topics included."""
    return f"{_ROOT}/+/+/+"


def sender(topic: str) -> str:
    """Return the device whose facts travel on `topic`.

    Raises TopicError when the topic is not a facts topic, names no possible device, or puts the device into a
    partition that is not its own.
    """
    levels = topic.split("/")
    if len(levels) != _LEVELS or not topic.startswith(_ROOT + "/") or levels[4] != "facts":
        raise TopicError(f"no facts travel on topic {topic[:120]!r}")
    try:
        device = checked_device(levels[3])
    except IdentityError as error:
        raise TopicError(f"topic {topic[:120]!r} names no device: {error}") from error
    if facts(device) != topic:
        raise TopicError(f"topic {topic[:120]!r} puts device {device} into a partition that is not its own")
    return device
