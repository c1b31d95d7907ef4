"""An independent pose detector: BlazePose, which never saw this project's pictures.

The model file ships in ``resources/pose_detector``; its runtime is an optional dependency. It
expects a crop around one person: the whole picture first, then, as MediaPipe does in videos, the
circle around the person that the model itself reports.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray
from PIL import Image

from gaussianmotion.body.joints import INDEX
from gaussianmotion.scores.tflite import TfliteNetwork

_RESOURCES = Path(__file__).resolve().parents[4] / "resources"
MODEL_PATH = _RESOURCES / "pose_detector" / "pose_landmark_full.tflite"
# What is compared, in the order of all arrays here: left and right alternate.
NAMES = tuple(
    f"{side}_{part}"
    for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    for side in ("left", "right")
)
SMPL_JOINTS = tuple(INDEX[name] for name in NAMES)
# BlazePose counts the same twelve consecutively, except that 17-22 are fingers.
LANDMARKS = (11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)
INPUT = 256
# Auxiliary landmarks: the middle of the hips, and a point on the circle around the whole person.
CENTRE, RIM = 33, 34
ROOM = 1.25  # MediaPipe's factor on that circle
REFINEMENTS = 2
PRESENT = 0.5


@dataclass(frozen=True)
class Detection:
    """What the model says of one picture.

    Attributes:
        pixels: Joints of :data:`NAMES`, (u, v).
        space: The same in metres about the hips, in the camera's axes: right, down, forward.
        presence: Its belief that a person is there, in [0, 1].
    """

    pixels: Float[ndarray, "12 2"]
    space: Float[ndarray, "12 3"]
    presence: float


class PoseDetector:
    """Finds the twelve large joints of the one person in a picture."""

    def __init__(self, model_path: Path = MODEL_PATH, threads: int = 1) -> None:
        """Load the model.

        Raises:
            UserError: the runtime is not installed, or the model file is missing or damaged.
        """
        shapes = ((1, 39 * 5), (1, 1), (1, 39 * 3))
        self._network = TfliteNetwork(model_path, "pose detector", INPUT, shapes, threads)
        self.id = self._network.id

    def detect(self, image: UInt8[ndarray, "H W 3"]) -> tuple[Float[ndarray, "12 2"], float]:
        """Joints of :data:`NAMES` in pixels (u, v), and the model's belief that a person is there.

        Args:
            image: RGB, one person.
        """
        found = self.look(image)
        return found.pixels, found.presence

    def look(self, image: UInt8[ndarray, "H W 3"]) -> Detection:
        """Everything that is used of the model's answer.

        Args:
            image: RGB, one person.
        """
        height, width, _ = image.shape
        picture = Image.fromarray(image)
        side = float(max(height, width))
        centre = np.array([0.5 * width, 0.5 * height])
        for _ in range(1 + REFINEMENTS):
            points, space, presence = self._run(picture, centre, side)
            if presence < PRESENT:
                break
            radius = float(np.hypot(*(points[RIM] - points[CENTRE])))
            if radius < 0.05 * side:
                break
            centre, side = points[CENTRE], 2.0 * ROOM * radius
        return Detection(points[list(LANDMARKS)], space[list(LANDMARKS)], presence)

    def _run(
        self, picture: Image.Image, centre: Float[ndarray, "2"], side: float
    ) -> tuple[Float[ndarray, "39 2"], Float[ndarray, "39 3"], float]:
        left, top = centre - 0.5 * side
        scale = side / INPUT
        # White outside: the ground of the pictures, and what photographs of one person have.
        crop = picture.transform(
            (INPUT, INPUT),
            Image.Transform.AFFINE,
            (scale, 0.0, left, 0.0, scale, top),
            resample=Image.Resampling.BICUBIC,
            fillcolor=picture.getpixel((0, 0)),
        )
        landmarks, presence, space = self._network(np.asarray(crop))
        points = landmarks.reshape(39, 5)[:, :2].astype(np.float64) * scale + [left, top]
        return points, space.reshape(39, 3).astype(np.float64), float(presence[0, 0])
