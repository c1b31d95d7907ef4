"""The pictures that scores look at: where they are in a run, and reading them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from gaussianmotion.records.picture_records import ViewsRecord
from gaussianmotion.records.run_folder import RunFolder
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.pictures import read_picture


def front_view(run: Path) -> tuple[Path, str]:
    """The picture of a run's front, and the prompt that the avatar was made from.

    Raises:
        UserError: the run has no views, or they are damaged.
    """
    record = ViewsRecord.read(RunFolder(run).views_record)
    return run / record.front.file, record.prompt


def azimuth_views(run: Path) -> list[Path]:
    """The pictures of a run's multi-view set, by azimuth.

    Raises:
        UserError: the run has no views, or they are damaged.
    """
    return [run / view.file for view in ViewsRecord.read(RunFolder(run).views_record).views]


def reference_pictures(folder: Path) -> list[Path]:
    """The reference pictures of one prompt: 00.png, 01.png, ...

    Raises:
        UserError: there are none.
    """
    pictures = sorted(folder.glob("[0-9]*.png"))
    if not pictures:
        raise UserError(f"{folder} holds no references: run `gaussianmotion reference` first")
    return pictures


def batches(paths: Sequence[Path], size: int) -> Iterator[list[Image.Image]]:
    """The pictures, ``size`` at once."""
    for start in range(0, len(paths), size):
        yield [read_picture(path) for path in paths[start : start + size]]
