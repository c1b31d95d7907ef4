"""Snakemake without the second and a half that its imports take: they are done once.

A process imports Snakemake, none of this project's modules, and copies itself for each run. The
copy goes to the run's folder, takes its environment and arguments, and does from there on what
``python -m snakemake`` does. What was imported before the copy reads no setting of a run; a run
whose start itself is in question (signals, a shell, a cluster) is started as a user starts it.
"""

import atexit
import json
import os
import runpy
import subprocess
import sys
import tempfile
import warnings
from functools import lru_cache
from pathlib import Path


def snakemake(
    folder: Path, arguments: list[str], environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run Snakemake in a folder, with this environment and no other; waits for its end."""
    with tempfile.TemporaryDirectory() as said:
        asked = {
            "folder": str(folder),
            "arguments": arguments,
            "environment": environment,
            "files": [f"{said}/out", f"{said}/err"],
        }
        server = _server()
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(asked) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        out, err = (Path(name).read_text(encoding="utf-8") for name in asked["files"])
    return subprocess.CompletedProcess(arguments, code, out, err)


@lru_cache
def _server() -> subprocess.Popen[str]:
    """The process that is copied; it ends with this one."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    server = subprocess.Popen(
        [sys.executable, __file__],
        env=kept | {"OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(server.communicate)  # the end of its input
    return server


def _serve() -> None:
    import snakemake.cli  # noqa: F401

    ours = [name for name in sys.modules if "gaussianmotion" in name]
    assert ours == [], "a run would not see its own copy of them"
    for line in sys.stdin:
        with warnings.catch_warnings():
            # Of pyarrow's allocator, whose thread sees to being copied itself.
            warnings.simplefilter("ignore", DeprecationWarning)
            copy = os.fork()
        if copy == 0:
            _become(json.loads(line))
        _, status = os.waitpid(copy, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(asked: dict) -> None:
    """Be a run of Snakemake; ends with its exit code, as an exception."""
    os.chdir(asked["folder"])
    for number, name in enumerate([os.devnull, *asked["files"]]):
        opened = os.open(name, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.path[0] = asked["folder"]  # as with -m
    sys.argv[1:] = asked["arguments"]
    runpy.run_module("snakemake", run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    _serve()
