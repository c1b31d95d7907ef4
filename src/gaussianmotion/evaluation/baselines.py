"""Other systems' renders, brought by the user, checked and laid out as our own runs.

Nobody can train most of the systems of Table 1 any more, and numbers of other papers follow other
protocols; but whoever has renders can have them scored as ours are. ``docs/baselines.md`` has the
layout: for each prompt of the list a folder named by its id with the multi-view set ``00.png ...``
(azimuths from -180 degrees on, as ours), and ``manifest.yaml`` that says whose they are.

Everything is checked before anything is written: a mistake is one line that names the file.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from pydantic import BaseModel, ConfigDict, ValidationError

from gaussianmotion.atomic import write_json
from gaussianmotion.camera import turntable_azimuths
from gaussianmotion.errors import UserError
from gaussianmotion.prompts import Prompt
from gaussianmotion.yaml_file import read_yaml

MANIFEST = "manifest.yaml"
# What may be brought beside the views: shown in the user study, not scored.
VIDEOS = ("turntable.mp4", "motions/*.mp4")


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


def import_baseline(
    system: str, renders: Path, prompts: Mapping[str, Prompt], size: int, views: int, out: Path
) -> Path:
    """Check a system's renders and copy them.

    Args:
        system: Its name in the configuration.
        renders: The folder that the user brought.
        prompts: The experiment's, by id.
        size: Side of a picture, pixels.
        views: Azimuths of the multi-view set.
        out: ``ROOT/baselines/SYSTEM/imported.json``, written last; each prompt becomes a folder
            beside it that looks like a run's: ``views/``, ``front.png``, ``views.json`` and
            ``run.json``.

    Returns:
        ``out``.

    Raises:
        UserError: something is missing, superfluous, damaged, or of the wrong size; the first one.
    """
    azimuths = [float(angle) for angle in turntable_azimuths(views)]
    manifest = _manifest(system, renders, azimuths)
    pictures = _names(renders, prompts, views)
    digests = _checked(renders, pictures, size)

    staging = out.parent / f".{os.getpid()}.partial"
    try:
        for prompt in prompts.values():
            _lay_out(renders / prompt.id, staging / prompt.id, manifest, prompt, size)
        for prompt_id in prompts:
            target = out.parent / prompt_id
            shutil.rmtree(target, ignore_errors=True)
            os.replace(staging / prompt_id, target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    write_json(out, {**manifest.model_dump(), "size": size, "sha256": digests})
    return out


def _manifest(system: str, renders: Path, azimuths: list[float]) -> Manifest:
    path = renders / MANIFEST
    if not renders.is_dir():
        raise UserError(
            f"baselines: {system}: {renders} is no folder; give that of its renders, laid out as "
            "docs/baselines.md says"
        )
    if not path.exists():
        raise UserError(
            f"{path} is missing; write system, source, licence and azimuths into it, as "
            "docs/baselines.md shows"
        )
    try:
        manifest = Manifest.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise UserError(
            f"{path}: {key}: {first['msg'].lower()}; docs/baselines.md shows a whole manifest"
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


def _names(renders: Path, prompts: Mapping[str, Prompt], views: int) -> list[Path]:
    """Relative paths of all pictures; refuses what is missing and what does not belong there."""
    wanted = [f"{index:02d}.png" for index in range(views)]
    for prompt in prompts.values():
        folder = renders / prompt.id
        if not folder.is_dir():
            raise UserError(
                f"{folder} is missing: render {prompt.text!r} into it, {wanted[0]} to {wanted[-1]}"
            )
        for name in wanted:
            if not (folder / name).is_file():
                raise UserError(f"{folder / name} is missing: render that view of {prompt.text!r}")
        videos = {path for pattern in VIDEOS for path in folder.glob(pattern)}
        known = {folder / name for name in wanted} | videos
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        extra = next((path for path in files if path not in known), None)
        if extra is not None:
            raise UserError(
                f"{extra} does not belong there: remove it; a prompt's folder holds {wanted[0]} to "
                f"{wanted[-1]} and, for the user study, {' and '.join(VIDEOS)}"
            )
    strange = next(
        (path for path in sorted(renders.iterdir()) if path.is_dir() and path.name not in prompts),
        None,
    )
    if strange is not None:
        raise UserError(
            f"{strange} is no prompt of the list: rename it to one of its ids, or remove it"
        )
    return [Path(prompt_id) / name for prompt_id in prompts for name in wanted]


def _checked(renders: Path, pictures: list[Path], size: int) -> dict[str, str]:
    """SHA-256 of each picture's file, after looking at all of them."""
    seen: dict[str, Path] = {}
    digests: dict[str, str] = {}
    for name in pictures:
        path = renders / name
        try:
            with Image.open(path) as image:
                image.load()
                width, height = image.size
                least_alpha = image.convert("RGBA").getchannel("A").getextrema()[0]
                pixels = hashlib.sha256(image.convert("RGB").tobytes()).hexdigest()
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            raise UserError(f"{path} is damaged or no picture: render or copy it again") from None
        if (width, height) != (size, size):
            raise UserError(
                f"{path} is {width} x {height} pixels, the protocol's pictures are {size} x {size}"
                ": crop it to a square with the whole person in it and resize it"
            )
        if least_alpha < 255:  # type: ignore[operator]
            raise UserError(f"{path} is transparent: put it on the protocol's white background")
        if pixels in seen:
            raise UserError(
                f"{path} is the same picture as {seen[pixels]}: render each view of each prompt"
            )
        seen[pixels] = path
        digests[str(name)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return digests


def _lay_out(source: Path, target: Path, manifest: Manifest, prompt: Prompt, size: int) -> None:
    """One prompt as a run's folder."""
    (target / "views").mkdir(parents=True)
    views = []
    for index, azimuth in enumerate(manifest.azimuths):
        name = f"views/{index:02d}.png"
        shutil.copyfile(source / f"{index:02d}.png", target / name)
        views.append({"file": name, "azimuth": azimuth})
    front = min(views, key=lambda view: abs(float(str(view["azimuth"]))))
    shutil.copyfile(target / str(front["file"]), target / "front.png")
    for pattern in VIDEOS:
        for video in source.glob(pattern):
            copy = target / video.relative_to(source)
            copy.parent.mkdir(exist_ok=True)
            shutil.copyfile(video, copy)
    facts: dict[str, Any] = {
        "prompt_id": prompt.id,
        "prompt": prompt.text,
        "system": manifest.system,
        "source": manifest.source,
        "licence": manifest.licence,
    }
    write_json(target / "run.json", facts)
    write_json(
        target / "views.json",
        {**facts, "size": size, "front": {**front, "file": "front.png"}, "views": views},
    )
