"""The colour words that captions use, and what they look like.

Textures are reduced to a standardised luminance and multiplied by these colours, so the word is
true in the picture: the mean colour of a lit red garment is red.
"""

import numpy as np

#: Thirteen garment colours, RGB in 0..255, distinct at 128 px under the renderer's light.
GARMENT_COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (208, 24, 32),
    "orange": (250, 128, 14),
    "yellow": (250, 220, 40),
    "green": (30, 140, 52),
    "blue": (30, 84, 222),
    "navy": (22, 30, 92),
    "purple": (118, 40, 160),
    "pink": (250, 130, 190),
    "brown": (104, 60, 28),
    "beige": (222, 200, 158),
    "black": (26, 26, 30),
    "white": (252, 252, 252),
    "grey": (132, 134, 138),
}

#: Words that mean the same colour; captions draw from them, attributes hold the key.
COLOUR_WORDS: dict[str, tuple[str, ...]] = {
    "navy": ("navy", "navy blue", "dark blue"),
    "grey": ("grey", "grey", "gray"),
    "beige": ("beige", "beige", "tan"),
    "purple": ("purple", "purple", "violet"),
}

HAIR_COLOURS: dict[str, tuple[int, int, int]] = {
    "black": (36, 30, 28),
    "brown": (108, 68, 38),
    "blonde": (236, 196, 112),
    "red": (190, 78, 28),
    "grey": (158, 158, 160),
    "white": (240, 240, 238),
}

#: Mean of a standardised texture; leaves headroom for highlights.
TEXTURE_MEAN = 0.86


def standardise_luminance(texture: np.ndarray, used: np.ndarray, contrast: float) -> np.ndarray:
    """Grey texture of fixed mean and spread.

    Args:
        texture: (H, W, 4) uint8.
        used: (H, W) bool, texels that faces show; statistics come from these.
        contrast: standard deviation of the result in [0, 1].

    Returns:
        (H, W, 4) uint8 with the same alpha.
    """
    luminance = texture[..., :3].astype(float) @ (0.299, 0.587, 0.114)
    inside = used & (texture[..., 3] >= 128)
    values = luminance[inside] if inside.any() else luminance.ravel()
    spread = max(float(values.std()), 4.0)
    grey = TEXTURE_MEAN + (luminance - values.mean()) / spread * contrast
    grey = np.clip(grey, 0.35, 1.0)
    out = texture.copy()
    out[..., :3] = (grey * 255 + 0.5).astype(np.uint8)[..., None]
    return out


def tint(colour: tuple[int, int, int]) -> np.ndarray:
    """Multiplier (3,) float32 for a standardised texture, so that its mean is ``colour``."""
    return np.array(colour, dtype=np.float32) / 255 / TEXTURE_MEAN
