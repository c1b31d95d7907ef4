"""Which of the named colours a garment has in a picture.

Light and shade change a colour's lightness more than its hue: colours are compared in CIELAB with
lightness weighed down, against how each colour looks in true renders (:func:`calibrate`) rather
than against the flat palette.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

_LEAST_PIXELS = 24  # A region smaller than this shows no colour to speak of.
_LIGHTNESS = 0.7  # Weight of CIELAB's L beside a and b: shade changes L most.


def region_look(
    image: Float[np.ndarray, "H W 3"], region: Bool[np.ndarray, "H W"]
) -> NDArray[np.float64] | None:
    """CIELAB of a region, L weighed down; None where it is too small.

    Args:
        image: RGB in [0, 1].
        region: The garment's pixels.
    """
    pixels = image[region]
    if len(pixels) < _LEAST_PIXELS:
        return None
    # The median is deaf to a fringe of skin or ground where the picture misses the mask a little.
    return lab(np.median(pixels, axis=0))


def palette_looks(palette: Mapping[str, tuple[int, int, int]]) -> dict[str, NDArray[np.float64]]:
    """Colour name -> look of the flat colour."""
    return {name: lab(np.array(rgb) / 255.0) for name, rgb in palette.items()}


def calibrate(
    palette: Mapping[str, tuple[int, int, int]],
    observed: list[tuple[str, NDArray[np.float64]]],
) -> dict[str, NDArray[np.float64]]:
    """Looks of the colours as true renders show them; the flat colour where none was seen.

    Args:
        palette: Name -> RGB 0..255.
        observed: True name and :func:`region_look` of rendered garments.
    """
    looks = palette_looks(palette)
    for name in looks:
        seen = [look for colour, look in observed if colour == name]
        if len(seen) >= 3:
            looks[name] = np.median(seen, axis=0)
    return looks


def nearest_colour(look: NDArray[np.float64], looks: Mapping[str, NDArray[np.float64]]) -> str:
    """The colour name whose look is nearest."""
    return min(looks, key=lambda name: float(np.sum((looks[name] - look) ** 2)))


def lab(rgb: Float[np.ndarray, "*n 3"]) -> NDArray[np.float64]:
    """CIELAB (D65) of sRGB in [0, 1], L weighed down, as all looks are."""
    rgb = np.asarray(rgb, dtype=float)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    matrix = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = linear @ matrix.T / (0.9505, 1.0, 1.089)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([_LIGHTNESS * (116 * y - 16), 500 * (x - y), 200 * (y - z)], axis=-1)
