"""What the face score reads, and its model: known to the score and to what computes it."""

from gaussianmotion.config.experiment import DrawingKeys
from gaussianmotion.config.rendering import Drawn
from gaussianmotion.runtime.shipped import REPOSITORY

MODEL_PATH = REPOSITORY / "resources/face_detector/face_landmark.tflite"


class FaceSettings(DrawingKeys):
    """What it reads."""

    render: Drawn = Drawn()
