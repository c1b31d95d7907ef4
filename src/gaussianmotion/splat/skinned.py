"""Linear blend skinning of Gaussians: centres and covariances in one step (eq. 3)."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.splat.covariance import covariances


def skin_gaussians(
    means: Float[Tensor, "N 3"],
    quats: Float[Tensor, "N 4"],
    scales: Float[Tensor, "N 3"],
    weights: Float[Tensor, "N J"],
    transforms: Float[Tensor, "B J 4 4"],
) -> tuple[Float[Tensor, "B N 3"], Float[Tensor, "B N 3 3"]]:
    """Pose canonical Gaussians; differentiable in all five inputs.

    Args:
        means: Canonical centres, metres.
        quats: Canonical rotations as wxyz quaternions, not necessarily normalised.
        scales: Standard deviations along the Gaussians' axes, metres.
        weights: Skinning weights.
        transforms: Canonical-to-posed transforms of the joints; the last row is not read.

    Returns:
        Posed centres (B, N, 3) and covariances (B, N, 3, 3).
    """
    return skin_gaussians_torch(means, quats, scales, weights, transforms)


def skin_gaussians_torch(
    means: Float[Tensor, "N 3"],
    quats: Float[Tensor, "N 4"],
    scales: Float[Tensor, "N 3"],
    weights: Float[Tensor, "N J"],
    transforms: Float[Tensor, "B J 4 4"],
) -> tuple[Float[Tensor, "B N 3"], Float[Tensor, "B N 3 3"]]:
    """The same in plain torch: for CUDA, for float64, and to test the fused kernel against."""
    blended = torch.einsum("nj,bjrc->bnrc", weights, transforms[:, :, :3])
    posed = (blended[..., :3] @ means[:, :, None])[..., 0] + blended[..., 3]
    return posed, covariances(quats, scales, blended[..., :3])
