"""Artifacts in a folder of this computer: a large file is a second name of the result, no copy.

Results are replaced by renaming, never written over, so an artifact stays what it was when it was
logged, whatever becomes of the result.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Below this a copy costs a block or two of the disk; curves, which grow in place, must be copies.
LARGE = 64 * 1024
_REPLACED_WHOLE = {".safetensors", ".png", ".mp4", ".html", ".glb", ".pdf", ".ipynb"}


def local_folder(artifact_uri: str) -> Path | None:
    """The folder of a run's artifacts; None where a server keeps them."""
    parts = urlsplit(artifact_uri)
    if parts.scheme not in ("", "file"):
        return None
    return Path(unquote(parts.path))


def place(source: Path, folder: Path, name: str) -> None:
    """Put a file into a folder, whole or not at all.

    Args:
        source: The result.
        folder: Of the run's artifacts.
        name: Path of the artifact in it.
    """
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        if not _linked(source, temporary):
            shutil.copyfile(source, temporary)
        os.replace(temporary, target)
    finally:
        # Of two names of one file, renaming keeps both.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _linked(source: Path, target: Path) -> bool:
    if source.suffix not in _REPLACED_WHOLE or source.stat().st_size < LARGE:
        return False
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another disk, or a file system without links
        return False
    return True
