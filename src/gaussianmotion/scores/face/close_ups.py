"""Close-ups of an avatar's head, and what the face detector says of them.

The protocol is that of :mod:`.face_score`.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from numpy import ndarray

from gaussianmotion.body.poses import named_pose
from gaussianmotion.camera import orbit
from gaussianmotion.rendering.frame import draw_sequence
from gaussianmotion.rendering.subject import Subject
from gaussianmotion.scores.face.detector import FOUND, INPUT, FaceDetector, face_square
from gaussianmotion.scores.face.settings import FaceSettings

POSE = "a"
# Degrees: the front, and behind the head as a control.
FRONTS, BACKS = (-20.0, 0.0, 20.0), (160.0, 180.0, 200.0)
# Metres from the camera to the face, or to where one behind would be: in the middle of where
# training's close-ups are taken from (0.4 to 0.7), so that noses are as large as they were learnt.
DISTANCE = 0.5
DECIMALS = 4


def measure(
    subject: Subject, detector: FaceDetector, settings: FaceSettings
) -> tuple[dict[str, float], dict[str, Any]]:
    """All numbers of :mod:`.face_score`, and the presence of a face in each close-up."""
    presence = np.array([detector.presence(picture) for picture in close_ups(subject, settings)])
    fronts, backs = presence[: len(FRONTS)], presence[len(FRONTS) :]
    values = {
        "face_front": float((fronts >= FOUND).mean()),
        "face_back": float((backs >= FOUND).mean()),
        "face_presence": float(fronts.mean()),
    }
    details = {
        "pose": POSE,
        "size": INPUT,
        "distance": DISTANCE,
        "found_from": FOUND,
        "presence": [
            {"azimuth": azimuth, "presence": round(float(value), DECIMALS)}
            for azimuth, value in zip((*FRONTS, *BACKS), presence, strict=True)
        ],
    }
    return {name: round(value, DECIMALS) for name, value in values.items()}, details


def close_ups(subject: Subject, settings: FaceSettings) -> Iterator[UInt8[ndarray, "S S 3"]]:
    """The face from in front, then the head from behind, at the detector's own size.

    So no picture is resampled, and the avatar is judged alike whatever it was trained on and
    whatever is rendered of it; splats are widened for the close-up as for any picture.
    """
    azimuths = torch.tensor([*FRONTS, *BACKS])
    count = len(azimuths)
    poses = named_pose(POSE).expand(count, 24, 3)
    vertices = subject.body.posed_vertices(poses[:1].to(subject.device))[0].cpu()
    landmarks = vertices[subject.body.landmarks.cpu()]
    face, side = face_square(landmarks)
    behind, _ = face_square(landmarks, behind=True)
    targets = [face.expand(len(FRONTS), 3), behind.expand(len(BACKS), 3)]
    fov = 2.0 * math.degrees(math.atan(0.5 * side / DISTANCE))
    cameras = orbit(
        azimuths,
        torch.zeros(count),
        torch.full((count,), DISTANCE),
        torch.full((count,), fov),
        torch.cat(targets),
        INPUT,
    )
    still = torch.zeros(count, 3)
    return draw_sequence(subject, poses, still, cameras, None, settings.render, settings.rasteriser)
