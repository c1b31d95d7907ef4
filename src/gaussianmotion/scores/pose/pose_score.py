"""Does the avatar take the pose and the orientation asked for? Protocol pose-1.

N frames, half of them of the bundled walk and half of the bundled dance, evenly spaced over each
motion, each seen from another side, so that all sides are seen equally often; on the plain
background at :data:`SIZE` pixels. A pose detector that never saw this project's pictures
(BlazePose) says where the joints are and which way the person faces; that is compared with what
drove the avatar.

* pck: share of the twelve large joints found within 0.2 torsos of the driving joint.
* torso_error: mean distance, in torsos, where a person was found.
* orientation: share of frames in which the person faces the way asked for, within 45 degrees; in
  ``details`` by the side that is shown. An avatar that looks the same from in front and behind
  fails on one of them. The detector reads feet and elbows, too, so that a face on the back of an
  otherwise right head hardly misleads it: ``front_back`` of geometry-1 is for that.

The detector errs, too; a mannequin painted by hand, on the same body in the same frames, is the
ceiling in ``details``. It is the same for all avatars, so it is kept in the user's cache folder.
"""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from gaussianmotion.camera import Cameras
from gaussianmotion.config import Config
from gaussianmotion.errors import UserError
from gaussianmotion.pipeline.stages import stage_sources
from gaussianmotion.pose.motion import load_motion
from gaussianmotion.rendering.cameras import fitted_orbit
from gaussianmotion.rendering.clip import VERTEX_STRIDE
from gaussianmotion.rendering.frame import draw_sequence
from gaussianmotion.rendering.subject import Subject, load_subject
from gaussianmotion.runtime.atomic import write_json
from gaussianmotion.runtime.digest import file_sha256
from gaussianmotion.scores.pose.detector import MODEL_PATH, PRESENT, SMPL_JOINTS, PoseDetector
from gaussianmotion.scores.pose.mannequin import mannequin
from gaussianmotion.scores.pose.orientation import RIGHT_WITHIN as DEGREES
from gaussianmotion.scores.pose.orientation import agreement, facing
from gaussianmotion.scores.pose.pose_agreement import RIGHT_WITHIN, compare, torso_length
from gaussianmotion.scores.score_file import ScoreFile, Value, input_digests

PROTOCOL = "pose-1"
AVATAR = "avatar.safetensors"
MOTIONS = ("walk", "dance")
FRAMES = 12  # of each
SIZE = 256
ELEVATION = 5.0
# Steps around the person from one frame to the next: neighbours in time are not neighbours in view.
STRIDE = 5
MEANINGS = {
    "pck": ("pck", "", "higher"),
    "torso_error": ("mean_error_torsos", "torsos", "lower"),
    "orientation": ("orientation", "", "higher"),
}


def score_pose(run: Path, config: Config, device: torch.device | str = "cpu") -> ScoreFile:
    """Score the avatar in a run's folder.

    Args:
        run: Folder with ``avatar.safetensors``.
        config: ``render`` (lens, margins, background, anti-aliasing), ``rasteriser``, ``threads``.
        device: Where to render; the detector runs on the CPU.

    Raises:
        UserError: avatar, body or detector is missing or damaged.
    """
    path = Path(run) / AVATAR
    detector = PoseDetector(threads=config.threads)
    subject = load_subject(path, device)
    result = judge(subject, detector, config)
    return ScoreFile(
        score="pose",
        title="Pose agreement, BlazePose full",
        protocol=PROTOCOL,
        n=result["frames"],
        model=detector.id.partition(":")[0],
        model_digest=file_sha256(MODEL_PATH),
        values={
            name: Value(value=result[key], unit=unit, better=better)
            for name, (key, unit, better) in MEANINGS.items()
            if result[key] is not None
        },
        inputs=input_digests([path], Path(run)),
        details={
            "motions": list(MOTIONS),
            "size": SIZE,
            "right_within_torsos": RIGHT_WITHIN,
            "right_within_degrees": DEGREES,
            "avatar": result,
            "ceiling": ceiling(subject, detector, config),
        },
    )


def judge(subject: Subject, detector: PoseDetector, config: Config) -> dict[str, Any]:
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
    subject: Subject, motion: str, first_azimuth: float, config: Config
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


def ceiling(subject: Subject, detector: PoseDetector, config: Config) -> dict[str, Any]:
    """The mannequin's figures in the same frames, from the cache where they are known."""
    path = _cache_path(subject, detector, config)
    try:
        known = json.loads(path.read_bytes())
        if isinstance(known, dict) and all(key in known for key, _, _ in MEANINGS.values()):
            return known
    except (OSError, ValueError):
        pass
    figure = mannequin(subject.body.to("cpu")).to(subject.device)
    found = judge(replace(subject, avatar=figure, digest="mannequin"), detector, config)
    with suppress(OSError, UserError):  # no cache is no reason to lose a score
        write_json(path, found)
    return found


def _cache_path(subject: Subject, detector: PoseDetector, config: Config) -> Path:
    """Named after all that decides the ceiling, the sources included."""
    facts = [
        *(PROTOCOL, subject.body.id, subject.training_size, subject.device.type, detector.id),
        config.rasteriser,
        config.render.model_dump(mode="json"),
        [file_sha256(source) for source in stage_sources("score_pose")],
    ]
    key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return folder / "gaussianmotion" / f"pose_ceiling_{key}.json"
