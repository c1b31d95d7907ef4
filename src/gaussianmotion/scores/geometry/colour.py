"""Colours as people tell them apart: CIELAB, and blurs that stay inside the person."""

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from scipy import ndimage

# Linear sRGB to CIE XYZ (IEC 61966-2-1), and the white of D65.
_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]],
    dtype=np.float32,
)
_WHITE = _TO_XYZ.sum(axis=1)
_LINEAR_BELOW = (6.0 / 29.0) ** 3


def to_lab(rgb: Float[ndarray, "*shape 3"]) -> Float[ndarray, "*shape 3"]:
    """CIELAB (D65) of sRGB in [0, 1]: L* in 0..100, a* and b* about -100..100."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = linear.astype(np.float32) @ _TO_XYZ.T / _WHITE
    f = np.where(xyz > _LINEAR_BELOW, np.cbrt(xyz), xyz * (29.0 / 6.0) ** 2 / 3.0 + 4.0 / 29.0)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)


def chroma(lab: Float[ndarray, "*shape 3"]) -> Float[ndarray, "*shape"]:
    """C*ab: distance from grey, about 0 (grey) to 130 (pure sRGB blue)."""
    return np.hypot(lab[..., 1], lab[..., 2])


def difference(
    a: Float[ndarray, "*shape 3"], b: Float[ndarray, "*#shape 3"]
) -> Float[ndarray, "*shape"]:
    """Delta E of CIE 1976: 2 is just seen, 10 at a glance, 100 is black against white."""
    return np.linalg.norm(a - b, axis=-1)


def blur_within(
    image: Float[ndarray, "H W 3"], inside: Bool[ndarray, "H W"], sigma: float
) -> Float[ndarray, "H W 3"]:
    """Gaussian blur that takes from pixels ``inside`` only, so that no background comes in.

    Args:
        image: Any values; those outside are not read.
        inside: The person.
        sigma: Pixels.
    """
    weight = ndimage.gaussian_filter(inside.astype(np.float32), sigma)
    masked = np.where(inside[..., None], image, 0.0).astype(np.float32)
    total = ndimage.gaussian_filter(masked, (sigma, sigma, 0.0))
    return total / np.maximum(weight, 1e-6)[..., None]


def inner(mask: Bool[ndarray, "H W"], pixels: float) -> Bool[ndarray, "H W"]:
    """Pixels of a mask that are at least this far from its outline (and the picture's edge)."""
    framed = np.pad(mask, 1)
    return ndimage.distance_transform_edt(framed)[1:-1, 1:-1] > pixels
