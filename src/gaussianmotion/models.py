"""The models stage: everything a training needs is here and whole before the first one starts."""

import hashlib
from pathlib import Path
from typing import Literal

from gaussianmotion.atomic import write_json
from gaussianmotion.config import Config, PriorConfig


def check_models(config: PriorConfig, out: Path | None = None) -> dict[str, object]:
    """Fetch what is missing and record what is where.

    Folders are taken as they are, so a copy on a computer without network works. Hub models are
    fetched at their pinned revisions into the hub's cache (``HF_HOME`` moves it, for example to a
    folder that several users share); an interrupted download goes on.

    Args:
        config: The prior.
        out: JSON to write: folders, and SHA-256 of each file of weights.

    Raises:
        UserError: a model is missing and cannot be fetched.
    """
    from gaussianmotion.guidance.load import fetch

    facts: dict[str, object] = {}
    for key, folder in zip(("prior.model", "prior.controlnet"), fetch(config), strict=True):
        facts[key] = {
            "folder": str(folder),
            "weights_sha256": {
                str(path.relative_to(folder)): _sha256(path)
                for path in sorted(folder.rglob("*.safetensors"))
            },
        }
    if out is not None:
        write_json(out, facts)
    return facts


WeightsName = Literal["clip", "inception", "hps"]


def model_path(config: Config, name: WeightsName) -> Path:
    """The file of weights of a score, which the models stage has fetched; nothing is downloaded.

    Files that go with it (``open_clip_config.json`` of clip) are in the same folder.

    Raises:
        UserError: it is not here.
    """
    raise NotImplementedError


def weights_digest(path: Path) -> str:
    """SHA-256 of a file of weights; without reading it where the hub's cache names it by that."""
    name = path.resolve().name
    return name if len(name) == 64 and path.is_symlink() else _sha256(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
