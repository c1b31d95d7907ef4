"""A motion at a glance: frames of it on the plain body, over a floor, and how fast it goes."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageDraw
from torch import Tensor

from gaussianmotion.body import Body
from gaussianmotion.camera import Cameras
from gaussianmotion.config import RenderConfig
from gaussianmotion.pose.floor import lowest_points
from gaussianmotion.pose.motion import Motion
from gaussianmotion.rendering.cameras import fitted_orbit, moved, repeated
from gaussianmotion.rendering.filming import heading
from gaussianmotion.rendering.ground import floor_layer
from gaussianmotion.rendering.plain_body import shaded
from gaussianmotion.rendering.sheet import INK, PAPER, QUIET
from gaussianmotion.rendering.typography import font, wrap
from gaussianmotion.runtime.atomic import atomic_path

FRAMES, SIZE = 8, 240
MARGIN, HEADER, LABEL = 28, 82, 24
# Degrees from where the person faces on average, and what such a row is called.
ROWS = ((35.0, "from ahead"), (90.0, "from the left"))
ELEVATION = 8.0
VERTEX_STRIDE = 7


def look(motion: Motion, body: Body, out_path: Path) -> Path:
    """Write a picture of a motion: its frames from two sides, with what can be said in figures.

    The camera goes along with the person; the floor's lines, half a metre apart, stay.

    Args:
        motion: To look at.
        body: The body to show it on, on the CPU.
        out_path: The .png to write or to replace.

    Raises:
        UserError: the folder cannot be written.
    """
    chosen = torch.linspace(0, len(motion) - 1, min(FRAMES, len(motion))).round().long()
    poses, translation = motion.poses[chosen], motion.translation[chosen]
    width = 2 * MARGIN + SIZE * len(chosen)
    page = Image.new("RGB", (width, HEADER + len(ROWS) * (SIZE + LABEL) + MARGIN), PAPER)
    pen = ImageDraw.Draw(page)
    title = f"{motion.name}  ·  {motion.layout}"
    pen.text((MARGIN, 18), wrap(title, font(22, bold=True), width - 2 * MARGIN, 1)[0], INK,
             font(22, bold=True))  # fmt: skip
    facts = wrap("  ·  ".join(facts_of(motion, body)), font(15), width - 2 * MARGIN, 1)[0]
    pen.text((MARGIN, 50), facts, QUIET, font(15))
    for row, (azimuth, name) in enumerate(ROWS):
        top = HEADER + row * (SIZE + LABEL)
        pictures = _row(body, poses, translation, heading(motion.poses) + azimuth)
        for column, picture in enumerate(pictures):
            page.paste(Image.fromarray(picture), (MARGIN + column * SIZE, top))
            seconds = float(chosen[column]) / motion.fps
            said = f"{name}, " if column == 0 else ""
            centre = MARGIN + (column + 0.5) * SIZE
            label = f"{said}{seconds:.2f} s"
            pen.text((centre, top + SIZE + 2), label, QUIET, font(14), anchor="ma")
    with atomic_path(out_path) as temporary:
        page.save(temporary)
    return Path(out_path)


def facts_of(motion: Motion, body: Body) -> list[str]:
    """What to know of a motion, in words: its length, how far and how fast it goes, its floor."""
    steps = motion.translation.diff(dim=0)[:, [0, 2]].norm(dim=1)
    gone, seconds = float(steps.sum()), motion.seconds
    some = torch.linspace(0, len(motion) - 1, min(len(motion), 240)).round().long()
    over = 100 * (lowest_points(motion.poses[some], motion.translation[some], body) - body.floor)
    return [
        f"{seconds:.1f} s, {len(motion)} frames at {motion.fps:g} a second"
        + (", loops" if motion.cyclic else ""),
        f"goes {gone:.2f} m at {gone / seconds:.2f} m/s",
        f"lowest point {round(float(over.min()))} to {round(float(over.max()))} cm over the floor",
    ]


def _row(
    body: Body, poses: Float[Tensor, "T 24 3"], translation: Float[Tensor, "T 3"], azimuth: float
) -> list[np.ndarray]:
    """The frames from one side, the person in the middle of each, all at one scale."""
    config = RenderConfig(room=0.02)
    path = translation * torch.tensor([1.0, 0.0, 1.0])
    vertices = body.posed_vertices(poses, translation)
    around = (vertices[:, ::VERTEX_STRIDE] - path[:, None]).reshape(-1, 3)
    camera = fitted_orbit(around, torch.tensor([azimuth]), ELEVATION, SIZE, config)
    cameras: Cameras = moved(repeated(camera, len(poses)), path)
    joints = body.posed_joints(poses, translation)
    background = floor_layer(cameras, joints, body.floor, torch.tensor(config.background))
    colour, covered = shaded(vertices, body.faces, cameras)
    pictures = colour + (1.0 - covered[..., None]) * background
    return list((pictures.clamp(0.0, 1.0) * 255.0).round().byte().numpy())
