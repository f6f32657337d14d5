"""A PostgreSQL server of the tests' own: Debian's program, a folder of its own, no network, all synced to the disk."""

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from central_hub import clock

READY_SECONDS_MAX = 120.0
_SERVER_USER = "postgres"
_OPTIONS = ("listen_addresses=", "shared_buffers=128MB", "max_connections=60")


class PostgresqlServer:
    """A server that is running. folder: where its socket lies, which is the only way in."""

    def __init__(self, folder: Path, process: "subprocess.Popen[bytes]") -> None:
        self.folder = folder
        self.process = process
        self._numbers = itertools.count(1)
        self._free: list[str] = []

    def url(self, database: str) -> str:
        return f"postgresql://passlane@/{database}?host={self.folder}"

    def create(self, options: str = "") -> str:
        """Make a database; return its address."""
        name = f"hub{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} {options}")
        return self.url(name)

    @contextlib.contextmanager
    def lent(self) -> Iterator[str]:
        """Lend an empty database; it is emptied for the next one, which takes a tenth of the time of making one."""
        url = self._free.pop() if self._free else self.create()
        yield url
        with psycopg.connect(url, autocommit=True) as connection:
            others = "datname = current_database() AND application_name = 'passlane'"
            connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # noqa: S608
            names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            emptied = [f"DELETE FROM {name}" for (name,) in names if name != "schema_version"]  # noqa: S608
            connection.execute("; ".join(emptied).encode())
        self._free.append(url)

    def run(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement as the one who may do everything."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def programs() -> Path:
    """Return the folder of the newest server's programs; the test skips where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not found:
        pytest.skip("PostgreSQL's server is not installed (tools/install_postgresql.sh installs Debian's)")
    return found[-1].parent


def _as_server_user(folder: Path) -> list[str]:
    """Return how to begin a command line: the server ends with the tests, and never runs as root."""
    begin = ["setpriv", "--pdeathsig", "SIGQUIT"]
    if os.geteuid() != 0:
        return begin
    try:
        user = pwd.getpwnam(_SERVER_USER)
    except KeyError:
        pytest.skip(f"PostgreSQL's server refuses to run as root, and there is no user {_SERVER_USER}")
    shutil.chown(folder, user.pw_uid, user.pw_gid)
    return [*begin, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


@contextlib.contextmanager
def running_server() -> Iterator[PostgresqlServer]:
    """Start a server in a folder of its own; stop it in the end and leave nothing."""
    folder = Path(tempfile.mkdtemp(prefix="passlane-postgresql-"))
    bin_folder, begin = programs(), _as_server_user(folder)
    data, log = folder / "data", folder / "log"
    # Its own order of letters is Chinese, so that whatever hangs on the order of letters would show.
    made = ["-D", str(data), "-A", "trust", "-U", "passlane", "-E", "UTF8", "--no-sync", "--locale=C"]
    made += ["--locale-provider=icu", "--icu-locale=zh"]
    subprocess.run([*begin, str(bin_folder / "initdb"), *made], check=True, capture_output=True, cwd=folder)
    options = [word for option in _OPTIONS for word in ("-c", option)]
    command = [*begin, str(bin_folder / "postgres"), "-D", str(data), "-k", str(folder), *options]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, cwd=folder) as process:
        server = PostgresqlServer(folder, process)
        try:
            _wait_ready(server, log)
            yield server
        finally:
            # At once and without tidying up: nobody needs the folder any more.
            process.send_signal(signal.SIGQUIT)
    shutil.rmtree(folder)


def _wait_ready(server: PostgresqlServer, log: Path) -> None:
    end = clock.seconds() + READY_SECONDS_MAX
    while server.process.poll() is None and clock.seconds() < end:
        with contextlib.suppress(psycopg.OperationalError):
            server.run("SELECT 1")
            return
        clock.pause(0.02)
    pytest.fail(f"PostgreSQL's server does not start: {log.read_text(encoding='utf-8', errors='replace')[-500:]}")
