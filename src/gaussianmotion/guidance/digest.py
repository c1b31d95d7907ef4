"""Which weights a model has: a path says nothing about what was trained into it since."""

import hashlib
from typing import BinaryIO

from gaussianmotion.config import PriorConfig
from gaussianmotion.guidance.layout import HEAD_FILE
from gaussianmotion.guidance.load import find_model

# Files up to this size are read whole. Of larger ones, pieces all over the file: another training
# changes every weight, and 5 GB must not be read before each training.
_WHOLE = 64 * 2**20
_PIECES, _PIECE = 64, 2**16
_PARTS = ("vae", "unet", "scheduler", "text_encoder", "tokenizer")
_SUFFIXES = {".safetensors", ".json", ".txt"}


def prior_digest(config: PriorConfig) -> str:
    """16 hex digits over the content of the prior's networks and their settings.

    It tells one training from another, wherever the folder is. It is no checksum: of files above
    64 MiB only samples are read.

    Raises:
        UserError: the prior is not here.
    """
    model = find_model(config.model, config.revision, "prior.model")
    control = find_model(config.controlnet, config.controlnet_revision, "prior.controlnet")
    folders = [*((part, model / part) for part in _PARTS), ("controlnet", control)]
    digest = hashlib.sha256()
    for name, folder in folders:
        for path in sorted(folder.glob("*")):
            if path.suffix in _SUFFIXES and path.is_file():
                digest.update(f"{name}/{path.name}:{path.stat().st_size}:".encode())
                with path.open("rb") as handle:
                    _update(digest, handle, path.stat().st_size)
    return digest.hexdigest()[:16]


def layout_digest(config: PriorConfig) -> str:
    """Of the head that names regions, which what the prior draws does not depend on; "" without."""
    path = find_model(config.model, config.revision, "prior.model") / HEAD_FILE
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else ""


def _update(digest: "hashlib._Hash", handle: BinaryIO, size: int) -> None:
    if size <= _WHOLE:
        digest.update(handle.read())
        return
    for piece in range(_PIECES):
        handle.seek((size - _PIECE) * piece // (_PIECES - 1))
        digest.update(handle.read(_PIECE))
