"""Folders on a disk of a given size, or one that turns read-only: a tmpfs, which root may mount."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from faults.case import Around

_PAGE = 4096
_FILLER = ".filler"


def may_mount() -> bool:
    """Whether this process may mount file systems."""
    return os.geteuid() == 0


def room(kilobytes: int, *names: str) -> Around:
    """What is written to a folder finds so much space; what it holds is kept for the second run.

    Args:
        kilobytes: Free space at the beginning.
        names: Folders, each with a disk of its own; they are made where they are missing.
    """

    @contextmanager
    def around(folder: Path) -> Iterator[None]:
        places = [folder / name for name in names]
        for place in places:
            place.mkdir(parents=True, exist_ok=True)
            # A size of 0 would be no limit.
            _mount(place, f"size={_used(place) + max(kilobytes * 1024, _PAGE)}")
            if not kilobytes:
                (place / _FILLER).write_bytes(b"x" * _PAGE)
        try:
            yield
        finally:
            for place in places:
                (place / _FILLER).unlink(missing_ok=True)
                _call("mount", "-o", "remount,size=200m", str(place))

    return around


def read_only(*names: str) -> Around:
    """Folders in which nothing can be written while the command runs."""

    @contextmanager
    def around(folder: Path) -> Iterator[None]:
        places = [folder / name for name in names]
        for place in places:
            place.mkdir(parents=True, exist_ok=True)
            _mount(place, "size=200m")
            _call("mount", "-o", "remount,ro", str(place))
        try:
            yield
        finally:
            for place in places:
                _call("mount", "-o", "remount,rw", str(place))

    return around


def unmount_all(folder: Path) -> None:
    """Take away what was mounted below a folder."""
    for line in Path("/proc/mounts").read_text().splitlines()[::-1]:
        place = line.split()[1].replace("\\040", " ")
        if place.startswith(f"{folder}/"):
            _call("umount", "-l", place)


def _mount(place: Path, options: str) -> None:
    """A tmpfs over a folder, with what the folder holds."""
    kept = place.with_name(f"{place.name}.kept")
    place.rename(kept)
    place.mkdir()
    _call("mount", "-t", "tmpfs", "-o", options, "faults", str(place))
    _call("cp", "-a", f"{kept}/.", str(place))
    subprocess.run(["rm", "-r", str(kept)], check=True)


def _used(place: Path) -> int:
    """Bytes of a tmpfs that a folder's content takes; folders themselves take none."""
    sizes = [path.stat().st_size for path in place.rglob("*") if path.is_file()]
    return sum(-(-size // _PAGE) * _PAGE for size in sizes)


def _call(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
