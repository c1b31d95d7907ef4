"""The .ply of 3D Gaussian Splatting, for SuperSplat, Blender add-ons, Unity and web viewers.

Property names, order and parametrisation are those of the original 3DGS release with spherical
harmonics of degree 0. Its scenes come from COLMAP, whose y axis points down, and viewers expect
that; so the avatar is turned by 180 degrees about x, which is upright and face to face in them.
"""

from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from scipy.spatial.transform import Rotation
from torch import Tensor

from gaussianmotion.body.poses import named_pose
from gaussianmotion.rendering.subject import load_subject
from gaussianmotion.runtime.atomic import atomic_path

PROPERTIES = (
    *("x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2", "opacity"),
    *("scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"),
)
# Value of the constant spherical harmonic, 1 / (2 sqrt(pi)): rgb = 0.5 + SH0 * f_dc.
SH0 = 0.28209479177387814


def export_ply(
    avatar_path: Path, out_path: Path, pose: str = "star", up: Literal["-y", "y"] = "-y"
) -> int:
    """Write an avatar in one pose as a 3DGS .ply.

    Args:
        avatar_path: An avatar file.
        out_path: The .ply to write or to replace.
        pose: A name of ``body.poses``.
        up: ``-y`` as viewers of 3DGS files expect, or ``y`` to keep the project's axes.

    Returns:
        The number of Gaussians.

    Raises:
        UserError: the avatar cannot be read, the pose is unknown, or the file cannot be written.
    """
    subject = load_subject(avatar_path)
    means, covars = subject.splats(named_pose(pose)[None])
    avatar = subject.avatar
    rows = ply_rows(means[0], covars[0], avatar.rgb.detach(), avatar.opacities.detach(), up)
    header = "".join(
        (
            "ply\nformat binary_little_endian 1.0\n",
            f"element vertex {len(rows)}\n",
            *(f"property float {name}\n" for name in PROPERTIES),
            "end_header\n",
        )
    )
    with atomic_path(out_path) as temporary, open(temporary, "wb") as handle:
        handle.write(header.encode("ascii"))
        handle.write(rows.astype("<f4").tobytes())
    return len(rows)


def ply_rows(
    means: Float[Tensor, "N 3"],
    covars: Float[Tensor, "N 3 3"],
    colours: Float[Tensor, "N 3"],
    opacities: Float[Tensor, " N"],
    up: Literal["-y", "y"],
) -> Float[ndarray, "N 17"]:
    """The columns of :data:`PROPERTIES`.

    Blended skinning shears Gaussians, so axes and scales are read off the posed covariances
    (eigenvectors and square roots of eigenvalues), not off the canonical quaternions.

    Args:
        means: Posed centres, metres, y up.
        covars: Posed covariances, square metres.
        colours: RGB in [0, 1].
        opacities: In (0, 1).
        up: See :func:`export_ply`.
    """
    turn = torch.diag(torch.tensor([1.0, -1.0, -1.0] if up == "-y" else [1.0, 1.0, 1.0])).double()
    means64, covars64 = means.double().cpu() @ turn, turn @ covars.double().cpu() @ turn
    variances, axes = torch.linalg.eigh(covars64)
    axes = axes * torch.linalg.det(axes).sign()[:, None, None]  # a rotation, not a reflection
    log_scales = 0.5 * variances.clamp(min=1e-14).log()
    wxyz = Rotation.from_matrix(axes.numpy()).as_quat()[:, [3, 0, 1, 2]]
    # A logit of exactly 0 or 1 is infinite, which viewers do not survive.
    logits = torch.logit(opacities.double().cpu(), eps=1e-6)
    return np.column_stack(
        [
            means64.numpy(),
            np.zeros((len(means64), 3)),
            (colours.double().cpu().numpy() - 0.5) / SH0,
            logits.numpy(),
            log_scales.numpy(),
            wxyz,
        ]
    )
