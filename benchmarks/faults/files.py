"""Results that are cut short, emptied or overwritten with garbage between two runs."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from faults.case import (
    AVATAR,
    COLLECT,
    LOG,
    RENDER,
    RUN,
    TABLE,
    TRAIN,
    Change,
    Fault,
    together,
)
from faults.processes import PATIENCE, Running
from faults.stores import is_logged

Damage = Callable[[bytes], bytes]
_DAMAGES: dict[str, Damage] = {
    "empty": lambda data: b"",
    "cut short": lambda data: data[: len(data) // 2],
    "garbage": lambda data: bytes(range(256)) * (1 + len(data) // 256),
}
SHEET = ("sheet", RUN, "--out", "new/sheet.png")
# A file, who reads it, and what is said of it.
_READ = (
    (AVATAR, RENDER, "avatar.safetensors"),
    (f"{RUN}/views.json", SHEET, "views.json"),
    (f"{RUN}/front.png", SHEET, "front.png"),
    (f"{RUN}/motions/walk.mp4", SHEET, "walk.mp4"),
    (f"{RUN}/scores/geometry.json", COLLECT, "geometry.json"),
    ("scores.csv", TABLE, "scores.csv"),
)


def damaged(name: str, damage: Damage) -> Change:
    """Damage one file; its name is a new file's, so that no other name of it is damaged."""

    def change(folder: Path) -> None:
        data = (folder / name).read_bytes()
        (folder / name).unlink()
        (folder / name).write_bytes(damage(data))

    return change


def interrupted(folder: Path) -> None:
    """A training that was killed in step 6, with its checkpoint of step 4."""
    shutil.copytree(folder / "half", folder / "new")


def _logged(folder: Path) -> None:
    """A store that has the run, and the run's note of it."""
    shutil.copytree(folder / "logged/full", folder / "results/mlflow")
    shutil.copy(folder / "logged/mlflow.json", folder / RUN)


def from_tomorrow(name: str) -> Change:
    """Files that say to be a day younger than now: the clock was set back after they were made."""

    def change(folder: Path) -> None:
        tomorrow = time.time() + 86400
        for path in (folder / name).rglob("*"):
            os.utime(path, (tomorrow, tomorrow))

    return change


def _second_start(running: Running) -> None:
    """Start the same training in the same folder while it runs."""
    running.wait_for(lambda: (running.folder / "new/curves.csv").exists())
    second = Running(running.folder)
    second.fork(TRAIN, {})
    code = second.end(PATIENCE)
    (running.folder / "second.txt").write_text(f"{code} {second.said()}")


def _was_refused(folder: Path) -> str:
    said = (folder / "second.txt").read_text()
    right = said.startswith("2 gaussianmotion: another training runs in new: wait for it")
    return "" if right and said.count("\n") == 1 else f"the second start said {said!r}"


CASES = [
    *(
        Fault(f"{Path(name).name} is {way}, {run[0]}", run, codes=(2,), says=says, again=(),
              before=damaged(name, damage), makes=False)
        for name, run, says in _READ
        for way, damage in _DAMAGES.items()
    ),
    *(
        Fault(f"run.json is {way}, log", LOG, codes=(0,), says="run.json is damaged", again=(),
              before=damaged(f"{RUN}/run.json", damage), makes=False)
        for way, damage in _DAMAGES.items()
    ),
    *(
        Fault(f"the checkpoint is {way}", TRAIN, codes=(0,), says="is damaged or foreign",
              before=together(interrupted, damaged("new/checkpoint.pt", damage)))
        for way, damage in _DAMAGES.items()
    ),
    *(
        Fault(f"an unfinished training's curves are {way}", TRAIN, codes=(0,), makes=False,
              before=together(interrupted, damaged("new/curves.csv", damage)))
        for way, damage in _DAMAGES.items()
    ),
    *(
        Fault(f"the note of what was logged is {way}", LOG, codes=(0,), makes=False,
              before=together(_logged, damaged(f"{RUN}/mlflow.json", damage)),
              check=is_logged)
        for way, damage in _DAMAGES.items()
    ),
    Fault("a checkpoint from tomorrow", TRAIN, codes=(0,),
          before=together(interrupted, from_tomorrow("new"))),
    Fault("an avatar from tomorrow, rendering", RENDER, codes=(0,), before=from_tomorrow(RUN)),
    Fault("two starts in one folder", TRAIN, strike=_second_start, codes=(0,),
          check=_was_refused),
]  # fmt: skip
