"""A folder of models that several users and jobs share: who writes, and who may read."""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gaussianmotion.errors import UserError


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: of several jobs or users, one downloads, the others wait for it.

    Raises:
        UserError: the folder cannot be written.
    """
    path = folder / ".gaussianmotion.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Another user's file may be opened for reading only, which is enough for flock.
        handle = os.open(path, os.O_RDONLY if path.exists() else os.O_RDONLY | os.O_CREAT, 0o664)
    except OSError as error:
        raise UserError(
            f"models.folder: {folder} cannot be written ({error.strerror}): ask its owner to run "
            "`gaussianmotion models`, or set models.folder to a folder of yours"
        ) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"models: another job is fetching into {folder}, waiting", file=sys.stderr)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def shared_with_group(folder: Path, enabled: bool = True) -> Iterator[None]:
    """What is written below ``folder`` in this block may be read and gone on with by its group."""
    if not enabled:
        yield
        return
    before = os.umask(0o002)
    try:
        yield
    finally:
        os.umask(before)
        for parent, _, files in os.walk(folder):
            _allow_group(Path(parent), 0o2070)
            for name in files:
                _allow_group(Path(parent, name), 0o060)


def _allow_group(path: Path, bits: int) -> None:
    with suppress(OSError):  # A file of somebody else, or one that has just gone.
        status = path.lstat()
        own = status.st_uid == os.getuid() and not path.is_symlink()
        if own and status.st_mode & bits != bits:
            path.chmod(status.st_mode & 0o7777 | bits)
