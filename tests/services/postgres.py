"""A PostgreSQL server for a while: a cluster in a folder of its own, at a free port.

From a shell: ``python tests/services/postgres.py start FOLDER`` prints its address, and
``python tests/services/postgres.py stop FOLDER`` ends it and leaves the folder to be deleted.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

INSTALL = "apt-get install postgresql"
# The server refuses to run as root; Debian's package makes this user.
_USER = "postgres"


def programs() -> Path | None:
    """The folder with initdb and pg_ctl; None where PostgreSQL's server is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


def free_port() -> int:
    """A port of this computer at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


class Postgres:
    """A cluster in a folder; trusts everybody who reaches its port of 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._data = folder / "data"
        self._port = folder / "port"

    def start(self) -> None:
        """Start it; the first time, make it."""
        if not self._data.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            if os.geteuid() == 0:
                owner = pwd.getpwnam(_USER)
                os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self._run("initdb", "-D", str(self._data), "-A", "trust", "-U", _USER, "-E", "UTF8")
            self._port.write_text(str(free_port()))
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder} -F"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self._data), "-o", options, "-l", log, "-w", "start")

    def stop(self) -> None:
        """End it."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "fast", "-w", "stop")

    def kill(self) -> None:
        """End it as a failing machine would; all its processes are gone when this returns."""
        main = int((self._data / "postmaster.pid").read_text().split()[0])
        group = _below(main)
        os.kill(main, signal.SIGKILL)
        ended = time.monotonic() + 60
        while any(map(_runs, group)):
            # They look every few seconds at most whether their parent is there.
            if time.monotonic() > ended:
                raise TimeoutError(f"processes of PostgreSQL stay: {group}")
            time.sleep(0.05)
        # In a container whose first process collects no orphans, the server's number stays taken
        # by what is left of it, and the next server would believe that it still runs.
        for lock in (self._data / "postmaster.pid", *self.folder.glob(".s.PGSQL.*.lock")):
            lock.unlink(missing_ok=True)

    def create(self, database: str) -> str:
        """A new, empty database; returns its address."""
        connect = ["-h", "127.0.0.1", "-p", str(self.port), "-U", _USER]
        self._run("createdb", *connect, database)
        return self.address(database)

    def address(self, database: str) -> str:
        """Of a database of it."""
        return f"postgresql://{_USER}:secret@127.0.0.1:{self.port}/{database}"

    @property
    def port(self) -> int:
        """Where it listens, now and when it is started again."""
        return int(self._port.read_text())

    def _run(self, name: str, *arguments: str) -> None:
        folder = programs()
        if folder is None:
            raise FileNotFoundError(f"PostgreSQL's server is not installed: {INSTALL}")
        command = [str(folder / name), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", _USER, "--", *command]
        # Not captured: the server would keep the pipe open.
        with (self.folder / "commands.log").open("a") as log:
            subprocess.run(
                command, cwd=self.folder, stdout=log, stderr=log, timeout=120, check=True
            )


def _runs(process: int) -> bool:
    """Whether a process is there; one that has ended and that nobody waited for is not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _below(main: int) -> list[int]:
    """The processes that the server started."""
    children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    return [int(child) for child in children]


if __name__ == "__main__":
    what, where = sys.argv[1:]
    server = Postgres(Path(where).absolute())
    if what == "start":
        server.start()
        print(server.address("postgres"))
    else:
        server.stop()
