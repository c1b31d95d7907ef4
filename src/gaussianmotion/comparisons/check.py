"""Other systems' renders, looked at before any of them is taken.

Each mistake is one line that names the file and says what to do. The layout is described in
``docs/how-to/baselines.md``.
"""

import hashlib
import io
import json
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from PIL import Image
from pydantic import BaseModel, ConfigDict, ValidationError

from gaussianmotion.comparisons.films import unplayable
from gaussianmotion.comparisons.framing import refuse_framing
from gaussianmotion.config.section import Colour
from gaussianmotion.config.yaml_file import read_yaml
from gaussianmotion.pipeline.prompts import Prompt
from gaussianmotion.records.run_folder import VIDEOS, RunFolder
from gaussianmotion.runtime.errors import UserError

MANIFEST = "manifest.yaml"
# Mistakes that one line tells of.
MOST_MISTAKES = 3
# Where a PNG file says how many bits a channel has.
_BIT_DEPTH = 24


class Manifest(BaseModel):
    """Whose renders these are.

    Attributes:
        system: Name, as in the configuration's ``baselines``.
        source: Where they come from: code and revision, or a page.
        licence: Under which they may be used.
        azimuths: Degrees of the views, in the order of their files.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    system: str
    source: str
    licence: str
    azimuths: list[float]


def check_renders(
    system: str,
    renders: Path,
    prompts: Mapping[str, Prompt],
    size: int,
    azimuths: list[float],
    background: Colour,
) -> tuple[Manifest, dict[str, str]]:
    """Look at everything in the folder.

    Args:
        system: Its name in the configuration.
        renders: The folder that the user brought.
        prompts: The experiment's, by id.
        size: Side of a picture, pixels.
        azimuths: Of the protocol's views, degrees.
        background: Of the protocol's pictures, RGB in [0, 1].

    Returns:
        The manifest, and the SHA-256 of each picture's file by its path in the folder.

    Raises:
        UserError: something is missing, superfluous, damaged, of the wrong kind, or cannot be read;
            up to three such files.
    """
    try:
        manifest = _manifest(system, renders, azimuths)
        names = [
            Path(prompt_id) / f"{index:02d}.png"
            for prompt_id in prompts
            for index in range(len(azimuths))
        ]
        mistakes = list(_misplaced(renders, prompts, len(azimuths)))
        here = [name for name in names if (renders / name).is_file()]
        digests, wrong = _digests(renders, here, size, background)
        films = (film for prompt_id in prompts for film in videos(renders / prompt_id))
        _tell([*mistakes, *wrong, *filter(None, map(unplayable, films))])
        return manifest, digests
    except OSError as error:
        raise UserError(
            f"{error.filename or renders} cannot be read ({error.strerror}): make it readable, or "
            "copy the renders to a folder of your own"
        ) from error


def videos(folder: Path) -> list[Path]:
    """The videos in a prompt's folder: shown in the user study, and not scored."""
    return [path for path in RunFolder(folder).all_videos if path.is_file()]


def _manifest(system: str, renders: Path, azimuths: list[float]) -> Manifest:
    path = renders / MANIFEST
    if not renders.is_dir():
        raise UserError(
            f"baselines: {system}: {renders} is no folder; give that of its renders, laid out as "
            "docs/how-to/baselines.md says"
        )
    if not path.exists():
        raise UserError(
            f"{path} is missing; write system, source, licence and azimuths into it, as "
            "docs/how-to/baselines.md shows"
        )
    try:
        manifest = Manifest.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise UserError(
            f"{path}: {key}: {first['msg'].lower()}; docs/how-to/baselines.md shows a manifest"
        ) from None
    if manifest.system != system:
        raise UserError(
            f"{path} is of {manifest.system!r}, but the configuration calls it {system!r}; write "
            "the same name in both"
        )
    if manifest.azimuths != azimuths:
        raise UserError(
            f"{path}: azimuths must be {json.dumps(azimuths)}, the protocol's (0 is the front, "
            "they grow toward the person's left); render those, in that order"
        )
    return manifest


def _tell(mistakes: list[str]) -> None:
    """All that is wrong with a folder, as far as a line has room for it."""
    more = len(mistakes) - MOST_MISTAKES
    if mistakes:
        text = "; and ".join(mistakes[:MOST_MISTAKES])
        raise UserError(text + (f"; and {more} more like these" if more > 0 else ""))


def _misplaced(renders: Path, prompts: Mapping[str, Prompt], views: int) -> Iterator[str]:
    """What is missing, and what does not belong there."""
    wanted = [f"{index:02d}.png" for index in range(views)]
    for prompt in prompts.values():
        folder = renders / prompt.id
        if not folder.is_dir():
            views_of = f"{wanted[0]} to {wanted[-1]}"
            yield f"{folder} is missing: render {prompt.text!r} into it, {views_of}"
            continue
        for name in wanted:
            if not (folder / name).is_file():
                yield _missing(folder, name, prompt)
        known = {*(folder / name for name in wanted), *videos(folder)}
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        for extra in (path for path in files if path not in known):
            yield (
                f"{extra} does not belong there: remove it; a prompt's folder holds {wanted[0]} to "
                f"{wanted[-1]} and, for the user study, {' and '.join(VIDEOS)}"
            )
    for strange in sorted(renders.iterdir()):
        if strange.is_dir() and strange.name not in prompts:
            yield f"{strange} is no prompt of the list: rename it to one of its ids, or remove it"


def _missing(folder: Path, name: str, prompt: Prompt) -> str:
    """What to do about a view that is not there, or not under its name."""
    path, number = folder / name, Path(name).stem
    if path.is_symlink():
        return f"{path} is a link that leads to no file: put the picture itself there"
    for other in sorted(folder.iterdir()):
        if other.is_file() and other.stem.zfill(len(number)) == number:
            what = "rename it" if other.suffix.lower() == ".png" else "save it as PNG"
            return f"{path} is missing, but there is {other.name}: {what}"
    return f"{path} is missing: render that view of {prompt.text!r}"


def _digests(
    renders: Path, pictures: list[Path], size: int, background: Colour
) -> tuple[dict[str, str], list[str]]:
    """SHA-256 of each picture's file, and what is wrong with the pictures."""
    seen: dict[str, Path] = {}
    digests: dict[str, str] = {}
    wrong: list[str] = []
    for name in pictures:
        path = renders / name
        data = path.read_bytes()
        try:
            pixels = _pixels(path, data, size, background)
        except UserError as error:
            wrong.append(str(error))
            continue
        if pixels in seen:
            wrong.append(
                f"{path} is the same picture as {seen[pixels]}: render each view of each prompt"
            )
        seen.setdefault(pixels, path)
        digests[str(name)] = hashlib.sha256(data).hexdigest()
    return digests, wrong


def _pixels(path: Path, data: bytes, size: int, background: Colour) -> str:
    """SHA-256 of a picture's pixels; refuses one that the scores would read as another picture."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # only its head is read
            image = Image.open(io.BytesIO(data))
        _refuse_kind(path, image, data, size)
        image.load()
        alpha, rgb = image.convert("RGBA").getchannel("A"), image.convert("RGB")
    except Image.DecompressionBombError:
        raise UserError(f"{path} is too large by far: make it {size} x {size} pixels") from None
    except (OSError, SyntaxError, ValueError):
        raise UserError(f"{path} is damaged or no picture: render or copy it again") from None
    if alpha.getextrema()[0] < 255:  # type: ignore[operator]
        raise UserError(f"{path} is transparent: put it on the protocol's background")
    refuse_framing(path, np.array(rgb), background)
    return hashlib.sha256(rgb.tobytes()).hexdigest()


def _refuse_kind(path: Path, image: Image.Image, data: bytes, size: int) -> None:
    width, height = image.size
    if image.format != "PNG":
        raise UserError(f"{path} is {image.format}, whatever its name says: save it as PNG")
    if (width, height) != (size, size):
        raise UserError(
            f"{path} is {width} x {height} pixels, the protocol's pictures are {size} x {size}"
            ": crop it to a square with the whole person in it and resize it"
        )
    if data[_BIT_DEPTH] > 8:
        raise UserError(f"{path} has {data[_BIT_DEPTH]} bits a channel: save it with 8")
    if getattr(image, "is_animated", False):
        raise UserError(f"{path} is animated: save one still picture")
