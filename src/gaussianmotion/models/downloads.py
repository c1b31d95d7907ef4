"""Large files over HTTP: resumed where they stopped, and checked before anybody sees them.

The hub's own client drops what it has of a file when a download breaks off. Weights are gigabytes
and clusters' networks are slow, so they are received here, by range requests into ``NAME.partial``.
"""

import errno
import http.client
import os
import shutil
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from gaussianmotion.runtime.digest import file_sha256
from gaussianmotion.runtime.errors import UserError

CHUNK = 2**20
TIMEOUT = 60.0
# Tries in a row that bring nothing, before giving up; what a try brought starts the count anew.
ATTEMPTS = 3
RETRY_PAUSE = 2.0
DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.EPERM)
_RETRY = (408, 429, 500, 502, 503, 504)


def download(
    url: str,
    path: Path,
    what: str,
    sha256: str | None = None,
    size: int | None = None,
    token: str | None = None,
    pause: float | None = None,
) -> Path:
    """Fetch ``url`` to ``path``, going on with what an earlier call left in ``path.partial``.

    Args:
        url: http or https; redirects are followed, without the token.
        path: Appears whole and checked, or not at all.
        what: Configuration key and name, for messages.
        sha256: Digest that it must have. Without one an earlier call's part is not gone on with:
            nothing would notice that the file has changed since.
        size: Bytes, where known beforehand.
        token: Sent to the first host only.
        pause: Seconds before the second try, :data:`RETRY_PAUSE` where not given; doubled before
            each further one.

    Raises:
        UserError: unreachable, refused, broken off, no room, or another digest. The partial file
            stays for the next call; a whole one of a wrong digest is set aside as ``path.wrong``.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _download(url, path, what, sha256, size, token, pause)
    except OSError as error:
        raise cannot_write(what, path.parent, error) from None


def cannot_write(what: str, folder: Path, error: OSError) -> UserError:
    """What to say of a folder of models that is full or somebody else's."""
    return UserError(
        f"{what}: {folder} cannot be written ({error.strerror}): free some space, or set "
        "models.folder to a folder of yours; what was fetched is kept"
    )


def _download(
    url: str,
    path: Path,
    what: str,
    sha256: str | None,
    size: int | None,
    token: str | None,
    pause: float | None,
) -> Path:
    """As :func:`download`; an OSError is one of this computer's disk."""
    partial = path.with_name(path.name + ".partial")
    if sha256 is None:
        partial.unlink(missing_ok=True)
    pause = RETRY_PAUSE if pause is None else pause
    failures, reason = 0, ""
    while failures < ATTEMPTS:
        if failures:
            time.sleep(pause * 2 ** (failures - 1))
        before = _size(partial)
        try:
            size = _receive(url, partial, what, size, token)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code not in _RETRY:
                raise UserError(
                    f"{what}: {url} cannot be fetched (HTTP {error.code} {error.reason}): check "
                    "its name and revision, and that you may read it"
                ) from None
            reason = f"HTTP {error.code} {error.reason}"
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, OSError) and error.errno in DISK_FAULTS:
                raise
            reason = str(getattr(error, "reason", error)) or type(error).__name__
        if size is not None and _size(partial) >= size:
            break
        failures = 0 if _size(partial) > before else failures + 1
    else:
        have = _size(partial)
        kept = f"; {mib(have)} are kept and the next run goes on from there"
        raise UserError(
            f"{what}: {url} cannot be fetched ({reason or 'the connection was cut'}): check "
            f"the network, or name a copy of yours (docs/how-to/models.md)"
            f"{kept if have and sha256 else ''}"
        )
    digest = file_sha256(partial)
    if sha256 is not None and digest != sha256:
        wrong = path.with_name(path.name + ".wrong")
        os.replace(partial, wrong)
        raise UserError(
            f"{what}: {url} has the SHA-256 {digest}, not {sha256}: it was set aside as {wrong}; "
            "run again to fetch it anew, or correct the digest if you trust that file"
        )
    os.replace(partial, path)
    return path


def _receive(url: str, partial: Path, what: str, size: int | None, token: str | None) -> int | None:
    """One request; appends what comes. Returns the size of the whole file, where it is told."""
    have = _size(partial)
    if size is not None and have >= size:
        return size
    request = urllib.request.Request(url, headers={"Accept-Encoding": "identity"})
    request.add_header("User-Agent", "gaussianmotion")
    if have:
        request.add_header("Range", f"bytes={have}-")
    if token:
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        # Nothing is left to send: the whole file is here.
        total = (error.headers.get("Content-Range") or "").removeprefix("bytes */")
        if error.code == 416 and have and total == str(have):
            error.close()
            return have
        if error.code == 416:
            error.close()
            partial.unlink()  # It belongs to another version of the file: start anew.
            return _receive(url, partial, what, size, token)
        raise
    with response:
        ranges = response.headers.get("Content-Range") or ""
        resumed = response.status == 206 and ranges.startswith(f"bytes {have}-")
        length = response.headers.get("Content-Length")
        start = have if resumed else 0
        if size is None and length is not None:
            size = start + int(length)
        _refuse_full_disk(partial, what, (size or 0) - start)
        print(
            f"{what}: fetching {mib(size) if size else url}"
            + (f", {mib(have)} are here already" if resumed else ""),
            file=sys.stderr,
        )
        got = start
        with partial.open("ab" if resumed else "wb") as file:
            while chunk := response.read(CHUNK):
                file.write(chunk)
                tenth = size and 10 * got // size
                got += len(chunk)
                if size and 10 * got // size != tenth and size > 100 * CHUNK:
                    print(f"{what}: {100 * got // size} %", file=sys.stderr)
        return got if size is None else size


def mib(count: int) -> str:
    """Bytes as a person reads them."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.1f} MiB"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _refuse_full_disk(path: Path, what: str, needed: int) -> None:
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        raise UserError(
            f"{what}: {mib(needed)} are needed in {path.parent}, but {mib(free)} are free: free "
            "some, or set models.folder to a larger disk; what was fetched is kept"
        )
