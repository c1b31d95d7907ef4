"""One training for two variants: where both train alike, the second has the first one's files.

A tau that is the default, for example, is a column of a figure of its own but no other training.
"""

import shutil
from pathlib import Path

from gaussianmotion.records.earlier_avatar import remove_earlier
from gaussianmotion.records.run_folder import RunFolder
from gaussianmotion.records.run_record import RunRecord
from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.runtime.errors import UserError


def copy_training(source: Path, target: Path) -> None:
    """Copy what a finished training wrote; its record says where it was trained.

    Rendering, scores and the MLflow run are not copied: they are made of the copy.

    Args:
        source: Folder VARIANT/PROMPT/SEED of the training.
        target: Folder of the same prompt and seed below the other variant.

    Raises:
        UserError: the training is not finished, or its record is damaged.
    """
    trained = RunFolder(source)
    if not trained.is_finished or not trained.avatar.is_file():
        raise UserError(f"{source}: no finished training is there; train it first")
    place = str(source.relative_to(source.parents[2]))
    record = RunRecord.read(trained.record).model_copy(update={"trained_as": place})
    beside = [trained.curves] if trained.curves.is_file() else []
    copy = RunFolder(target)
    copy.remove_previews()
    for path in [trained.avatar, *beside, *trained.previews]:
        with atomic_path(target / path.relative_to(source)) as temporary:
            shutil.copyfile(path, temporary)
    remove_earlier(copy)
    record.write(copy.record)  # Last: with it the copy is finished.
