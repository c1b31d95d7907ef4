"""Pictures that no stage leaves behind: poses of a motion, and sharp stills."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy import ndarray
from torch import Tensor

from gaussianmotion.body.posed_body import PosedBody
from gaussianmotion.body.poses import named_pose
from gaussianmotion.camera import Cameras
from gaussianmotion.config.motion import MotionSource
from gaussianmotion.config.stages import FigureSettings
from gaussianmotion.pipeline.experiment_files import motion_name
from gaussianmotion.pose.motion import load_motion
from gaussianmotion.pose.openpose import pose_image
from gaussianmotion.rendering.cameras import fitted_orbit, moved, select
from gaussianmotion.rendering.filming import film, prepare
from gaussianmotion.rendering.frame import draw_sequence, metres_per_pixel
from gaussianmotion.rendering.subject import Subject, load_subject

Picture = UInt8[ndarray, "H W 3"]
# Where in a clip, or in one cycle of it, the shown poses are: strides, blows, raised legs.
MOMENTS = (0.15, 0.42, 0.6, 0.85)


@dataclass(frozen=True)
class MotionMoment:
    """One pose of a motion.

    Attributes:
        motion: Name of a bundled clip, or file.
        share: Of the clip, or of one cycle of a cyclic one.
    """

    motion: MotionSource
    share: float

    @property
    def name(self) -> str:
        """What the motion is called."""
        return motion_name(self.motion)


def moments(motions: Sequence[MotionSource], count: int = 4) -> list[MotionMoment]:
    """``count`` poses from all of the motions in turn, no pose twice."""
    return [
        MotionMoment(motions[i % len(motions)], MOMENTS[i % len(MOMENTS)]) for i in range(count)
    ]


class Studio:
    """One avatar in front of the cameras of the configuration.

    Raises:
        UserError: the avatar or its body cannot be read.
    """

    def __init__(self, avatar: Path, config: FigureSettings, device: str) -> None:
        self.subject: Subject = load_subject(avatar, device)
        self._config = config

    def still(self, azimuth: float | int = 0.0, scale: int = 1) -> Picture:
        """A still as ``views`` renders it, ``scale`` times as sharp, on the plain background.

        Args:
            azimuth: Degrees, 0 in front.
        """
        render = self._config.render
        pose = named_pose(render.pose).to(self.subject.device)
        points = self.subject.body.posed_vertices(pose[None])[0].cpu()
        cameras = fitted_orbit(
            points, torch.tensor([float(azimuth)]), render.elevation, render.size * scale, render
        )
        return self._draw(pose[None], torch.zeros(1, 3), cameras)[0]

    def metres(self, moments: list[MotionMoment]) -> list[float]:
        """How many metres the pictures of :meth:`posed` are wide, at the person."""
        widths = []
        for moment in moments:
            pose, translation, cameras = self._shot(moment)
            joints = self.subject.body.posed_joints(pose)
            widths.append(metres_per_pixel(joints, moved(cameras, -translation)) * cameras.width)
        return widths

    def posed(self, moments: list[MotionMoment]) -> list[Picture]:
        """The avatar in poses of motions, seen as in the videos, without their floor."""
        return [self._draw(*self._shot(moment))[0] for moment in moments]

    def pose_pictures(self, moments: list[MotionMoment]) -> list[Picture]:
        """The OpenPose pictures of the same poses and cameras."""
        pictures = []
        for moment in moments:
            pose, translation, cameras = self._shot(moment)
            drawn = pose_image(PosedBody.of(self.subject.body, pose), moved(cameras, -translation))[
                0
            ]
            pictures.append((drawn * 255.0).round().byte().permute(1, 2, 0).cpu().numpy())
        return pictures

    def _shot(
        self, moment: MotionMoment
    ) -> tuple[Float[Tensor, "1 24 3"], Float[Tensor, "1 3"], Cameras]:
        render = self._config.render
        clip = prepare(load_motion(moment.motion), render)
        cameras, _ = film(clip, self.subject.body, render.size, render)
        length = len(clip) // max(1, clip.cycles)
        index = min(length - 1, int(moment.share * length))
        device = self.subject.device
        return (
            clip.poses[index : index + 1].to(device),
            clip.translation[index : index + 1].to(device),
            select(cameras, [index]).to(device),
        )

    def _draw(
        self, poses: Float[Tensor, "T 24 3"], translation: Float[Tensor, "T 3"], cameras: Cameras
    ) -> list[Picture]:
        frames = draw_sequence(
            self.subject,
            poses,
            translation,
            cameras,
            floor=None,
            config=self._config.render,
            backend=self._config.rasteriser,
        )
        return [np.asarray(frame) for frame in frames]
