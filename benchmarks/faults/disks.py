"""Disks that are full or read-only while each stage writes; file systems without locks."""

import errno
import fcntl
import os
from typing import Any

from faults.case import LOG, RUN, STAGES, SYNC, Fault
from faults.places import read_only, room
from faults.stores import is_logged

_FULL = r"no space left on disk while writing \S+: free some"
_READ_ONLY = r"cannot write"
# KiB that are free when a stage begins, up to what it needs.
_ROOMS = {
    "training": (0, 4, 12, 40, 80, 160),
    "rendering": (0, 8, 40),
    "scoring": (0,),
    "collecting": (0,),
    "a table": (0, 4),
}


def without_locks() -> None:
    """In the command's own process: the file system knows no locks, as some networks' do not."""

    def flock(handle: Any, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    fcntl.flock = flock


CASES = [
    *(
        Fault(f"disk full {kilobytes} KiB into {what}", STAGES[what], says=_FULL,
              around=room(kilobytes, "new"))
        for what, sizes in _ROOMS.items()
        for kilobytes in sizes
    ),
    *(
        Fault(f"read-only disk, {what}", run, says=_READ_ONLY, around=read_only("new"))
        for what, run in STAGES.items()
    ),
    Fault("disk full while MLflow's store is made", LOG, says="sync", codes=(0,), again=SYNC,
          around=room(16, "results/mlflow"), check=is_logged, makes=False),
    Fault("disk full while a run is logged", LOG, says="sync", codes=(0,), again=SYNC,
          before=lambda folder: (folder / "logged/mlflow").rename(folder / "results/mlflow"),
          around=room(8, "results/mlflow"), check=is_logged, makes=False),
    Fault("read-only disk, MLflow's store", LOG, says="sync", codes=(0,), again=SYNC,
          around=read_only("results/mlflow"), check=is_logged, makes=False),
    Fault("the run's folder is read-only while it is logged", LOG, says="sync", codes=(0,),
          again=SYNC, around=read_only(RUN), check=is_logged, makes=False),
    *(
        Fault(f"no locks on the file system, {what}", run, within=without_locks, codes=(0,))
        for what, run in STAGES.items() if what in ("training", "scoring")
    ),
    Fault("no locks on the file system, logging", LOG, within=without_locks, codes=(0,),
          check=is_logged, makes=False),
]  # fmt: skip
