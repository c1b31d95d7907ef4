"""Makes the faces that ship: what eyes, brows, nostrils and lips are over the skin around.

The character pack's mean person is drawn from straight ahead and from far away, in its skins,
without shading. Each picture is divided by its own plain skin: marks are factors, so that they lie
on skin of any colour. Brows are a mean of two kinds: one alone looks grim. Eyes are kept apart: a
white eye is as white on dark skin as on light.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Shaped
from numpy import ndarray
from PIL import Image
from scipy.ndimage import binary_fill_holes, gaussian_filter, zoom

from gaussianmotion.body.face_marks import LEVELS, NEUTRAL, SPAN, TOP
from gaussianmotion.config.face import NAMES
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
#: The pack's skins of faces 1 and 2 of each kind: dark, then light, with the colour of the irises;
#: the pack's one iris is bright blue. ``{}`` stands for the sex.
SKINS = {
    "young": (
        ("young_african_{}", "young_asian_{}"),
        ("middleage_african_{}", "young_caucasian_{}"),
    ),
    "old": (("old_african_{}", "old_asian_{}"), ("old_african_{}", "old_caucasian_{}")),
}
IRISES = (((0.24, 0.14, 0.08), (0.36, 0.21, 0.11)), ((0.30, 0.18, 0.10), (0.32, 0.40, 0.44)))
BROWS = {"female": ("brows:1", "brows:6"), "male": ("brows:1", "brows:9")}
# On dark skin and on light: grey brows on dark skin look blue.
BROW_TINTS = (0.1, 0.3)
FLAT = Light(np.array([0.0, 0.0, 1.0]), ambient=1.0, diffuse=0.0)
# The face: an ellipse about a point below the eyes, half as wide and high as these, in distances of
# the eyes. It fades over so much of its radius.
BELOW, WIDE, HIGH, FADE = 0.58, 1.05, 1.31, 0.2
# Plain skin is a mean this wide, over what deviates little from it (a logarithm).
SKIN_SIGMA, SKIN_TOLERANCE, ROUNDS = 0.35, 0.12, 6
DARKEST = 0.02
WHITE = np.ones(3, np.float32)

Picture = Float[ndarray, "S S 3"]
Part = Bool[ndarray, "S S"]
Small = Float[ndarray, "s s 3"]
Channel = Float[ndarray, "s s 1"]
Row = tuple[Small, Channel, Small, Channel]


def make_faces(characters: Path, out: Path, report: Report = log_line) -> None:
    """Write a picture for each of :data:`NAMES` (see :mod:`gaussianmotion.body.face_marks`).

    Args:
        characters: The character pack.
        out: Folder of the PNGs.

    Raises:
        UserError: it is no character pack.
    """
    pack = load_characters(characters)
    for name in NAMES:
        kind, number = name.rsplit("-", 1)
        sex = "female" if kind.endswith("woman") else "male"
        skins = SKINS["old" if kind.startswith("old-") else "young"][int(number) - 1]
        rows = [
            face(pack, skin.format(sex), [(brows, tint) for brows in BROWS[sex]], iris)
            for skin, tint, iris in zip(skins, BROW_TINTS, IRISES[int(number) - 1], strict=True)
        ]
        with atomic_path(out / f"{name}.png") as temporary:
            as_picture(*rows).save(temporary, format="PNG", optimize=True)
    report(f"wrote {len(NAMES)} faces to {out}")


def face(
    pack: CharacterPack,
    skin: str,
    brows: list[tuple[str, float]],
    iris: tuple[float, float, float],
) -> Row:
    """One row: logarithms of the marks, share of the face, colours of the eyes, where they are.

    Args:
        pack: Has all that is worn.
        skin: Its name in the pack.
        brows: Names in the pack, and their brightness; several are averaged.
        iris: RGB in [0, 1] that blue irises get.
    """
    across, up = coordinates(DRAWN)
    radius = np.hypot(across / WIDE, (up + BELOW) / HIGH)
    quotients = []
    for picture, eyes, body in drawn(pack, skin, brows):
        quotients.append(over_skin(np.log(picture), (radius < 1.0 + FADE) & body & ~eyes))
    alpha = np.clip((1.0 - radius) / FADE, 0.0, 1.0) * body
    logs = grey_where_cold(np.mean(quotients, axis=0)) * alpha[..., None]
    marks = mean_over(logs, ~eyes)
    colours = mean_over(recoloured(picture, iris), eyes)
    return marks, shrunk(alpha[..., None]), colours, shrunk(eyes[..., None])


def coordinates(size: int) -> tuple[Float[ndarray, "S S"], Float[ndarray, "S S"]]:
    """Right and up of the middle between the eyes, in their distances, of each pixel."""
    steps = (np.arange(size) + 0.5) / size * SPAN
    across, up = np.meshgrid(steps - 0.5 * SPAN, TOP - steps)
    return across, up


def drawn(
    pack: CharacterPack, skin: str, brows: list[tuple[str, float]]
) -> Iterator[tuple[Picture, Part, Part]]:
    """Pictures of the mean person with each kind of brows, its eyes, and the person."""
    mean = replace(
        pack,
        coefficients=np.zeros_like(pack.coefficients[:1]),
        joints=pack.joints.mean(axis=0, keepdims=True),
    )
    for kind, tint in brows:
        seen = []
        for eyes in ([("eyes", WHITE)], []):
            wearing = [*eyes, (kind, tint * WHITE)]
            posed = pose_look(mean, Look(0, {}, wearing, skin, WHITE), np.zeros((24, 3)))
            right_eye, left_eye = posed.face[1], posed.face[2]
            distance = float(np.linalg.norm(left_eye - right_eye))
            centre = 0.5 * (right_eye + left_eye)
            centre[1] += (TOP - 0.5 * SPAN) * distance
            fov = math.degrees(2.0 * math.atan(0.5 * SPAN * distance / FAR))
            view = look_at(centre, 0.0, 0.0, FAR)
            picture, mask, *_ = render(posed.surface, pack.textures, view, fov, DRAWN, WHITE, FLAT)
            seen.append(picture / 255.0)
        changed = binary_fill_holes(np.abs(seen[0] - seen[1]).max(axis=-1) > 0.02)
        yield np.clip(seen[0], DARKEST, 1.0), changed, mask > 127


def over_skin(logs: Picture, face: Part) -> Picture:
    """A picture over its plain skin, in logarithms: skin is what deviates little from its mean."""
    # Means that wide are as good of every fourth pixel.
    step = max(1, len(logs) // SIZE)
    few, part = logs[::step, ::step], face[::step, ::step]
    sigma = SKIN_SIGMA * len(few) / SPAN
    plain = part.astype(float)
    for _ in range(ROUNDS):
        count = gaussian_filter(plain, sigma) + 1e-6
        total = gaussian_filter(few * plain[..., None], (sigma, sigma, 0.0))
        skin = total / count[..., None]
        plain = part * np.exp(-(((few - skin).mean(axis=-1) / SKIN_TOLERANCE) ** 2))
    return logs - zoom(skin, (step, step, 1), order=1, mode="nearest", grid_mode=True)


def grey_where_cold(logs: Picture) -> Picture:
    """Dark marks bluer than the skin become grey: black brows are blue beside brown skin alone."""
    cold = (logs[..., 2:] > logs[..., :1]) & (logs.mean(axis=-1, keepdims=True) < 0.0)
    return np.where(cold, logs.mean(axis=-1, keepdims=True), logs)


def recoloured(picture: Picture, iris: tuple[float, float, float]) -> Picture:
    """A picture whose blue is the iris's colour, lighter and darker as the blue was."""
    blue = np.clip((picture[..., 2:] - picture[..., :1]) / 0.15, 0.0, 1.0)
    luminance = picture.mean(axis=-1, keepdims=True)
    # Blue irises have a mean of about .3.
    return picture + blue * (np.clip(luminance / 0.3 * np.array(iris), 0.0, 1.0) - picture)


def shrunk(values: Shaped[ndarray, "S S C"]) -> Float[ndarray, "s s C"]:
    """Means over blocks of pixels."""
    step = len(values) // SIZE
    return values.reshape(SIZE, step, SIZE, step, -1).mean(axis=(1, 3))


def mean_over(values: Picture, part: Part) -> Float[ndarray, "s s 3"]:
    """Means over blocks of pixels, of one part of the picture; 0 where the block has none of it."""
    return shrunk(values * part[..., None]) / np.maximum(shrunk(part[..., None]), 1e-6)


def as_picture(*rows: Row) -> Image.Image:
    """RGBA levels, as :func:`gaussianmotion.body.face_marks.load_marks` reads them."""
    levels = [
        np.concatenate(
            [
                np.concatenate([NEUTRAL + logs * (LEVELS / np.log(2.0)), 255.0 * alpha], axis=-1),
                255.0 * np.concatenate([eyes, cover], axis=-1),
            ],
            axis=1,
        )
        for logs, alpha, eyes, cover in rows
    ]
    rounded = np.clip(np.round(np.concatenate(levels)), 0, 255).astype(np.uint8)
    return Image.fromarray(rounded, "RGBA")
