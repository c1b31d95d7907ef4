"""What the face score can find at best, and what it finds where there is nothing to find.

    python benchmarks/face_ceiling.py results/synthesis/held_out

Heads of people whom no training saw, as ``gaussianmotion synthesis dataset`` renders them, by where
the camera stands; then those that look at it, as avatars do in the score's close-ups. The square
that the score draws is cut out of each, turned upright; the picture's keypoints say where the head
is. Printed: how often a face is found.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from gaussianmotion.body import load_body
from gaussianmotion.scores.face.detector import FOUND, INPUT, FaceDetector, face_square

BODY = Path(__file__).parents[1] / "resources/body/open_body.npz"
#: Of OpenPose's keypoints those that bodies have landmarks of: nose, eyes, ears.
FACE = [0, 14, 15, 16, 17]
HEAD = 2  # of the framings
#: Name -> least and largest angle of the camera from the body's front, degrees.
SIDES = {"front": (0.0, 30.0), "side": (30.0, 150.0), "back": (150.0, 180.0)}
#: These people bow and turn their heads. Those that look at the camera within so many degrees are
#: seen as avatars are, which stand upright, in close-ups from up to 20 degrees.
FACING, FACING_WITHIN = "facing", 25.0


@dataclass(frozen=True)
class Placed:
    """Where a head is in a picture.

    Attributes:
        middle: Mean of a body's face landmarks, metres, (3,), and
        there: the pixel that shows it, (2,).
        scale: Pixels per metre of the body at its distance.
        rotation: From the body's axes to the camera's (right, down, forward), (3, 3).
    """

    middle: np.ndarray
    there: np.ndarray
    scale: float
    rotation: np.ndarray

    @property
    def turned(self) -> float:
        """Degrees in [0, 180] between the face's direction and that to the camera."""
        return float(np.degrees(np.arccos(np.clip(-self.rotation[2, 2], -1.0, 1.0))))


def place(keypoints: np.ndarray, landmarks: torch.Tensor) -> Placed:
    """The rotation and scale that are nearest to the best linear map.

    Args:
        keypoints: Nose, right eye, left eye, right ear, left ear in pixels, (5, 2).
        landmarks: The same of a body, metres, (5, 3): the shape of a head.
    """
    shape = landmarks.double().numpy()
    middle, there = shape.mean(0), keypoints.mean(0)
    linear = np.linalg.lstsq(shape - middle, keypoints - there, rcond=None)[0].T
    left, scales, right = np.linalg.svd(linear, full_matrices=False)
    rotation = left @ right
    rotation = np.vstack([rotation, np.cross(*rotation)])
    return Placed(middle, there, float(scales.mean()), rotation)


def close_up(
    picture: np.ndarray, placed: Placed, landmarks: torch.Tensor, fov: float
) -> np.ndarray:
    """The head's square, upright, (INPUT, INPUT, 3); from behind that behind the head.

    Args:
        picture: RGB, (S, S, 3) uint8.
        placed: Where its head is.
        landmarks: Of a body, metres, (5, 3).
        fov: Degrees across the picture.
    """
    centre, side = face_square(landmarks, behind=placed.turned > 90.0)
    right, down, forward = placed.rotation @ (centre.double().numpy() - placed.middle)
    size = len(picture)
    distance = 0.5 * size / np.tan(np.radians(0.5 * fov)) / placed.scale
    nearer = distance / (distance + forward)
    shown = placed.there + placed.scale * np.array([right, down])
    x, y = 0.5 * size + nearer * (shown - 0.5 * size)
    roll = np.arctan2(placed.rotation[0, 1], -placed.rotation[1, 1])
    step = nearer * placed.scale * side / INPUT
    along, across = step * np.cos(roll), step * np.sin(roll)
    image = Image.fromarray(picture)
    cut = image.transform(
        (INPUT, INPUT),
        Image.Transform.AFFINE,
        (
            *(along, -across, x - 0.5 * INPUT * (along - across)),
            *(across, along, y - 0.5 * INPUT * (across + along)),
        ),
        resample=Image.Resampling.BICUBIC,
        fillcolor=image.getpixel((0, 0)),
    )
    return np.asarray(cut)


def heads(folder: Path) -> Iterator[tuple[float, np.ndarray, np.ndarray, float]]:
    """Of every head: degrees from the front, picture, keypoints of the face, field of view."""
    for path in sorted(folder.glob("shard_*.npz")):
        with np.load(path) as shard:
            chosen = np.flatnonzero(shard["framing"] == HEAD)
            azimuths, pictures = shard["azimuth"][chosen], shard["images"][chosen]
            keypoints = shard["keypoints"][chosen][:, FACE].astype(float)
            fovs = shard["fov"][chosen].tolist()
        angles = np.abs((azimuths + 180.0) % 360.0 - 180.0)
        yield from zip(angles.tolist(), pictures, keypoints, fovs, strict=True)


def main() -> None:
    """Print one line for each side, and one for those who look at the camera."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="the held-out set")
    options = parser.parse_args()
    body = load_body(BODY)
    landmarks, detector = body.vertices[body.landmarks], FaceDetector()
    found: dict[str, list[float]] = {name: [] for name in (*SIDES, FACING)}
    for angle, picture, keypoints, fov in heads(options.folder):
        placed = place(keypoints, landmarks)
        presence = detector.presence(close_up(picture, placed, landmarks, fov))
        side = next(name for name, (low, high) in SIDES.items() if low <= angle <= high)
        found[side].append(presence)
        if placed.turned <= FACING_WITHIN:
            found[FACING].append(presence)
    for name, values in found.items():
        seen = np.array(values or [np.nan])
        print(
            f"{name}: a face in {(seen >= FOUND).sum()} of {len(values)}, "
            f"presence {seen.min():.3f} to {seen.max():.3f}, mean {seen.mean():.3f}"
        )


if __name__ == "__main__":
    main()
