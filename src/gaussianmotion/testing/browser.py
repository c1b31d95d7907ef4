"""The viewer's page in a headless Chromium, and its frames beside the rasteriser's own."""

import base64
import io
import math
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy import ndarray
from PIL import Image
from torch import Tensor

from gaussianmotion.body.joints import INDEX
from gaussianmotion.body.rotation import multiply, to_axis_angle, to_quaternion
from gaussianmotion.camera import Cameras
from gaussianmotion.config import RenderConfig
from gaussianmotion.pose.motion import Motion
from gaussianmotion.rendering.frame import draw_sequence
from gaussianmotion.rendering.subject import Subject

_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, _NAMES)), "")
# Nothing that calls home or asks a person.
QUIET = (
    *("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
# A loaded computer without a graphics processor is slow, which is no fault of the page.
PATIENCE = 120_000


@contextmanager
def browser(headless: bool = True) -> Iterator[Any]:
    """Chromium, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        launched = player.chromium.launch(
            executable_path=CHROMIUM, args=list(QUIET), headless=headless
        )
        yield launched
        launched.close()


def open_viewer(launched: Any, page: Path, **options: Any) -> Any:
    """A browser page with the viewer in it, standing still.

    Args:
        launched: Of :func:`browser`.
        page: An ``avatar.html``.
        options: Of Playwright's ``new_page``.
    """
    opened = launched.new_page(**{"reduced_motion": "reduce", **options})
    opened.set_default_timeout(PATIENCE)
    opened.goto(page.resolve().as_uri())
    return opened


def viewer_frame(
    opened: Any,
    clip: str,
    time: float,
    cameras: Cameras,
    background: tuple[float, float, float] = (1.0, 1.0, 1.0),
    bends: dict[str, tuple[float, float, float]] | None = None,
    ground: bool = False,
) -> UInt8[ndarray, "H W 3"]:
    """What the page draws.

    Args:
        opened: Of :func:`open_viewer`.
        clip: Name of a motion or pose in it.
        time: Seconds.
        cameras: One camera of the world.
        background: RGB.
        bends: By joint, its sliders' rotation vector in degrees.
        ground: Draw the floor.
    """
    view, K = cameras.viewmats[0], cameras.Ks[0]
    asked = {
        "clip": clip,
        "time": time,
        "camera": {
            "view": view[:3].flatten().tolist(),
            "focal": [float(K[0, 0]), float(K[1, 1])],
            "centre": [float(K[0, 2]), float(K[1, 2])],
            "size": [cameras.width, cameras.height],
        },
        "background": list(background),
        "joints": {str(INDEX[name]): list(degrees) for name, degrees in (bends or {}).items()},
        "ground": ground,
    }
    text = opened.evaluate("asked => window.gaussianmotion.draw(asked)", asked)
    with Image.open(io.BytesIO(base64.b64decode(text.partition(",")[2]))) as image:
        return np.asarray(image.convert("RGB"))


def our_frame(
    subject: Subject,
    motion: Motion,
    frame: int,
    cameras: Cameras,
    config: RenderConfig,
    bends: dict[str, tuple[float, float, float]] | None = None,
    floor: float | None = None,
) -> UInt8[ndarray, "H W 3"]:
    """The same by the rasteriser; arguments as of :func:`viewer_frame`."""
    poses = bent(motion.poses[frame], bends or {})[None]
    where = motion.translation[frame][None]
    return next(draw_sequence(subject, poses, where, cameras, floor, config))


def bent(
    pose: Float[Tensor, "24 3"], bends: dict[str, tuple[float, float, float]]
) -> Float[Tensor, "24 3"]:
    """A pose with joints turned on by rotation vectors in degrees, in their own frame."""
    pose = pose.clone()
    for name, degrees in bends.items():
        joint = INDEX[name]
        turn = to_quaternion(torch.deg2rad(torch.tensor(degrees)))
        pose[joint] = to_axis_angle(multiply(to_quaternion(pose[joint]), turn))
    return pose


def psnr(a: UInt8[ndarray, "H W 3"], b: UInt8[ndarray, "H W 3"]) -> float:
    """Peak signal-to-noise ratio of two pictures, decibels."""
    error = float(np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2))
    return 10.0 * math.log10(255.0**2 / max(error, 1e-12))
