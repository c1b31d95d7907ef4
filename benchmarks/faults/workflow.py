"""Snakemake itself: ended, started twice, on a read-only disk, with a clock that was set back.

Stages are the tests' fast fakes: what is asked is what Snakemake does next.
"""

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

from faults.case import Fault, Strike
from faults.places import read_only
from faults.processes import PATIENCE, Running

_RUN = "results/laptop/ours/man-jeans/0"
_SHEET = f"{_RUN}/sheet.png"
_FLAGS = ("--profile", "profiles/laptop", "--cores", "2")
RUN = ("snakemake", _SHEET, *_FLAGS)
# Long enough to be struck in, whatever else the computer does.
_SLOW = (("FAKE_SECONDS", "2"),)
# So long that a second start comes while a job runs.
_SLOWER = (("FAKE_SECONDS", "15"),)
_AVATAR = f"{_RUN}/avatar.safetensors"
_LATER = 86400.0


def _rule_runs(name: str) -> Callable[[Path], bool]:
    """Whether a job of the rule runs: its log, which a job's command names, is expected by it."""
    marks = {
        "models": lambda folder: (folder / "results/laptop/models").is_dir(),
        "train": lambda folder: (folder / _RUN / "logs").is_dir(),
        "render": lambda folder: (folder / _AVATAR).exists(),
    }
    return marks[name]


def _while(rule: str, number: int, everybody: bool, again: bool = False) -> Strike:
    """Send a signal while a rule's job runs; once more where ``again``."""

    def strike(running: Running) -> None:
        there = _rule_runs(rule)
        running.wait_for(lambda: there(running.folder))
        time.sleep(0.3 + running.moment)
        running.send(number, everybody)
        if again:
            time.sleep(0.3)
            running.send(number, everybody)

    return strike


def _second_start(running: Running) -> None:
    running.wait_for(lambda: _rule_runs("train")(running.folder))
    second = Running(running.folder)
    second.snakemake(RUN[1:], {})
    code = second.end(PATIENCE)
    (running.folder / "second.txt").write_text(f"{code} {second.said()}")


def _was_refused(folder: Path) -> str:
    said = (folder / "second.txt").read_text().splitlines()
    right = said[0].startswith("1 ") and "another run is working in this folder" in said[-1]
    return "" if right else f"the second start said {said}"


def _done(folder: Path) -> None:
    """A finished run."""
    run = Running(folder)
    run.snakemake(RUN[1:], {})
    if run.end(PATIENCE) != 0:
        raise SystemExit(f"the workflow itself failed: {run.said()}")


def _older_clock(folder: Path) -> None:
    """A finished run of a clock that was a day ahead; the prompt is another one now."""
    _done(folder)
    later = time.time() + _LATER
    for path in (folder / "results").rglob("*"):
        os.utime(path, (later, later))
    prompts = folder / "config/prompts/laptop.tsv"
    lines = prompts.read_text().splitlines()
    changed = [f"{line}, smiling" if line.startswith("man-jeans\t") else line for line in lines]
    prompts.write_text("\n".join(changed) + "\n")


def _as_it_was(folder: Path) -> str:
    there = (folder / _AVATAR).exists() and (folder / _SHEET).exists()
    return "" if there else "results were lost"


def _avatar_gone(folder: Path) -> None:
    _done(folder)
    (folder / _AVATAR).unlink()


def _garbage(folder: Path) -> None:
    """A finished run whose pictures are gone, and Snakemake's notes with them."""
    _done(folder)
    shutil.rmtree(folder / ".snakemake")
    (folder / _SHEET).unlink()


CASES = [
    *(
        Fault(f"kill -9 of snakemake and its jobs, {rule} runs", RUN, codes=(-9,),
              strike=_while(rule, signal.SIGKILL, True), environment=_SLOW)
        for rule in ("models", "train", "render")
    ),
    Fault("kill -9 of snakemake alone, train runs", RUN, codes=(-9,),
          strike=_while("train", signal.SIGKILL, False), environment=_SLOW),
    Fault("SIGTERM of snakemake, train runs", RUN, codes=(0, 1),
          strike=_while("train", signal.SIGTERM, False), environment=_SLOW),
    Fault("Ctrl-C twice, train runs", RUN, codes=(1, 130, -2),
          strike=_while("train", signal.SIGINT, True, again=True), environment=_SLOW),
    Fault("two snakemakes in one folder", RUN, strike=_second_start, codes=(0,),
          check=_was_refused, environment=_SLOWER),
    Fault("read-only results", RUN, codes=(1, 2), around=read_only("results"),
          says="that you may write"),
    Fault("an avatar was deleted", RUN, codes=(0,), before=_avatar_gone),
    Fault("Snakemake's own notes were deleted", RUN, codes=(0,), before=_garbage),
    Fault("the clock was set back by a day", RUN, says="24 hours in the future: was the clock set",
          before=_older_clock, check=_as_it_was, again=(), makes=False),
]  # fmt: skip
