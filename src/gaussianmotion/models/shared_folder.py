"""A folder of models that several users and jobs share: who writes, and who may read."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.file_lock import hold

LOCK = ".gaussianmotion.lock"
# What downloads write; a user may keep other things in the folder, whose permissions are theirs.
WRITTEN = ("hub", "files", LOCK)


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: of several jobs or users, one downloads, the others wait for it.

    Raises:
        UserError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = _opened(folder / LOCK)
    except OSError as error:
        raise UserError(
            f"models.folder: {folder} cannot be written ({error.strerror}): ask its owner to run "
            "`gaussianmotion models`, or set models.folder to a folder of yours"
        ) from None
    try:
        hold(
            handle,
            f"models: another job is fetching into {folder}, waiting",
            f"models: {folder} cannot be locked: start no second download into it before this one "
            "ends",
        )
        yield
    finally:
        os.close(handle)


def _opened(path: Path) -> int:
    """The lock's file: writable, which NFS asks of an exclusive lock, where that is allowed."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o664)
    except PermissionError:
        # Another user's, which is enough on a local disk.
        return os.open(path, os.O_RDONLY)


@contextmanager
def shared_with_group(folder: Path, enabled: bool = True) -> Iterator[None]:
    """What downloads write into ``folder`` in this block, its group may read and go on with.

    A folder that was there before keeps its own permissions: its owner chose them.
    """
    if not enabled:
        yield
        return
    new = not folder.exists()
    before = os.umask(0o002)
    try:
        yield
    finally:
        os.umask(before)
        if new:
            _allow_group(folder)
        for name in WRITTEN:
            _allow_group(folder / name)
            for parent, folders, files in os.walk(folder / name):
                for inside in (*folders, *files):
                    _allow_group(Path(parent, inside))


def _allow_group(path: Path) -> None:
    with suppress(OSError):  # A file of somebody else, or one that has just gone.
        status = path.lstat()
        bits = 0o2070 if path.is_dir() else 0o060
        own = status.st_uid == os.getuid() and not path.is_symlink()
        if own and status.st_mode & bits != bits:
            path.chmod(status.st_mode & 0o7777 | bits)
