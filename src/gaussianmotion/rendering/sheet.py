"""Contact sheets: one page for an avatar, one page for an experiment."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray
from PIL import Image, ImageDraw

from gaussianmotion.rendering.run_files import RunPictures, read_run
from gaussianmotion.rendering.typography import font, legible, wrap
from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.runtime.errors import UserError

PAPER, INK, QUIET, RULE = (255, 255, 255), (28, 30, 34), (120, 124, 132), (226, 228, 232)
MARGIN, GAP = 36, 10
AVATAR_WIDTH, AVATAR_COLUMNS, AVATAR_ROW = 1440, 6, 360
EXPERIMENT_ROW, CAPTION_WIDTH = 236, 250
STILLS = (
    ("front", 0.0),
    ("front left", 45.0),
    ("left", 90.0),
    ("back", -180.0),
    ("right", -90.0),
    ("front right", -45.0),
)
# Width of the faded border, share of a cell's shorter side.
FADE = 0.12
# Air around the person, share of the picture's height: more than the faded border takes.
AIR = 0.06
# Contrast to the background, of 255, above which a pixel is part of the person, not of the floor.
VISIBLE = 100

Picture = UInt8[ndarray, "H W 3"]


@dataclass(frozen=True)
class Strip:
    """Pictures in a row, cut to one size, with a label under each or one before all."""

    label: str
    cells: list[Image.Image]
    labels: list[str]


def avatar_sheet(
    run_dir: Path,
    out_path: Path,
    motions: Sequence[str] | None = None,
    variant: str | None = None,
) -> Path:
    """One avatar: its prompt, the views around it, and six frames of each motion.

    Args:
        run_dir: Folder with ``views.json`` and the animations.
        out_path: The picture to write or to replace.
        motions: Names of the videos to show; all that are there where not given.
        variant: Name to show of what it was trained by.

    Raises:
        UserError: a picture is missing or damaged, or the folder cannot be written.
    """
    run = read_run(run_dir, motions)
    width = (AVATAR_WIDTH - 2 * MARGIN - (AVATAR_COLUMNS - 1) * GAP) / AVATAR_COLUMNS
    strips = [_strip("", [run.still(angle) for _, angle in STILLS], [n for n, _ in STILLS], width)]
    for motion in run.motions:
        frames = run.frames(motion, AVATAR_COLUMNS)
        strips.append(_strip(motion.motion, frames, [], width))

    record = run.record
    prompt, heading = legible(run.prompt, record.prompt_id, 30, bold=True)
    title = wrap(prompt, heading, AVATAR_WIDTH - 2 * MARGIN, 3)
    names = [variant] if variant else []
    names += [record.prompt_id, f"seed {record.seed}", f"{record.gaussians or 0:,} Gaussians"]
    below = "  ·  ".join([*names, f"avatar {record.avatar_sha256[:8]}"])
    height = MARGIN + 42 * len(title) + 34 + sum(_strip_height(s) for s in strips) + MARGIN
    page = Image.new("RGB", (AVATAR_WIDTH, height), PAPER)
    pen = ImageDraw.Draw(page)
    y = MARGIN
    for line in title:
        pen.text((MARGIN, y), line, INK, heading)
        y += 42
    pen.text((MARGIN, y), wrap(below, font(15), AVATAR_WIDTH - 2 * MARGIN, 1)[0], QUIET, font(15))
    y += 34
    for strip in strips:
        y = _place(page, pen, strip, y, width)
    return _save(page, out_path)


def experiment_sheet(
    run_dirs: Sequence[Path], out_path: Path, motions: Sequence[str] | None = None
) -> Path:
    """Many avatars, a row each: prompt, front, side, back, and animated frames.

    Args:
        run_dirs: Folders of runs, in the order of the rows.
        out_path: The picture to write or to replace.
        motions: Names of the videos to show; all that are there where not given.

    Raises:
        UserError: there is no run, a picture is missing or damaged, or the folder cannot be
            written.
    """
    if not run_dirs:
        raise UserError("an experiment sheet needs at least one run: name the folders of avatars")
    runs = [read_run(folder, motions) for folder in run_dirs]
    rows = [_experiment_cells(run) for run in runs]
    columns = max(len(cells) for cells, _ in rows)
    # One cell width for all rows, so that columns line up.
    cell = max(picture.width for cells, _ in rows for picture in cells)
    width = 2 * MARGIN + CAPTION_WIDTH + columns * (cell + GAP)
    header, pitch = 26, EXPERIMENT_ROW + 2 * GAP
    page = Image.new("RGB", (width, 2 * MARGIN + header + pitch * len(rows) - GAP), PAPER)
    pen = ImageDraw.Draw(page)
    left = MARGIN + CAPTION_WIDTH + GAP
    longest = max((labels for _, labels in rows), key=len)
    for index, label in enumerate(longest):
        centre = left + index * (cell + GAP) + cell / 2
        pen.text((centre, MARGIN), label, QUIET, font(15), anchor="ma")
    for row, (run, (cells, _)) in enumerate(zip(runs, rows, strict=True)):
        y = MARGIN + header + row * pitch
        pen.line([(MARGIN, y - GAP // 2), (width - MARGIN, y - GAP // 2)], RULE)
        prompt, face = legible(run.prompt, run.record.prompt_id, 17)
        lines = wrap(prompt, face, CAPTION_WIDTH - 2 * GAP, 8)
        top = y + (EXPERIMENT_ROW - 24 * len(lines)) // 2
        for number, line in enumerate(lines):
            pen.text((MARGIN, top + 24 * number), line, INK, face)
        for index, picture in enumerate(cells):
            x = left + index * (cell + GAP) + (cell - picture.width) // 2
            page.paste(picture, (x, y + (EXPERIMENT_ROW - picture.height) // 2))
    return _save(page, out_path)


def _experiment_cells(run: RunPictures) -> tuple[list[Image.Image], list[str]]:
    """Front, side and back, four frames of the first motion, one of each of three others."""
    stills = [run.still(angle) for angle in (0.0, 90.0, -180.0)]
    cells = _cut(stills, 10_000, EXPERIMENT_ROW)
    labels = ["front", "left", "back"]
    for place, motion in enumerate(run.motions[:4]):
        count = 4 if place == 0 else 1
        frames = run.frames(motion, max(count, 3))
        # Of a kick or a jump the middle is what there is to see.
        frames = frames if count > 1 else frames[1:2]
        cells += _cut(frames, 10_000, EXPERIMENT_ROW)
        labels += [motion.motion] * count
    return cells, labels


def _strip(label: str, pictures: list[Picture], labels: list[str], width: int | float) -> Strip:
    return Strip(label, _cut(pictures, width, AVATAR_ROW), labels)


def _strip_height(strip: Strip) -> int:
    return strip.cells[0].height + (26 if strip.labels else 0) + (30 if strip.label else 0) + GAP


def _place(
    page: Image.Image, pen: ImageDraw.ImageDraw, strip: Strip, y: int, width: int | float
) -> int:
    """Draw a strip from ``y`` down; returns where the next one starts."""
    end = y + _strip_height(strip)
    if strip.label:
        pen.line([(MARGIN, y), (page.width - MARGIN, y)], RULE)
        pen.text((MARGIN, y + 6), wrap(strip.label, font(17), 600, 1)[0], QUIET, font(17))
        y += 30
    for index, picture in enumerate(strip.cells):
        x = MARGIN + index * (width + GAP)
        page.paste(picture, (round(x + 0.5 * (width - picture.width)), y))
        if strip.labels:
            place = (x + 0.5 * width, y + picture.height + 4)
            pen.text(place, strip.labels[index], QUIET, font(15), anchor="ma")
    return end


def _cut(pictures: list[Picture], width: int | float, height: int | float) -> list[Image.Image]:
    """Cut pictures to the box that holds the person in all of them, then scale them to fit.

    What is cut through (the floor and its shadow) fades into the background toward the edges.
    """
    top, bottom, left, right = _content(pictures)
    scale = min(width / (right - left), height / (bottom - top))
    size = (max(1, int((right - left) * scale)), max(1, int((bottom - top) * scale)))
    mask = _feather(bottom - top, right - left)
    cells = []
    for picture in pictures:
        ground = picture[0, 0].astype(np.float32)
        faded = ground + mask * (picture[top:bottom, left:right] - ground)
        cell = Image.fromarray(faded.round().astype(np.uint8))
        cells.append(cell.resize(size, Image.Resampling.LANCZOS))
    return cells


def _feather(height: int, width: int) -> Float[ndarray, "h w 1"]:
    """1 inside, falling smoothly to 0 at the left, right and lower edges."""
    reach = max(1.0, FADE * min(height, width))
    x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
    across = np.clip(np.minimum(x, width - x) / reach, 0.0, 1.0)
    down = np.clip((height - y) / reach, 0.0, 1.0)
    mask = (across * across * (3 - 2 * across))[None] * (down * down * (3 - 2 * down))[:, None]
    return mask[..., None].astype(np.float32)


def _content(pictures: list[Picture]) -> tuple[int, int, int, int]:
    """Box (top, bottom, left, right) of whatever differs from the corner, with some air."""
    contrast = np.max(
        [np.abs(p.astype(np.int16) - p[0, 0].astype(np.int16)).max(axis=2) for p in pictures],
        axis=0,
    )
    height, width = contrast.shape
    rows = np.flatnonzero(contrast.max(axis=1) > VISIBLE)
    columns = np.flatnonzero(contrast.max(axis=0) > VISIBLE)
    if len(rows) == 0:
        return 0, height, 0, width
    air = round(AIR * height)
    return (
        max(0, int(rows[0]) - air),
        min(height, int(rows[-1]) + 1 + air),
        max(0, int(columns[0]) - air),
        min(width, int(columns[-1]) + 1 + air),
    )


def _save(page: Image.Image, out_path: Path) -> Path:
    with atomic_path(out_path) as temporary:
        page.save(temporary)
    return Path(out_path)
