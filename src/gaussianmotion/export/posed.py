"""An avatar in one pose as plain splats, and the moments of motions that files can hold."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from scipy.spatial.transform import Rotation
from torch import Tensor

from gaussianmotion.body.poses import named_pose
from gaussianmotion.pose.motion import load_motion
from gaussianmotion.rendering.subject import Subject
from gaussianmotion.runtime.errors import UserError

# Metres; a Gaussian that skinning flattens to nothing keeps a logarithm.
THINNEST = 1e-7


@dataclass(frozen=True, eq=False)
class Splats:
    """N Gaussians as all file formats know them: y up, metres, float64.

    Attributes:
        means: Centres.
        scales: Standard deviations along the axes.
        quats: Rotations of the axes, wxyz, unit.
        rgb: Colours in [0, 1], as they are shown (sRGB).
        opacities: In [0, 1].
    """

    means: Float[ndarray, "N 3"]
    scales: Float[ndarray, "N 3"]
    quats: Float[ndarray, "N 4"]
    rgb: Float[ndarray, "N 3"]
    opacities: Float[ndarray, " N"]

    def __len__(self) -> int:
        return len(self.means)


@dataclass(frozen=True, eq=False)
class Moment:
    """A pose and where it stands.

    Attributes:
        pose: Axis-angle joint rotations in radians.
        translation: Metres.
    """

    pose: Float[Tensor, "24 3"]
    translation: Float[Tensor, "3"]


def standing(pose: str) -> Moment:
    """A named pose at the origin.

    Raises:
        UserError: there is no such pose.
    """
    return Moment(named_pose(pose), torch.zeros(3))


def moving(motion: str, frame: int | None = None, every: int = 1) -> list[Moment]:
    """Frames of a motion: one of them, or every ``every``-th.

    Args:
        motion: Name of a bundled clip, or path of a motion file.
        frame: From 0; None for all.
        every: Step between frames.

    Raises:
        UserError: the motion cannot be read, or has no such frame.
    """
    clip = load_motion(motion)
    if frame is not None and not 0 <= frame < len(clip):
        raise UserError(
            f"{clip.name} has no frame {frame}: its frames are 0 to {len(clip) - 1} "
            f"({clip.fps:g} a second)"
        )
    chosen = range(0, len(clip), every) if frame is None else [frame]
    return [Moment(clip.poses[index], clip.translation[index]) for index in chosen]


def posed_splats(subject: Subject, moment: Moment) -> Splats:
    """The avatar's Gaussians at a moment.

    Blended skinning shears Gaussians, so axes and scales are read off the posed covariances
    (eigenvectors and square roots of eigenvalues), not off the canonical quaternions.
    """
    means, covars = subject.splats(moment.pose[None].to(subject.device))
    where = means[0].double().cpu() + moment.translation.double()
    variances, axes = torch.linalg.eigh(covars[0].double().cpu())
    axes = axes * torch.linalg.det(axes).sign()[:, None, None]  # a rotation, not a reflection
    xyzw = Rotation.from_matrix(axes.numpy()).as_quat()
    avatar = subject.avatar
    return Splats(
        means=where.numpy(),
        scales=variances.clamp(min=THINNEST**2).sqrt().numpy(),
        quats=xyzw[:, [3, 0, 1, 2]],
        rgb=avatar.rgb.detach().double().cpu().numpy(),
        opacities=avatar.opacities.detach().double().cpu().numpy(),
    )


def upside_down(splats: Splats) -> Splats:
    """Turned by 180 degrees about x: y down, z away, as files of COLMAP's scenes are."""
    turn = Rotation.from_euler("x", 180, degrees=True)
    turned = turn * Rotation.from_quat(splats.quats[:, [1, 2, 3, 0]])
    return Splats(
        means=splats.means * np.array([1.0, -1.0, -1.0]),
        scales=splats.scales,
        quats=turned.as_quat()[:, [3, 0, 1, 2]],
        rgb=splats.rgb,
        opacities=splats.opacities,
    )
