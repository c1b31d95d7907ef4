"""An independent face detector: MediaPipe's face mesh, which never saw this project's pictures.

The model file ships in ``resources/face_detector``; its runtime is an optional dependency. In
MediaPipe a detector finds where a face might be, and the mesh says whether there is one. That
detector is left out: it fires on the backs of heads, too, and where the head is, is known here.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray
from PIL import Image
from torch import Tensor

from gaussianmotion.scores.face.settings import MODEL_PATH
from gaussianmotion.scores.tflite import TfliteNetwork

INPUT = 192
# MediaPipe's own limit of the presence from which it calls it a face.
FOUND = 0.5
# Side of what the model is shown, in distances of the ears: about that of MediaPipe's crops, 1.5
# times the box of its detector. At 1.05 and 1.4 it finds as many true faces that look into it.
CLOSE_UP = 1.25


class FaceDetector:
    """Says of a close-up whether it shows a face.

    Attributes:
        id: Name and start of the digest of the model.
        digest: SHA-256 of the model.
    """

    def __init__(self, model_path: Path = MODEL_PATH, threads: int = 1) -> None:
        """Load the model.

        Raises:
            UserError: the runtime is not installed, or the model file is missing or damaged.
        """
        # 468 points in space, and the logit of the presence.
        shapes = ((1, 1, 1, 468 * 3), (1, 1, 1, 1))
        self._network = TfliteNetwork(model_path, "face detector", INPUT, shapes, threads)
        self.id, self.digest = self._network.id, self._network.digest

    def presence(self, close_up: UInt8[ndarray, "S S 3"]) -> float:
        """The model's belief that there is a face, in [0, 1].

        Args:
            close_up: RGB, the square of :func:`face_square`, the head upright.
        """
        picture = Image.fromarray(close_up)
        if picture.size != (INPUT, INPUT):
            picture = picture.resize((INPUT, INPUT), Image.Resampling.BICUBIC)
        _, logit = self._network(np.asarray(picture))
        return float(1.0 / (1.0 + np.exp(-np.float64(logit.item()))))


def face_square(
    landmarks: Float[Tensor, "5 3"], behind: bool = False
) -> tuple[Float[Tensor, "3"], float]:
    """Centre and side, metres, of the square that the model is shown.

    The centre lies between the eyes, lowered to the tip of the nose.

    Args:
        landmarks: A body's nose, right eye, left eye, right ear, left ear, the head upright.
        behind: Mirrored at the ears: where a face on the back of the head would be, seen as large
            as the one in front.
    """
    nose, right_eye, left_eye, right_ear, left_ear = landmarks
    centre, ears = 0.5 * (right_eye + left_eye), 0.5 * (right_ear + left_ear)
    centre[1] = nose[1]
    if behind:
        centre[2] = 2.0 * ears[2] - centre[2]
    return centre, CLOSE_UP * float((left_ear - right_ear).norm())
