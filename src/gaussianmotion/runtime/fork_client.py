"""Start a command in a copy of a process that has its libraries loaded already.

Most jobs of an experiment without a GPU compute for seconds, and importing torch takes as long.
The workflow therefore keeps one fork server (``fork_server``), and ``python -m gaussianmotion``
asks it for a copy of itself instead of importing anything. What is seen from outside stays as it
was: the copy has this process's standard streams, folder, environment and signals, this process
waits for it and ends as it ended, and if this process is killed the copy is, too.

Where there is no server, or the server is not as this process would be, the command runs here.
This module imports nothing heavy.
"""

import contextlib
import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Iterator, Sequence
from types import FrameType

ADDRESS = "GAUSSIANMOTION_FORK_SERVER"
# These run for minutes: the start is nothing to them, and their own process's memory is measured.
OWN_PROCESS = frozenset({"train"})
# Resident memory of this process, MiB, at most. Snakemake measures this one and not the copy.
CLIENT_MIB = 32.0
# Differ between jobs and are the copy's business alone.
OF_THE_JOB = frozenset({"_", "OLDPWD", "PWD", "SHLVL", "TEMP", "TEMPDIR", "TMP", "TMPDIR", ADDRESS})
# Client to server: the request's length, with the streams, then the request in JSON; later signals,
# a byte each. Server to client: that it accepts; later how the copy ended, as of wait().
LENGTH = struct.Struct("!I")
ACCEPTED = b"\x01"
STATUS = struct.Struct("!i")
_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(arguments: Sequence[str]) -> int | None:
    """Run a command in a copy of the fork server's process.

    Args:
        arguments: Of the command line, without the program's name.

    Returns:
        The exit code, 128 + N where signal N ended it; None where the command was not started and
        is to be run here.
    """
    address = os.environ.get(ADDRESS)
    if not address or OWN_PROCESS.intersection(arguments):
        return None
    with socket.socket(socket.AF_UNIX) as server:
        # From the moment that the copy may run, a signal is for the copy.
        with _signals_held():
            if not _accepted(server, address, arguments):
                return None
            _forward_signals(server)
        return _wait(server)


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _FORWARDED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _accepted(server: socket.socket, address: str, arguments: Sequence[str]) -> bool:
    """Ask for a copy; whether there will be one."""
    request = json.dumps(
        {
            "arguments": list(arguments),
            "executable": sys.executable,
            "folder": os.getcwd(),
            "environment": dict(os.environ),
        }
    ).encode()
    try:
        server.connect(address)
        socket.send_fds(server, [LENGTH.pack(len(request))], [0, 1, 2])
        server.sendall(request)
        return server.recv(1) == ACCEPTED
    except OSError:
        return False


def _forward_signals(server: socket.socket) -> None:
    """Hand those that this process receives to the copy."""

    def forward(signum: int, frame: FrameType | None) -> None:
        with contextlib.suppress(OSError):  # The copy has just ended.
            server.sendall(bytes([signum]))

    for each in _FORWARDED:
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, forward)


def _wait(server: socket.socket) -> int:
    """Wait until the copy has ended; its exit code."""
    try:
        told = server.recv(STATUS.size)
    except OSError:
        told = b""
    if len(told) < STATUS.size:
        print("gaussianmotion: the job's process was lost; start it again", file=sys.stderr)
        return 1
    code: int = os.waitstatus_to_exitcode(STATUS.unpack(told)[0])
    return code if code >= 0 else 128 - code
