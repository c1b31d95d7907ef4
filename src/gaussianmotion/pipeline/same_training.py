"""One training for two variants: where both train alike, the second has the first one's files.

A tau that is the default, for example, is a column of a figure of its own but no other training.
"""

import json
import shutil
from pathlib import Path

from gaussianmotion.errors import UserError
from gaussianmotion.runtime.atomic import atomic_path, write_json

AVATAR, RECORD = "avatar.safetensors", "run.json"
_BESIDE = ("curves.csv", "previews/*.png")


def copy_training(source: Path, target: Path) -> None:
    """Copy what a finished training wrote; its record says where it was trained.

    Rendering, scores and the MLflow run are not copied: they are made of the copy.

    Args:
        source: Folder VARIANT/PROMPT/SEED of the training.
        target: Folder of the same prompt and seed below the other variant.

    Raises:
        UserError: the training is not finished, or its record is damaged.
    """
    record = source / RECORD
    if not record.is_file() or not (source / AVATAR).is_file():
        raise UserError(f"{source}: no finished training is there; train it first")
    try:
        facts = json.loads(record.read_text(encoding="utf-8"))
        facts["trained_as"] = str(source.relative_to(source.parents[2]))
    except (ValueError, TypeError) as error:
        raise UserError(f"{record} is damaged: delete it, and it is trained again") from error
    names = [AVATAR, *(str(p.relative_to(source)) for g in _BESIDE for p in source.glob(g))]
    for name in names:
        with atomic_path(target / name) as temporary:
            shutil.copyfile(source / name, temporary)
    write_json(target / RECORD, facts)  # Last: with it the copy is finished.
