"""The broker's process: nats-server from its wheel, or Debian's mosquitto, started and ended by the hub.

Knows processes and files. What the broker is asked for stands in `broker_terms`, how each program is told in a file of
its own.
"""

import contextlib
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Literal

from central_hub import clock
from central_hub.doors.broker_mosquitto import Mosquitto
from central_hub.doors.broker_nats import Nats
from central_hub.doors.broker_terms import BrokerError, BrokerKind, BrokerUser, Listening
from central_hub.installation import Tls

__all__ = ["Broker", "BrokerError", "BrokerUser"]

READY_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 5.0
_POLL_SECONDS = 0.05
_KINDS: dict[str, type[BrokerKind]] = {"nats": Nats, "mosquitto": Mosquitto}


class Broker:
    """The broker's process, its configuration and its store, in the hub's data folder. tls: None is plain."""

    def __init__(
        self,
        folder: Path,
        *,
        host: str,
        port: int,
        kind: Literal["nats", "mosquitto"] = "nats",
        tls: Tls | None = None,
    ) -> None:
        self._folder = folder.resolve()
        self._kind = _KINDS[kind]()
        self._at = Listening(folder=self._folder, host=host, port=port, tls=tls)
        self._config = self._folder / self._kind.config_name
        self._pid_file = self._folder / "broker.pid"
        self._process: subprocess.Popen[bytes] | None = None
        self.host = host
        self.port = port

    def start(self, users: list[BrokerUser]) -> None:
        """Start the broker and wait until it listens; raises BrokerError with the end of its log if it does not."""
        command = self._kind.command(self._config)
        self._end_orphan()
        self._check_port()
        self._write_files(users)
        with (self._folder / "broker.log").open("ab") as log:
            # A session of its own: Ctrl-C at the terminal reaches the hub, which ends the broker in its turn.
            self._process = subprocess.Popen(
                command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._pid_file.write_text(str(self._process.pid), encoding="ascii")
        self._wait_ready()

    @property
    def running(self) -> bool:
        """Whether the process that was started is there."""
        return self._process is not None and self._process.poll() is None

    def allow(self, users: list[BrokerUser]) -> None:
        """Let these users in from now on, without a restart."""
        self._write_files(users)
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

    def _write_files(self, users: list[BrokerUser]) -> None:
        for name, text in self._kind.files(self._at, users).items():
            new = self._folder / f"{name}.new"
            new.touch(mode=0o600)
            new.write_text(text, encoding="utf-8")
            new.replace(self._folder / name)

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
        # A process that ended and that nobody asked about has no command line any more. The other program's counts too:
        # hub.toml may have changed.
        try:
            return str(self._folder / "broker.").encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False
