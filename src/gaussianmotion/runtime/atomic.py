"""Files appear whole or not at all.

A reader, a resumed run or a second job must never see half a file, and a failed write must leave
what was there before. Everything the pipeline writes goes through :func:`atomic_path`.
"""

import errno
import hashlib
import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gaussianmotion.runtime.errors import UserError

#: How torch and safetensors, which raise no OSError, say that a file could not be written whole.
_CUT_SHORT = ("iostream error", "unexpected pos", "file write failed", "No space left on device")

# This computer, in names of temporary files: a process's number means another one elsewhere.
_HERE = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]

# What the user keeps from others in new files; it can be read by setting it only.
_UMASK = os.umask(0o077)
os.umask(_UMASK)


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary sibling of ``path``; rename it to ``path`` when the block succeeds.

    The temporary name keeps the suffix, since writers choose formats by it.

    Raises:
        UserError: the disk is full, the folder cannot be written, or ``path`` is no place for a
            file.
    """
    path = Path(path)
    temporary = temporary_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        forget_killed(path)
        yield temporary
        if temporary.stat().st_mode & 0o777 == 0o600:  # safetensors writes for its owner alone
            temporary.chmod(0o666 & ~_UMASK)
        with open(temporary, "rb") as handle:
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _disk_full(path) from error
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise UserError(
                f"cannot write {path}: {os.strerror(error.errno).lower()}; choose a folder you own"
            ) from error
        dangling = dangling_link(path.parent)
        if dangling is not None:
            raise UserError(f"cannot write {path}: {dangling}") from error
        if path.is_dir() or not path.parent.is_dir():
            raise UserError(
                f"cannot write {path}: it is a folder, or lies below a file; give a file's path"
            ) from error
        raise
    except Exception as error:
        if any(words in str(error) for words in _CUT_SHORT):
            raise _disk_full(path) from error
        raise
    finally:
        with suppress(OSError):  # A read-only disk refuses even this, and was told of already.
            temporary.unlink(missing_ok=True)


def temporary_of(path: Path, process: int | str | None = None) -> Path:
    """What ``path`` is called while a process of this computer writes it: this one by default.

    It keeps the suffix, since writers choose formats by it.
    """
    number = os.getpid() if process is None else process
    return path.with_name(f".{path.stem}.{_HERE}-{number}.partial{path.suffix}")


def forget_killed(path: Path) -> None:
    """Remove what processes of this computer that were killed while they wrote ``path`` left.

    That is a file, or a folder, called :func:`temporary_of` ``path``.
    """
    before, after = temporary_of(path, "*").name.split("*")
    with suppress(OSError):
        for left in os.listdir(path.parent):
            number = left[len(before) : len(left) - len(after)]
            mine = left == f"{before}{number}{after}" and number.isdigit()
            if mine and _has_ended(int(number)):
                remains = path.parent / left
                if remains.is_dir():
                    shutil.rmtree(remains)
                else:
                    remains.unlink()


def _has_ended(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


def dangling_link(folder: Path) -> str | None:
    """What is wrong with a folder that is reached through a link to nowhere; else nothing."""
    for place in (folder, *folder.parents):
        if place.is_symlink() and not place.exists():
            return (
                f"{place} is a link to {os.readlink(place)}, which is not there; attach that disk, "
                "or write another folder"
            )
    return None


def _disk_full(path: Path) -> UserError:
    return UserError(f"no space left on disk while writing {path}: free some, then rerun")


def write_json(path: str | os.PathLike[str], data: Any) -> None:
    """Write ``data`` as indented UTF-8 JSON, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(
            json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write UTF-8 text, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
