"""Mosquitto as the broker, from Debian. Knows its configuration: everything in memory, nothing kept.

Its defaults drop what exceeds 1 000 queued messages in silence, even to a subscriber that is there; nothing is limited
here but the size of a message, and what it holds is bounded by what subscribers leave unread until they are cut off.
It grants every subscription and delivers only what the list of rights allows.
"""

import base64
import hashlib
import os
import secrets
import shutil
from pathlib import Path

from central_hub.doors.broker_terms import MESSAGE_BYTES_MAX, BrokerError, BrokerUser, Listening

PASSWORDS_FILE = "broker.passwords"
RIGHTS_FILE = "broker.rights"
PACKET_BYTES_MAX = MESSAGE_BYTES_MAX + 1024
"""Bytes of a whole packet, the topic included: who announces more is cut off before it is read."""
# Debian keeps it where services are, which is not on everybody's PATH.
_SERVICE_FOLDERS = ("/usr/sbin", "/usr/local/sbin")
# Its own figure. More would buy nothing: the passwords are long random tokens, all checked again at each SIGHUP.
_ITERATIONS = 101
_SALT_BYTES, _HASH_BYTES = 12, 64


class Mosquitto:
    """Debian's mosquitto as the broker."""

    config_name = "broker.conf"

    def __init__(self) -> None:
        self._lines: dict[BrokerUser, str] = {}

    def files(self, at: Listening, users: list[BrokerUser]) -> dict[str, str]:
        """Return its configuration, its list of passwords (hashes) and its list of rights."""
        # A line is made once: a hash costs time, and there may be thousands of devices.
        self._lines = {user: self._lines.get(user) or _password_line(user) for user in users}
        return {
            self.config_name: _configuration(at),
            PASSWORDS_FILE: "".join(self._lines.values()),
            RIGHTS_FILE: "\n".join(_rights(user) for user in users),
        }

    def command(self, config: Path) -> list[str]:
        """Return the command that runs it; raises BrokerError where it is not installed."""
        places = os.pathsep.join((os.environ.get("PATH", os.defpath), *_SERVICE_FOLDERS))
        found = shutil.which("mosquitto", path=places)
        if found is None:
            raise BrokerError(
                'mosquitto is not installed: install Debian\'s package, or set broker = "nats" in hub.toml'
            )
        return [found, "-c", str(config)]


def _configuration(at: Listening) -> str:
    # Its own files are named as they lie in its working folder, which is the data folder.
    lines = [
        "per_listener_settings false",
        "allow_anonymous false",
        f"password_file {PASSWORDS_FILE}",
        f"acl_file {RIGHTS_FILE}",
        "persistence false",
        "retain_available false",
        "max_queued_messages 0",
        "max_queued_bytes 0",
        "max_inflight_messages 0",
        # Nobody here asks it to keep something for later: a thief could fill its memory with that.
        "persistent_client_expiration 1h",
        f"message_size_limit {MESSAGE_BYTES_MAX}",
        f"max_packet_size {PACKET_BYTES_MAX}",
        "set_tcp_nodelay true",
        "sys_interval 0",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_type notice",
        "connection_messages false",
        f"listener {at.port} {at.host}",
        "max_qos 1",
    ]
    if os.geteuid() == 0:
        # Else it becomes the user `mosquitto`, who may not read a data folder that is the hub's alone.
        lines.append("user root")
    if at.tls is not None:
        lines += [f"certfile {at.tls.certificate}", f"keyfile {at.tls.key}", "tls_version tlsv1.2"]
    return "\n".join(lines) + "\n"


def _password_line(user: BrokerUser) -> str:
    # Its format 7: PBKDF2 with SHA-512.
    salt = secrets.token_bytes(_SALT_BYTES)
    hashed = hashlib.pbkdf2_hmac("sha512", user.password.encode(), salt, _ITERATIONS, _HASH_BYTES)
    return f"{user.name}:$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(hashed).decode()}\n"


def _rights(user: BrokerUser) -> str:
    lines = [f"user {user.name}"]
    if user.device:
        lines += [f"topic write {topic}" for topic in user.says()]
        lines += [f"topic read {topic}" for topic in user.hears()]
    else:
        lines.append("topic readwrite #")
    return "\n".join(lines) + "\n"
