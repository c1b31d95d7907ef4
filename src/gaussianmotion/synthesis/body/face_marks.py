"""The marks of an average face: what eyes, brows, nostrils and lips are over the skin around.

The character pack's mean person is drawn from straight ahead and from far away, in each skin that
is not old, without shading. Each picture is divided by its own plain skin, and the quotients'
logarithms are averaged: skins of every colour count alike, and what differs between them (spots, a
beard's shadow) fades. The brows are of a straight and an arched kind: one alone looks grim, and a
mean of more is a smear.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, UInt8
from numpy import ndarray
from PIL import Image
from scipy.ndimage import gaussian_filter

from gaussianmotion.body.face import LEVELS, NEUTRAL, SPAN, TOP
from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.synthesis.people.character_pack import CharacterPack, load_characters
from gaussianmotion.synthesis.people.dressing import Look, pose_look
from gaussianmotion.synthesis.pictures.mesh_renderer import Light, look_at, render
from gaussianmotion.synthesis.reporting import Report, log_line

SIZE = 144
# Drawn larger, and averaged.
DRAWN = 576
# Metres: all of a face is seen from straight ahead.
FAR = 20.0
BROWS, BROW_TINT = ("brows:1", "brows:6"), 0.3
FLAT = Light(np.array([0.0, 0.0, 1.0]), ambient=1.0, diffuse=0.0)
# The face: an ellipse about a point below the eyes, half as wide and high as these, in distances of
# the eyes. It fades over so much of its radius.
BELOW, WIDE, HIGH, FADE = 0.58, 1.05, 1.31, 0.2
# Plain skin is a mean this wide, over what deviates little from it (a logarithm).
SKIN_SIGMA, SKIN_TOLERANCE, ROUNDS = 0.35, 0.12, 6
DARKEST = 0.02


def make_face_marks(characters: Path, out: Path, report: Report = log_line) -> None:
    """Write the picture of the marks (see :mod:`gaussianmotion.body.face`).

    Args:
        characters: The character pack.
        out: The PNG.

    Raises:
        UserError: it is no character pack.
    """
    pack = load_characters(characters)
    across, up = coordinates(DRAWN)
    radius = np.hypot(across / WIDE, (up + BELOW) / HIGH)
    quotients, body = [], np.ones((DRAWN, DRAWN), bool)
    for picture, mask in faces(pack):
        body = mask
        quotients.append(over_skin(picture, (radius < 1.0 + FADE) & mask))
    logs = grey_where_cold(np.mean(quotients, axis=0))
    alpha = np.clip((1.0 - radius) / FADE, 0.0, 1.0) * body
    with atomic_path(out) as temporary:
        as_picture(shrunk(logs * alpha[..., None]), shrunk(alpha[..., None])).save(
            temporary, format="PNG", optimize=True
        )
    report(f"wrote {out}: the mean of {len(quotients)} faces")


def coordinates(size: int) -> tuple[Float[ndarray, "S S"], Float[ndarray, "S S"]]:
    """Right and up of the middle between the eyes, in their distances, of each pixel."""
    steps = (np.arange(size) + 0.5) / size * SPAN
    across, up = np.meshgrid(steps - 0.5 * SPAN, TOP - steps)
    return across, up


def faces(pack: CharacterPack) -> Iterator[tuple[Float[ndarray, "S S 3"], Bool[ndarray, "S S"]]]:
    """Logarithms of pictures of the mean person, and where the person is."""
    mean = replace(
        pack,
        coefficients=np.zeros_like(pack.coefficients[:1]),
        joints=pack.joints.mean(axis=0, keepdims=True),
    )
    white = np.ones(3, np.float32)
    young = [skin for skin in pack.skins if not skin.startswith("old")]
    for skin, brows in product(young, BROWS):
        wearing = [("eyes", white), (brows, BROW_TINT * white)]
        posed = pose_look(mean, Look(0, {}, wearing, skin, white), np.zeros((24, 3)))
        right_eye, left_eye = posed.face[1], posed.face[2]
        distance = float(np.linalg.norm(left_eye - right_eye))
        centre = 0.5 * (right_eye + left_eye)
        centre[1] += (TOP - 0.5 * SPAN) * distance
        fov = math.degrees(2.0 * math.atan(0.5 * SPAN * distance / FAR))
        view = look_at(centre, 0.0, 0.0, FAR)
        picture, mask, *_ = render(posed.surface, pack.textures, view, fov, DRAWN, white, FLAT)
        yield np.log(np.clip(picture / 255.0, DARKEST, 1.0)), mask > 127


def over_skin(logs: Float[ndarray, "S S 3"], face: Bool[ndarray, "S S"]) -> Float[ndarray, "S S 3"]:
    """A picture over its plain skin, in logarithms: skin is what deviates little from its mean."""
    sigma = SKIN_SIGMA * len(logs) / SPAN
    plain = face.astype(float)
    for _ in range(ROUNDS):
        count = gaussian_filter(plain, sigma) + 1e-6
        total = gaussian_filter(logs * plain[..., None], (sigma, sigma, 0.0))
        skin = total / count[..., None]
        plain = face * np.exp(-(((logs - skin).mean(axis=-1) / SKIN_TOLERANCE) ** 2))
    return logs - skin


def grey_where_cold(logs: Float[ndarray, "S S 3"]) -> Float[ndarray, "S S 3"]:
    """Colours bluer than the skin become grey: the pack's one iris is blue, people's are not."""
    cold = logs[..., 2:] > logs[..., :1]
    return np.where(cold, logs.mean(axis=-1, keepdims=True), logs)


def shrunk(values: Float[ndarray, "S S C"]) -> Float[ndarray, "s s C"]:
    """Means over blocks of pixels."""
    step = len(values) // SIZE
    return values.reshape(SIZE, step, SIZE, step, -1).mean(axis=(1, 3))


def as_picture(logs: Float[ndarray, "s s 3"], alpha: Float[ndarray, "s s 1"]) -> Image.Image:
    """RGBA levels, as :func:`gaussianmotion.body.face.load_marks` reads them."""
    levels = np.concatenate([NEUTRAL + logs * (LEVELS / np.log(2.0)), 255.0 * alpha], axis=-1)
    rounded: UInt8[ndarray, "s s 4"] = np.clip(np.round(levels), 0, 255).astype(np.uint8)
    return Image.fromarray(rounded, "RGBA")
