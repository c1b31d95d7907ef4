"""The two terms that eq. 8 adds to score distillation."""

from jaxtyping import Float
from torch import Tensor


def scale_loss(scales: Float[Tensor, "N 3"], threshold: float) -> Float[Tensor, ""]:
    """Eq. 7: mean over Gaussians of max(largest axis, r) - r, metres.

    Pruning large Gaussians leaves holes that others must fill; this shrinks them in place, and
    leaves those below ``threshold`` alone.

    Args:
        scales: Standard deviations, metres.
        threshold: r, metres.
    """
    return (scales.amax(dim=1).clamp(min=threshold) - threshold).mean()


def skinning_loss(
    weights: Float[Tensor, "N J"], smpl_weights: Float[Tensor, "N J"]
) -> Float[Tensor, ""]:
    """L_skin of eq. 8: squared l2 distance between w and w_SMPL, mean over Gaussians."""
    return (weights - smpl_weights).square().sum(dim=1).mean()
