"""The pictures of an avatar that geometry-1 judges, drawn as its videos are, with the cover kept.

Three sets, the same for every avatar on one body: the person standing, from eight sides; poses that
no training drew, one camera each; and close-ups of the head from the front and from behind.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray
from torch import Tensor

from gaussianmotion.body.joints import INDEX
from gaussianmotion.body.poses import named_pose
from gaussianmotion.camera import Cameras, orbit, turntable_azimuths
from gaussianmotion.config import PoseConfig, RenderConfig
from gaussianmotion.config.rendering import AntiAliasing
from gaussianmotion.pose.sampling import sample_poses
from gaussianmotion.rendering.cameras import fitted_orbit, select
from gaussianmotion.rendering.frame import BATCH, draw_layers, metres_per_pixel
from gaussianmotion.rendering.subject import Subject
from gaussianmotion.scores.geometry.settings import DrawnAlone
from gaussianmotion.splat import Backend

# A pixel is the person's where they cover half of it.
COVERED = 0.5
# Sides of the standing person: mirrored pairs, and the front and the back by themselves.
SIDES = 8
# Poses that no training sees: wider than training's, half of them with lowered arms, from a seed
# that is no seed of an experiment.
UNSEEN, UNSEEN_SEED = 8, 2**40
UNSEEN_POSES = PoseConfig(std=25.0, arms_down=0.5)
UNSEEN_ELEVATION = 10.0
# Pixels of the pictures in which shapes are compared, whatever the size of the experiment's own.
SHAPE_SIZE = 320
# The head's pictures: pixels, metres across, and a long lens, so that front and back have one
# outline.
HEAD_SIZE, HEAD_EXTENT, HEAD_FOV = 128, 0.4, 8.0


@dataclass(frozen=True)
class JudgedViews:
    """C pictures of one person.

    Attributes:
        colour: Straight RGB in [0, 1] (not multiplied by the cover); 0 where there is nobody.
        alpha: Cover in [0, 1].
        metres: Size of a pixel at the person's middle.
        poses: Axis-angle radians.
        cameras: C cameras.
    """

    colour: Float[ndarray, "C H W 3"]
    alpha: Float[ndarray, "C H W"]
    metres: float
    poses: Float[Tensor, "C 24 3"]
    cameras: Cameras

    @property
    def person(self) -> Bool[ndarray, "C H W"]:
        """Pixels that the person covers."""
        return self.alpha >= COVERED


def standing_views(
    subject: Subject, config: DrawnAlone | RenderConfig, backend: Backend = "auto"
) -> JudgedViews:
    """The A-pose from azimuths -180, -135 ... 135 at ``config.size`` pixels, at eye level."""
    pose = named_pose("a")
    points = subject.body.posed_vertices(pose[None].to(subject.device))[0].cpu()
    cameras = fitted_orbit(points, turntable_azimuths(SIDES), 0.0, config.size, config)
    return judged(subject, pose.expand(SIDES, 24, 3), cameras, config, backend)


def unseen_views(
    subject: Subject, config: DrawnAlone | RenderConfig, backend: Backend = "auto"
) -> JudgedViews:
    """:data:`UNSEEN` seeded poses, each from its own side, at :data:`SHAPE_SIZE` pixels."""
    generator = torch.Generator().manual_seed(UNSEEN_SEED)
    poses = sample_poses(UNSEEN, UNSEEN_POSES, generator)
    points = subject.body.posed_vertices(poses.to(subject.device)).reshape(-1, 3).cpu()
    # Between the sides of the standing views.
    azimuths = turntable_azimuths(UNSEEN) + 180.0 / UNSEEN
    cameras = fitted_orbit(points, azimuths, UNSEEN_ELEVATION, SHAPE_SIZE, config)
    return judged(subject, poses, cameras, config, backend)


def head_views(
    subject: Subject, config: DrawnAlone | RenderConfig, backend: Backend = "auto"
) -> JudgedViews:
    """Close-ups of the A-pose's head: the front, then the back."""
    pose = named_pose("a")
    head = subject.body.weights.argmax(dim=1) == INDEX["head"]
    points = subject.body.posed_vertices(pose[None].to(subject.device))[0][head].cpu()
    middle = 0.5 * (points.amin(dim=0) + points.amax(dim=0))
    middle[0] = 0.0  # the plane of symmetry
    distance = 0.5 * HEAD_EXTENT / np.tan(np.radians(0.5 * HEAD_FOV))
    cameras = orbit(
        torch.tensor([0.0, 180.0]),
        torch.zeros(2),
        torch.full((2,), float(distance)),
        torch.full((2,), HEAD_FOV),
        middle.expand(2, 3),
        HEAD_SIZE,
    )
    return judged(subject, pose.expand(2, 24, 3), cameras, config, backend)


def judged(
    subject: Subject,
    poses: Float[Tensor, "C 24 3"],
    cameras: Cameras,
    config: AntiAliasing,
    backend: Backend = "auto",
) -> JudgedViews:
    """Pose c seen by camera c."""
    colours, alphas = [], []
    for start in range(0, len(poses), BATCH):
        chosen = list(range(start, min(start + BATCH, len(poses))))
        some = select(cameras, chosen).to(subject.device)
        drawn = draw_layers(subject, poses[chosen].to(subject.device), some, config, backend)
        alpha = drawn.alpha.cpu()
        colours.append((drawn.rgb.cpu() / alpha.clamp(min=1e-3)).clamp(0.0, 1.0).numpy())
        alphas.append(alpha[..., 0].numpy())
    joints = subject.body.posed_joints(poses.to(subject.device)).cpu()
    return JudgedViews(
        colour=np.concatenate(colours),
        alpha=np.concatenate(alphas),
        metres=metres_per_pixel(joints, cameras),
        poses=poses,
        cameras=cameras,
    )
