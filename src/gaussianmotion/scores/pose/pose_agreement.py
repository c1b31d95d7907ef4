"""Does an animated avatar keep the pose asked for? A pose detector that knows nothing of it says.

Protocol 1: N frames, evenly spaced over the motion, drawn as for its video but on the plain
background and at :data:`SIZE` pixels. The detector's twelve large joints are compared with the
driving joints, projected into the picture. Errors are in units of the person's torso (middle of
the shoulders to middle of the hips, in three dimensions, at its distance from the camera), so that
foreshortening does not change the unit. A joint is right (PCK) within 0.2 torsos. The detector's
idea of where a joint is differs from the body's by a few hundredths of a torso and it errs on
crossed and hidden limbs; so the same frames of a painted mannequin are scored beside the avatar's:
that is the ceiling.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from gaussianmotion.config import RenderConfig
from gaussianmotion.pose.motion import Motion, load_motion
from gaussianmotion.rendering.cameras import select
from gaussianmotion.rendering.filming import film, prepare
from gaussianmotion.rendering.frame import draw_sequence
from gaussianmotion.rendering.subject import Subject, load_subject
from gaussianmotion.runtime.atomic import write_json
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.pose.detector import NAMES, PRESENT, SMPL_JOINTS, PoseDetector
from gaussianmotion.scores.pose.mannequin import mannequin
from gaussianmotion.splat import Backend

PROTOCOL = 1
SIZE = 256
FRAMES = 24
RIGHT_WITHIN = 0.2  # torsos
# Left and right can be told apart in the picture where they are at least this far apart, torsos.
APART = 0.25


def pose_agreement(
    avatar_path: Path,
    motion: Motion | str,
    out_path: Path,
    config: RenderConfig,
    frames: int = FRAMES,
    backend: Backend = "auto",
    device: torch.device | str = "cpu",
) -> dict[str, Any]:
    """Score one avatar in one motion and write the result as JSON.

    Args:
        avatar_path: An avatar file.
        motion: A motion, or the name of a bundled one, or the path of an AMASS / SMPL .npz.
        out_path: The .json to write or to replace.
        config: As of the animation; its size is not read.
        frames: N.
        backend: As of ``splat.rasterise``.
        device: Where to render.

    Raises:
        UserError: avatar, body, motion or detector cannot be read, or N is too small.
    """
    if frames < 2:
        raise UserError(f"pose agreement needs at least 2 frames, not {frames}")
    detector = PoseDetector()
    if isinstance(motion, str):
        motion = load_motion(motion)
    subject = load_subject(avatar_path, device)
    result = {
        "score": "pose_agreement",
        "protocol": PROTOCOL,
        "model": detector.id,
        "prompt_id": subject.metadata.prompt_id,
        "prompt": subject.metadata.prompt,
        "seed": subject.metadata.seed,
        "avatar_sha256": subject.digest,
        "motion": motion.name,
        "motion_source": motion.source,
        "size": SIZE,
        "right_within_torsos": RIGHT_WITHIN,
        **score(subject, motion, detector, config, frames, backend),
    }
    model = Subject(
        avatar=mannequin(subject.body.to("cpu")).to(device),
        body=subject.body,
        metadata=subject.metadata,
        digest="mannequin",
        training_size=subject.training_size,
    )
    result["ceiling"] = score(model, motion, detector, config, frames, backend)
    write_json(out_path, result)
    return result


def score(
    subject: Subject,
    motion: Motion,
    detector: PoseDetector,
    config: RenderConfig,
    frames: int = FRAMES,
    backend: Backend = "auto",
) -> dict[str, Any]:
    """Draw frames, detect, compare; see the module's protocol."""
    clip = prepare(motion, config)
    cameras, _ = film(clip, subject.body, SIZE, config)
    # Of one cycle only: the others are the same frames again.
    length = len(clip) // max(1, clip.cycles)
    chosen = [round(index) for index in np.linspace(0, length - 1, min(frames, length))]
    poses, translation = clip.poses[chosen], clip.translation[chosen]
    some = select(cameras, chosen)
    joints = subject.body.posed_joints(poses.to(subject.device)).cpu() + translation[:, None]
    projected = some.project(joints)
    truth = projected[:, list(SMPL_JOINTS), :2].double().numpy()
    middle = projected[:, 0, 2].double().numpy()
    torso = some.Ks[:, 1, 1].double().numpy() * torso_length(joints.double().numpy()) / middle
    images = draw_sequence(subject, poses, translation, some, None, config, backend)
    found = [detector.detect(image) for image in images]
    seen = np.array([presence >= PRESENT for _, presence in found])
    return compare(np.stack([points for points, _ in found]), truth, torso, seen)


def torso_length(joints: Float[ndarray, "T 24 3"]) -> Float[ndarray, " T"]:
    """Middle of the shoulders to middle of the hips, metres."""
    ends = joints[:, list(SMPL_JOINTS)]
    return np.linalg.norm(ends[:, 0:2].mean(axis=1) - ends[:, 6:8].mean(axis=1), axis=-1)


def compare(
    found: Float[ndarray, "T 12 2"],
    truth: Float[ndarray, "T 12 2"],
    torso: Float[ndarray, " T"],
    seen: ndarray,
) -> dict[str, Any]:
    """Figures of detected against true joints.

    A frame in which the detector sees nobody counts as wrong in every joint; it is left out of the
    mean error, which has no value for it.

    Args:
        found: Detected joints in the order of ``NAMES``, pixels.
        truth: Driving joints, pixels.
        torso: Pixels per torso, per frame.
        seen: Whether the detector saw a person, per frame.

    Returns:
        N, PCK, mean and median error in torsos, per-joint PCK and mean error, and
        ``left_right``: of the pairs that lie apart in the picture, the share whose left joint was
        found nearer the true left than the true right, and the other way round.
    """
    error = np.linalg.norm(found - truth, axis=-1) / torso[:, None]
    right = (error < RIGHT_WITHIN) & seen[:, None]
    left_truth, right_truth = truth[:, 0::2], truth[:, 1::2]
    apart = np.linalg.norm(left_truth - right_truth, axis=-1) / torso[:, None] > APART
    straight = np.linalg.norm(found[:, 0::2] - left_truth, axis=-1) + np.linalg.norm(
        found[:, 1::2] - right_truth, axis=-1
    )
    crossed = np.linalg.norm(found[:, 0::2] - right_truth, axis=-1) + np.linalg.norm(
        found[:, 1::2] - left_truth, axis=-1
    )
    sides = ((straight < crossed) & seen[:, None])[apart]
    known = error[seen]
    return {
        "frames": len(found),
        "person_found": round(float(seen.mean()), 4),
        "pck": round(float(right.mean()), 4),
        "mean_error_torsos": round(float(known.mean()), 4) if len(known) else None,
        "median_error_torsos": round(float(np.median(known)), 4) if len(known) else None,
        "left_right": round(float(sides.mean()), 4) if len(sides) else None,
        "left_right_pairs": int(apart.sum()),
        "joints": {
            name: {
                "pck": round(float(right[:, index].mean()), 4),
                "mean_error_torsos": (
                    round(float(known[:, index].mean()), 4) if len(known) else None
                ),
            }
            for index, name in enumerate(NAMES)
        },
    }
