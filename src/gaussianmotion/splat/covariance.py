"""Covariances of Gaussians from their rotation and scale, and under a linear map."""

import torch
from jaxtyping import Float
from torch import Tensor


def rotation_matrices(quats: Float[Tensor, "N 4"]) -> Float[Tensor, "N 3 3"]:
    """Rotations from quaternions.

    Args:
        quats: Quaternions wxyz, not necessarily normalised.
    """
    w, x, y, z = torch.nn.functional.normalize(quats, dim=-1).unbind(dim=-1)
    rows = [
        torch.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], dim=-1),
        torch.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], dim=-1),
        torch.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], dim=-1),
    ]
    return torch.stack(rows, dim=-2)


def covariances(
    quats: Float[Tensor, "N 4"],
    scales: Float[Tensor, "N 3"],
    transforms: Float[Tensor, "B N 3 3"] | None = None,
) -> Float[Tensor, "B N 3 3"]:
    """Covariances (T R S)(T R S)^T, positive semidefinite by construction; B is 1 without T.

    Args:
        quats: Rotations as wxyz quaternions, not necessarily normalised.
        scales: Standard deviations along the Gaussian's own axes, metres.
        transforms: Linear parts of the skinning transforms. Not orthonormal where weights blend, so
            they apply to the square root: eq. 3 of the paper.
    """
    root = (rotation_matrices(quats) * scales[:, None, :])[None]
    if transforms is not None:
        root = transforms @ root
    return root @ root.transpose(-1, -2)
