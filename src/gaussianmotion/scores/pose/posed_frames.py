"""The frames in which an avatar's pose is judged, what the detector says of them, and the ceiling.

The protocol is that of :mod:`.pose_score`.
"""

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from gaussianmotion.camera import Cameras
from gaussianmotion.pipeline.code import source_tree
from gaussianmotion.pose.motion import load_motion
from gaussianmotion.rendering.cameras import fitted_orbit
from gaussianmotion.rendering.filming import VERTEX_STRIDE
from gaussianmotion.rendering.frame import draw_sequence
from gaussianmotion.rendering.subject import Subject
from gaussianmotion.runtime.atomic import write_json
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.user_cache import user_cache
from gaussianmotion.scores.pose.detector import PRESENT, SMPL_JOINTS, PoseDetector
from gaussianmotion.scores.pose.mannequin import mannequin
from gaussianmotion.scores.pose.orientation import agreement, facing
from gaussianmotion.scores.pose.pose_agreement import compare, torso_length
from gaussianmotion.scores.pose.settings import PROTOCOL, PoseSettings

MOTIONS = ("walk", "dance")
FRAMES = 12  # of each
SIZE = 256
ELEVATION = 5.0
# Steps around the person from one frame to the next: neighbours in time are not neighbours in view.
STRIDE = 5
# Of :func:`measure`'s results those that are the score's numbers.
NUMBERS = {"pck": "pck", "torso_error": "mean_error_torsos", "orientation": "orientation"}


def measure(subject: Subject, detector: PoseDetector, config: PoseSettings) -> dict[str, Any]:
    """Draw the frames, detect, compare: ``pose_agreement.compare``'s figures and orientation's."""
    pixels, torsos, faces, found = [], [], [], []
    for number, name in enumerate(MOTIONS):
        poses, cameras = shots(subject, name, number * 180.0 / len(MOTIONS) / FRAMES, config)
        joints = subject.body.posed_joints(poses.to(subject.device)).cpu()
        pixels.append(cameras.project(joints)[:, list(SMPL_JOINTS), :2].double().numpy())
        torsos.append(torso_pixels(joints, cameras))
        rotated = joints @ cameras.viewmats[:, :3, :3].transpose(1, 2)
        faces.append(facing(rotated[:, list(SMPL_JOINTS)].double().numpy()))
        still = torch.zeros(len(poses), 3)
        drawn = draw_sequence(
            subject, poses, still, cameras, None, config.render, config.rasteriser
        )
        found += [detector.look(image) for image in drawn]
    seen = np.array([detection.presence >= PRESENT for detection in found])
    joints_found = np.stack([detection.pixels for detection in found])
    return {
        **compare(joints_found, np.concatenate(pixels), np.concatenate(torsos), seen),
        **agreement(
            facing(np.stack([detection.space for detection in found])), np.concatenate(faces), seen
        ),
    }


def shots(
    subject: Subject, motion: str, first_azimuth: float, config: PoseSettings
) -> tuple[Float[Tensor, "T 24 3"], Cameras]:
    """Poses of a bundled motion, standing on the spot, and a camera on another side for each."""
    clip = load_motion(motion)
    steps = np.arange(FRAMES) / FRAMES if clip.cyclic else np.linspace(0.0, 1.0, FRAMES)
    poses = clip.poses[[round(step * (len(clip) - 1)) for step in steps]]
    points = subject.body.posed_vertices(poses.to(subject.device))[:, ::VERTEX_STRIDE]
    turns = torch.arange(FRAMES) * STRIDE % FRAMES
    azimuths = turns * (360.0 / FRAMES) + first_azimuth
    cameras = fitted_orbit(points.reshape(-1, 3).cpu(), azimuths, ELEVATION, SIZE, config.render)
    return poses, cameras


def torso_pixels(joints: Float[Tensor, "T 24 3"], cameras: Cameras) -> Float[ndarray, " T"]:
    """Pixels of the person's torso at its distance from the camera, without foreshortening."""
    distance = cameras.project(joints)[:, 0, 2].double().numpy()
    return cameras.Ks[:, 1, 1].double().numpy() * torso_length(joints.double().numpy()) / distance


def ceiling(subject: Subject, detector: PoseDetector, config: PoseSettings) -> dict[str, Any]:
    """The mannequin's figures in the same frames, from the cache where they are known."""
    path = _cache_path(subject, detector, config)
    try:
        known = json.loads(path.read_bytes())
        if isinstance(known, dict) and all(key in known for key in NUMBERS.values()):
            return known
    except (OSError, ValueError):
        pass
    figure = mannequin(subject.body.to("cpu")).to(subject.device)
    # Whatever the scored avatar was trained with, all are compared with one mannequin.
    plain = Subject(figure, subject.body, subject.metadata, "mannequin", subject.training_size)
    found = measure(plain, detector, config)
    with suppress(OSError, UserError):  # no cache is no reason to lose a score
        write_json(path, found)
    return found


def _cache_path(subject: Subject, detector: PoseDetector, config: PoseSettings) -> Path:
    """Named after all that decides the ceiling, the sources included."""
    facts = [
        *(PROTOCOL, subject.body.id, subject.training_size, subject.device.type, detector.id),
        config.rasteriser,
        config.render.model_dump(mode="json"),
        source_tree().digest([__name__]),
    ]
    key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    return user_cache() / f"pose_ceiling_{key}.json"
