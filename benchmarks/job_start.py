"""What a job costs that starts in a copy of the fork server, against one that starts by itself.

    python benchmarks/job_start.py results/laptop/ours/man-jeans/0

Each command of a run's short jobs, in turn by itself and in a copy, so that what else the computer
does hits both. Seconds of the wall clock, medians; the server's own loading is said apart.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gaussianmotion.runtime.fork_client import ADDRESS
from gaussianmotion.runtime.fork_server import start_fork_server

CONFIG = ["--config", "config.yaml", "config/laptop.yaml", "--set", "tracking.enabled=false"]


def commands(run: Path, out: Path) -> dict[str, list[str]]:
    """The short jobs of an avatar, writing to ``out``."""
    avatar = ["--avatar", str(run / "avatar.safetensors")]
    scores = {
        f"score {name}": ["score", name, *CONFIG, "--run", str(run), "--out", f"{out}/{name}.json"]
        for name in ("geometry", "pose", "alignment")
    }
    return {
        "views": ["views", *CONFIG, *avatar, "--out", str(out)],
        "animate": ["animate", *CONFIG, *avatar, "--motion", "kick", "--out", f"{out}/kick.mp4"],
        **scores,
        "sheet": ["sheet", str(run), "--out", f"{out}/sheet.png"],
    }


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """How long a command takes.

    Raises:
        SystemExit: it failed.
    """
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "gaussianmotion", "--threads", "1", *command],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        sys.exit(done.stderr)
    return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, metavar="FOLDER", help="of a rendered avatar")
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    alone = dict(os.environ)
    began = time.monotonic()
    start_fork_server(1)
    while not Path(os.environ[ADDRESS]).exists():
        time.sleep(0.05)
    result: dict[str, object] = {"loading_s": round(time.monotonic() - began, 1)}
    with tempfile.TemporaryDirectory() as folder:
        for name, command in commands(options.run, Path(folder)).items():
            pairs = [
                (seconds(command, alone), seconds(command, dict(os.environ)))
                for _ in range(options.times)
            ]
            by_itself, copy = (statistics.median(column) for column in zip(*pairs, strict=True))
            result[name] = {
                "by_itself_s": round(by_itself, 2),
                "copy_s": round(copy, 2),
                "ratio": round(by_itself / copy, 1),
            }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
