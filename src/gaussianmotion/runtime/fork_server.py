"""The fork server: a process with the libraries loaded that gives copies of itself to jobs.

    python -m gaussianmotion.fork_server ADDRESS THREADS

It listens at ``ADDRESS``, a socket in a folder of this user alone, until its standard input is
closed, as it is when the process that started it ends, however it ends. For each request it forks a
keeper, which forks the copy that runs the command, hands it signals, tells the client how it ended,
and kills it when the client is gone. ``fork_client`` is the other side.

A copy is only given to a client that would have become the same process: the same interpreter,
environment and number of threads. Nothing here computes or touches a GPU: neither threads nor a
CUDA context survive a fork.
"""

import contextlib
import gc
import importlib
import itertools
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from gaussianmotion.runtime.fork_client import ACCEPTED, ADDRESS, LENGTH, OF_THE_JOB, STATUS
from gaussianmotion.runtime.threads import limit_threads

# What jobs that compute for seconds load. Nothing that starts a thread may be here: pandas does
# (Arrow's allocator), and with it MLflow.
PRELOADED = (
    "gaussianmotion.cli",
    "gaussianmotion.splat.cpu.backend",
    "gaussianmotion.rendering.views",
    "gaussianmotion.rendering.animate",
    "gaussianmotion.rendering.sheet",
    "gaussianmotion.scores.geometry.measurements",
    "gaussianmotion.scores.pose.posed_frames",
    "gaussianmotion.scores.pictures.alignment_model",
    "gaussianmotion.scores.distances.pooled",
    "open_clip",
)
# Their standard inputs stay open as long as this process lives.
_started: list[subprocess.Popen[bytes]] = []


def start_fork_server(threads: int) -> None:
    """Start a fork server that ends with this process, and let this process's children use it.

    Args:
        threads: CPU threads of each job.
    """
    folder = Path(tempfile.mkdtemp(prefix="gaussianmotion-"))
    address = folder / "fork_server"
    server = subprocess.Popen(
        [sys.executable, "-m", __name__, str(address), str(threads)],
        # Never written to: it closes when this process is gone.
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        # Of its own session, so that Ctrl-C reaches a job once, through its client.
        start_new_session=True,
    )
    _started.append(server)
    os.environ[ADDRESS] = str(address)


def serve(address: Path, threads: int) -> None:
    """Give copies of this process to jobs until standard input is closed.

    Returns in the copies only, where ``sys.argv`` holds the job's command.

    Args:
        address: Where to listen; its folder is removed at the end.
        threads: CPU threads of each job.
    """
    environment = dict(os.environ)
    limit_threads(threads)
    for module in PRELOADED:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()  # So that collections in the copies do not touch, and so copy, what is shared.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # No keeper is waited for.
    listener = socket.socket(socket.AF_UNIX)
    # Clients that find no socket start cold, so it is there only when all is loaded.
    listener.bind(str(address))
    listener.listen(64)
    while True:
        ready, _, _ = select.select([listener.fileno(), 0], [], [])
        if 0 in ready and not os.read(0, 1):
            shutil.rmtree(address.parent, ignore_errors=True)
            os._exit(0)
        if listener.fileno() in ready:
            client, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _keep(client, environment, threads)
                return
            client.close()


def _keep(client: socket.socket, environment: Mapping[str, str], threads: int) -> None:
    """In the keeper: fork the copy and look after it. Returns in the copy only."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        request, streams = _receive(client)
    except (OSError, ValueError, struct.error):
        os._exit(1)
    if not _alike(request, environment, threads):
        os._exit(0)
    client.sendall(ACCEPTED)
    copy = os.fork()
    if copy:
        for stream in streams:
            os.close(stream)
        _watch(client, copy)
    client.close()
    _become(request, streams)


def _receive(client: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """The request, and the client's three standard streams."""
    header, streams, _, _ = socket.recv_fds(client, LENGTH.size, 3)
    (length,) = LENGTH.unpack(header)
    with client.makefile("rb") as file:
        request = json.loads(file.read(length))
    if len(streams) != 3:
        raise ValueError("three streams were expected")
    return request, streams


def _alike(request: Mapping[str, Any], environment: Mapping[str, str], threads: int) -> bool:
    """Whether the client would have loaded what is loaded here, with as many threads."""
    arguments = request["arguments"]
    # Snakemake sets the variables, too; the option overrules them.
    given = request["environment"].get("OMP_NUM_THREADS", str(threads))
    asked = dict(itertools.pairwise(arguments)).get("--threads", given)

    def lasting(variables: Mapping[str, str]) -> dict[str, str]:
        return {
            name: text
            for name, text in variables.items()
            if name not in OF_THE_JOB and not name.endswith("_THREADS")
        }

    return bool(
        asked == str(threads)
        and request["executable"] == sys.executable
        and lasting(request["environment"]) == lasting(environment)
    )


def _become(request: Mapping[str, Any], streams: list[int]) -> None:
    """In the copy: take over the client's streams, folder, environment and arguments."""
    for number, given in enumerate(streams):
        os.dup2(given, number)
        os.close(given)
    for number, name in ((1, "stdout"), (2, "stderr")):
        old = getattr(sys, name)
        stream = open(  # noqa: SIM115
            number,
            "w",
            buffering=1 if number == 2 or os.isatty(number) else -1,
            encoding=old.encoding,
            errors=old.errors,
            closefd=False,
        )
        setattr(sys, name, stream)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    del os.environ[ADDRESS]
    tempfile.tempdir = None  # That of the job.
    sys.argv[1:] = request["arguments"]


def _watch(client: socket.socket, copy: int) -> NoReturn:
    """Until the copy ends: hand it the client's signals, and kill it when the client is gone."""
    ended = os.pidfd_open(copy)
    while True:
        ready, _, _ = select.select([ended, client.fileno()], [], [])
        if ended in ready:
            break
        try:
            signals = client.recv(16) or bytes([signal.SIGKILL])
        except OSError:
            signals = bytes([signal.SIGKILL])
        for number in signals:
            os.kill(copy, number)
        if signal.SIGKILL in signals:
            break
    _, status = os.waitpid(copy, 0)
    with contextlib.suppress(OSError):  # The client may be gone.
        client.sendall(STATUS.pack(status))
    os._exit(0)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
    from gaussianmotion.cli import main

    sys.exit(main())
