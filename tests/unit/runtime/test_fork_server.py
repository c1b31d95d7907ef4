"""Jobs in copies of a process that is loaded already: seen from outside, nothing differs."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gaussianmotion import __version__
from gaussianmotion.runtime.fork_client import ACCEPTED, ADDRESS, CLIENT_MIB, LENGTH, STATUS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="fork servers are for Linux")

# The real server, but nothing is loaded, and a copy executes the Python code that it is given.
SERVER = """
import sys
from pathlib import Path
from gaussianmotion.runtime import fork_server
fork_server.PRELOADED = ()
fork_server.serve(Path(sys.argv[1]), 1)
exec(sys.argv[1])
"""
CLIENT = """
import sys
from gaussianmotion.runtime import fork_client
code = fork_client.run(sys.argv[1:])
sys.exit(99 if code is None else code)
"""
COLD = 99


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, "waited for half a minute"
        time.sleep(0.02)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[Path]:
    """Address of a running server."""
    folder = tmp_path / "server"
    folder.mkdir()
    path = folder / "s"
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(path)],
        env=environment(path),
        stdin=subprocess.PIPE,
        start_new_session=True,
    ) as server:
        until(path.exists)
        yield path
        assert server.stdin is not None
        server.stdin.close()
        assert server.wait(30) == 0
    assert not folder.exists()


def client(*arguments: str) -> list[str]:
    """The client's command; run it with ``environment``."""
    return [sys.executable, "-c", CLIENT, *arguments]


def environment(address: Path, **variables: str) -> dict[str, str]:
    """What servers and clients have in common.

    Not what pytest says in a variable of what it does just now, nor threads that other tests set.
    """
    common = {name: text for name, text in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    return {**common, "OMP_NUM_THREADS": "1", ADDRESS: str(address), **variables}


def run(
    address: Path, *arguments: str, cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        client(*arguments),
        env=environment(address, **variables),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_copy_has_the_clients_streams_folder_and_arguments(address: Path, tmp_path: Path) -> None:
    code = "import os; print(os.getcwd(), sys.argv[2:]); print('wrong', file=sys.stderr)"
    done = run(address, code, "a b", "ü", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"{tmp_path} ['a b', 'ü']\n")
    assert done.stderr == "wrong\n"


def test_a_copy_has_the_jobs_own_temporary_folder_and_no_server(
    address: Path, tmp_path: Path
) -> None:
    code = f"import os, tempfile; print(tempfile.gettempdir(), os.environ.get('{ADDRESS}'))"
    done = run(address, code, TMPDIR=str(tmp_path))
    assert done.stdout == f"{tmp_path} None\n"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("sys.exit(2)", 2),
        ("1 / 0", 1),
        ("import os; os.kill(os.getpid(), 9)", 128 + signal.SIGKILL),
    ],
    ids=["mistake", "bug", "killed"],
)
def test_the_client_ends_as_the_copy(address: Path, code: str, expected: int) -> None:
    assert run(address, code).returncode == expected


def test_jobs_run_side_by_side(address: Path, tmp_path: Path) -> None:
    # Each waits for the other's file.
    code = (
        "import pathlib, time\n"
        "pathlib.Path(sys.argv[2]).touch()\n"
        "while not pathlib.Path(sys.argv[3]).exists(): time.sleep(0.01)"
    )
    names = [str(tmp_path / name) for name in "ab"]
    jobs = [
        subprocess.Popen(client(code, *pair), env=environment(address))
        for pair in (names, names[::-1])
    ]
    for job in jobs:
        with job:
            assert job.wait(30) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_reach_the_copy(address: Path, tmp_path: Path, number: int) -> None:
    ready = tmp_path / "ready"
    code = (
        "import pathlib, signal, time\n"
        "def stop(signum, frame): sys.exit(40 + signum)\n"
        "for each in (signal.SIGINT, signal.SIGTERM): signal.signal(each, stop)\n"
        "pathlib.Path(sys.argv[2]).touch()\n"
        "time.sleep(60)"
    )
    with subprocess.Popen(client(code, str(ready)), env=environment(address)) as job:
        until(ready.exists)
        job.send_signal(number)
        assert job.wait(30) == 40 + number


def test_a_signal_that_arrives_while_a_copy_is_asked_for_reaches_it(tmp_path: Path) -> None:
    address = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen()
        listener.settimeout(30)
        with (
            subprocess.Popen(client("pass"), env=environment(address)) as job,
            listener.accept()[0] as server,
        ):
            server.settimeout(30)
            header, streams, _, _ = socket.recv_fds(server, LENGTH.size, 3)
            for stream in streams:
                os.close(stream)
            server.recv(LENGTH.unpack(header)[0], socket.MSG_WAITALL)
            job.send_signal(signal.SIGINT)
            server.sendall(ACCEPTED)
            assert server.recv(1) == bytes([signal.SIGINT])
            server.sendall(STATUS.pack(7 << 8))  # as of wait(): ended with code 7
            assert job.wait(30) == 7


def test_a_copy_does_not_outlive_its_client(address: Path, tmp_path: Path) -> None:
    said = tmp_path / "pid"
    code = (
        "import os, pathlib, time\n"
        "pathlib.Path(sys.argv[2] + '~').write_text(str(os.getpid()))\n"
        "os.rename(sys.argv[2] + '~', sys.argv[2])\n"
        "time.sleep(60)"
    )
    with subprocess.Popen(client(code, str(said)), env=environment(address)) as job:
        until(said.exists)
        process = Path("/proc", said.read_text())
        assert process.exists()
        job.kill()
    until(lambda: not process.exists())


def test_a_command_runs_here_where_a_copy_would_not_be_alike(address: Path, tmp_path: Path) -> None:
    assert run(address, "sys.exit(3)").returncode == 3
    assert run(address, "sys.exit(3)", "--threads", "1").returncode == 3
    assert run(address, "sys.exit(3)", OMP_NUM_THREADS="1").returncode == 3
    assert run(address, "sys.exit(3)", OMP_NUM_THREADS="2").returncode == COLD
    assert run(address, "sys.exit(3)", "--threads", "2").returncode == COLD
    assert run(address, "sys.exit(3)", "--threads", "1", OMP_NUM_THREADS="2").returncode == 3
    assert run(address, "sys.exit(3)", CUDA_VISIBLE_DEVICES="7").returncode == COLD
    assert run(address, "train", "sys.exit(3)").returncode == COLD  # has its own process
    assert run(tmp_path / "nowhere", "sys.exit(3)").returncode == COLD


def test_nonsense_does_not_end_the_server(address: Path) -> None:
    import socket

    for nonsense in (b"", b"\x00", b"\x00\x00\x00\x04oops", b"\xff" * 64):
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(str(address))
            stranger.sendall(nonsense)
    assert run(address, "sys.exit(3)").returncode == 3


def test_the_real_one_has_no_threads_and_ends_with_who_started_it() -> None:
    """Threads would not live on in a copy."""
    code = (
        "import os, time\n"
        "from gaussianmotion.runtime import fork_client, fork_server\n"
        "fork_server.start_fork_server(1)\n"
        "(server,) = fork_server._started\n"
        "address = os.environ[fork_client.ADDRESS]\n"
        "while not os.path.exists(address): time.sleep(0.1); assert server.poll() is None\n"
        "print(address, server.pid, len(os.listdir(f'/proc/{server.pid}/task')), flush=True)\n"
        "print(fork_client.run(['--version']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    first, *rest = done.stdout.splitlines()
    address, process, threads = first.split()
    assert threads == "1"
    assert rest == [f"gaussianmotion {__version__}", "0"]
    until(lambda: not Path("/proc", process).exists() and not Path(address).parent.exists())


def test_a_client_is_small() -> None:
    """That is how the report tells its memory from that of a job."""
    code = (
        "import resource, gaussianmotion.runtime.fork_client\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    # Started by a small process: a large one's memory would be counted until it is replaced.
    small = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -c "{code}"'], capture_output=True, text=True
    )
    assert float(small.stdout) / 1024 < CLIENT_MIB
