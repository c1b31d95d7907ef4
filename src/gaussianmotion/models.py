"""The models stage: everything a training needs is here and whole before the first one starts."""

import hashlib
from pathlib import Path

from gaussianmotion.atomic import write_json
from gaussianmotion.config import PriorConfig


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


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
