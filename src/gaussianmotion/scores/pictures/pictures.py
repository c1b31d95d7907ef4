"""The pictures that scores look at: where they are in a run, and reading them."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from gaussianmotion.errors import UserError
from gaussianmotion.runtime.pictures import read_picture


def front_view(run: Path) -> tuple[Path, str]:
    """The picture of a run's front, and the prompt that the avatar was made from.

    Raises:
        UserError: the run has no views, or they are damaged.
    """
    facts = _views(run)
    return run / facts["front"]["file"], str(facts["prompt"])


def azimuth_views(run: Path) -> list[Path]:
    """The pictures of a run's multi-view set, by azimuth.

    Raises:
        UserError: the run has no views, or they are damaged.
    """
    return [run / view["file"] for view in _views(run)["views"]]


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


def _views(run: Path) -> dict:
    path = run / "views.json"
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        facts["prompt"], facts["front"]["file"], [view["file"] for view in facts["views"]]
    except FileNotFoundError:
        raise UserError(
            f"{run} has no views.json: run `gaussianmotion views` on its avatar first"
        ) from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(f"{path} is damaged: run `gaussianmotion views` again") from error
    return facts
