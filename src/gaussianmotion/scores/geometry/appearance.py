"""What a picture of the person looks like: saturated or grey, speckled or calm, crisp or soft.

All three are of the person's pixels alone, in CIELAB, at scales in metres, so that the picture's
size changes little. They depend on what the person wears: compare avatars of one prompt.

* saturation: mean chroma.
* noise: what a blur of :data:`SPECKLE` removes, by its median size. Edges and folds are few among
  the pixels and hardly move a median; speckle is everywhere (the robust estimate of noise that
  wavelet shrinkage uses, Donoho 1995).
* sharpness: the steepest gradients, after a slight blur that most speckle does not survive. It
  grows with contrast, as what people call sharp does.
* edge_width: how far the steepest edges are blurred, whatever their contrast: an edge of width b
  loses more by a second blur the narrower it is (Zhuo and Sim 2011).
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from gaussianmotion.scores.geometry.colour import blur_within, chroma, inner, to_lab
from gaussianmotion.scores.geometry.judged_views import JudgedViews

# Standard deviations of blurs, metres.
SPECKLE = 0.01
EDGE = 0.0075
# Metres from the person's outline: nothing of the background, nor of thin covers, is measured.
RIM = 0.015
# The share of the pixels that are edges.
STEEPEST = 0.05
# Median absolute value to standard deviation, of a normal distribution.
TO_SIGMA = 1.4826
# Metres; blurs wider than this cannot be told apart at these scales.
WIDEST = 0.05


def saturation(views: JudgedViews) -> float:
    """Mean C*ab of the person's pixels; 0 without a person."""
    person = views.person
    return float(chroma(to_lab(views.colour))[person].mean()) if person.any() else 0.0


def noise(views: JudgedViews) -> float:
    """Standard deviation of the speckle, Delta E: the three channels' together."""
    kept = []
    for lab, inside, within in _pictures(views):
        residual = lab - blur_within(lab, inside, SPECKLE / views.metres)
        kept.append(residual[within])
    values = np.concatenate([np.zeros((0, 3)), *kept])
    if not len(values):
        return 0.0
    return float(np.linalg.norm(TO_SIGMA * np.median(np.abs(values), axis=0)))


def sharpness(views: JudgedViews) -> tuple[float, float]:
    """Mean gradient of the steepest pixels, Delta E per cm, and the width of those edges, cm."""
    fine, coarse = [], []
    for lab, inside, within in _pictures(views):
        fine.append(_gradient(lab, inside, EDGE / views.metres)[within])
        coarse.append(_gradient(lab, inside, 2.0 * EDGE / views.metres)[within])
    steep, soft = np.concatenate([[], *fine]), np.concatenate([[], *coarse])
    if not len(steep):
        return 0.0, 100.0 * WIDEST
    # Chosen where the second blur leaves most: speckle is gone there.
    edges = soft >= np.quantile(soft, 1.0 - STEEPEST)
    kept = float(steep[edges].sum() / max(1e-6, float(soft[edges].sum()))) ** 2
    width = EDGE * np.sqrt(max(0.0, 4.0 - kept) / max(1e-6, kept - 1.0))
    return float(steep[edges].mean()) / (100.0 * views.metres), 100.0 * min(float(width), WIDEST)


def _pictures(views: JudgedViews) -> Iterator[tuple[ndarray, ndarray, ndarray]]:
    """CIELAB, the person, and the person without the rim, picture by picture, cut to the person."""
    for colour, inside in zip(views.colour, views.person, strict=True):
        if inside.any():
            rows, columns = np.nonzero(inside)
            # One pixel more all around, so that there is a gradient.
            top, left = max(0, rows.min() - 1), max(0, columns.min() - 1)
            box = np.s_[top : rows.max() + 2, left : columns.max() + 2]
            yield to_lab(colour[box]), inside[box], inner(inside[box], RIM / views.metres)


def _gradient(
    lab: Float[ndarray, "H W 3"], inside: Bool[ndarray, "H W"], sigma: float
) -> Float[ndarray, "H W"]:
    """Size of the gradient of the blurred picture, Delta E per pixel."""
    down, across = np.gradient(blur_within(lab, inside, sigma), axis=(0, 1))
    return np.sqrt((down**2 + across**2).sum(axis=-1))
