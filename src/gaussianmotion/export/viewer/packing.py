"""Gaussians as 48 bytes each: what the page's vertex shader reads as three texels of four words.

Words are little-endian uint32, the lower half first:

    texel 0    x, y | z, opacity | scale 0, scale 1 | scale 2, trained pixel
    texel 1    qw, qx | qy, qz | red, green | blue, 0
    texel 2    eight influences: upper 11 bits weight (steps of 1/2047), lower 5 bits joint

Positions and logarithms of scales are spread over the avatar's own range, so 16 bits are 0.03 mm
and 0.01 %. Eight joints, not glTF's four: on the open body four would move a vertex by up to 16 mm
in the bundled clips, eight by 0.0002 mm.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, UInt32
from numpy import ndarray
from torch import Tensor

from gaussianmotion.avatar.gaussians import Avatar

WORDS = 12
MOST_JOINTS = 8
WEIGHT_STEPS = 2047
_FULL = 65535


@dataclass(frozen=True)
class Records:
    """Packed Gaussians and the ranges that unpack them.

    Attributes:
        words: Shape (N, 12).
        low: Least x, y, z, metres.
        high: Greatest x, y, z, metres.
        log_scales: Least and greatest natural logarithm of a scale in metres.
        trained_pixel: Greatest pixel that one was trained on, metres.
    """

    words: UInt32[ndarray, "N 12"]
    low: tuple[float, ...]
    high: tuple[float, ...]
    log_scales: tuple[float, float]
    trained_pixel: float


def pack(
    avatar: Avatar, weights: Float[Tensor, "N J"], trained_pixel: Float[Tensor, " N"]
) -> Records:
    """Canonical Gaussians with their blend weights.

    A Gaussian without any weight, which the rasteriser draws at the origin without a size, gets
    opacity 0.

    Args:
        avatar: On any device.
        weights: Of eq. 4, at most 32 joints.
        trained_pixel: Of :class:`~gaussianmotion.rendering.subject.Subject`, metres.
    """
    with torch.no_grad():
        means = avatar.means.double().cpu().numpy()
        quats = torch.nn.functional.normalize(avatar.quats.double(), dim=-1).cpu().numpy()
        scales = avatar.log_scales.double().cpu().numpy()
        opacities = avatar.opacities.double().cpu().numpy()
        rgb = avatar.rgb.double().cpu().numpy()
    low, high = means.min(axis=0), means.max(axis=0)
    least, most = float(scales.min()), float(scales.max())
    pixels = trained_pixel.double().cpu().numpy()
    coarsest = float(pixels.max())
    influences, empty = pack_influences(weights)
    halves = np.zeros((len(means), 2 * WORDS), np.uint16)
    halves[:, 0:3] = _spread(means, low, high)
    halves[:, 3] = _spread(np.where(empty, 0.0, opacities), 0.0, 1.0)
    halves[:, 4:7] = _spread(scales, least, most)
    halves[:, 7] = _spread(pixels, 0.0, coarsest)
    halves[:, 8:12] = np.round(quats * 32767.0) + 32767.0
    halves[:, 12:15] = _spread(rgb, 0.0, 1.0)
    halves[:, 16:24] = influences
    words = halves.astype("<u2").view("<u4")
    return Records(words, tuple(low.tolist()), tuple(high.tolist()), (least, most), coarsest)


def pack_influences(weights: Float[Tensor, "N J"]) -> tuple[ndarray, ndarray]:
    """The eight largest weights of each row, and which rows have none at all.

    Returns:
        uint16 (N, 8) with unused entries 0, and bool (N,).
    """
    joints = weights.shape[1]
    kept = min(MOST_JOINTS, joints)
    largest, index = weights.double().cpu().topk(kept, dim=1)
    total = largest.sum(dim=1, keepdim=True)
    shares = (largest / total.clamp(min=1e-8)).numpy()
    steps = np.round(shares * WEIGHT_STEPS).astype(np.uint16)
    packed = np.zeros((len(weights), MOST_JOINTS), np.uint16)
    packed[:, :kept] = np.where(steps > 0, (steps << 5) | index.numpy().astype(np.uint16), 0)
    return packed, (total[:, 0] < 1e-6).numpy()


def _spread(values: ndarray, low: ndarray | float, high: ndarray | float) -> ndarray:
    """Numbers of a range as 16 bits."""
    width = np.maximum(np.asarray(high) - np.asarray(low), 1e-12)
    return np.round((values - low) / width * _FULL)
