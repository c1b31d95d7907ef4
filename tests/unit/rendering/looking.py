"""Where things are in a picture."""

import numpy as np


def is_red(image: np.ndarray) -> np.ndarray:
    """Pixels of the chest marker."""
    return _stands_out(image, 0)


def is_green(image: np.ndarray) -> np.ndarray:
    """Pixels of the left arm's marker."""
    return _stands_out(image, 1)


def is_person(image: np.ndarray, contrast: int = 60) -> np.ndarray:
    """Pixels that differ from the white ground by more than the floor does."""
    return 255 - image.astype(int).min(axis=2) > contrast


def column(mask: np.ndarray) -> float:
    """Mean column of a mask, as a share of the width: 0 left, 1 right."""
    return float(np.nonzero(mask)[1].mean() / mask.shape[1])


def row(mask: np.ndarray) -> float:
    """Mean row of a mask, as a share of the height: 0 top, 1 bottom."""
    return float(np.nonzero(mask)[0].mean() / mask.shape[0])


def touches_border(mask: np.ndarray) -> bool:
    """Whether the person is cut by the picture's edge."""
    return bool(mask[[0, -1]].any() or mask[:, [0, -1]].any())


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Mean absolute difference, of 255."""
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


def _stands_out(image: np.ndarray, channel: int) -> np.ndarray:
    values = image.astype(int)
    others = np.delete(values, channel, axis=2).max(axis=2)
    return values[..., channel] - others > 70
