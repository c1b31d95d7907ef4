"""Does the avatar fill its body's outline, in poses that it was never trained in?

Splats reach a centimetre beyond the skin that they lie on, and tight clothes as far: were the
outline itself counted, an avatar that dissolves at its rim would win. So the overlap leaves out
what is within :data:`TOLERANCE` of the body's outline, on both sides.

Hair, skirts and wide trousers rightly stick out farther, so an overlap of 1 is not the aim of a
dressed person: compare avatars of one prompt. What is rightly large for all is the coverage; what
sticks out far is reported apart, as spill.
"""

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from scipy import ndimage

from gaussianmotion.body import Body
from gaussianmotion.body.depth import mesh_depth
from gaussianmotion.scores.geometry.judged_views import JudgedViews

# Metres beyond the body's outline from which a pixel of the avatar counts as spilt.
SPILL = 0.1
# Metres on both sides of the body's outline where either answer is right.
TOLERANCE = 0.02


def body_depth(body: Body, views: JudgedViews) -> Float[ndarray, "C H W"]:
    """Metres to the body in the pose and before the camera of each view, infinite beside it."""
    vertices = body.posed_vertices(views.poses.to(body.device)).cpu()
    return mesh_depth(vertices, body.faces.cpu(), views.cameras.to("cpu")).numpy()


def overlap(
    person: Bool[ndarray, "C H W"], body: Bool[ndarray, "C H W"], metres: float
) -> dict[str, float]:
    """Mean over the pictures of three shares.

    Args:
        person: Pixels that the avatar covers.
        body: Pixels that show the bare body.
        metres: Size of a pixel.

    Returns:
        silhouette_iou: Intersection over union, :data:`TOLERANCE` or farther from the outline.
        coverage: Share of the body's pixels that the avatar covers.
        spill: Share of the avatar's pixels farther than :data:`SPILL` from the body; 0 where there
            is no avatar (its coverage is 0, too).
    """
    iou, coverage, spill = [], [], []
    for mine, its in zip(person, body, strict=True):
        beyond = ndimage.distance_transform_edt(~its) * metres
        within = ndimage.distance_transform_edt(its) * metres
        clear = np.maximum(beyond, within) > TOLERANCE
        iou.append(_share(mine & its & clear, (mine | its) & clear))
        coverage.append(_share(mine & its, its))
        spill.append(_share(mine & (beyond > SPILL), mine))
    return {
        "silhouette_iou": float(np.mean(iou)),
        "coverage": float(np.mean(coverage)),
        "spill": float(np.mean(spill)),
    }


def _share(part: Bool[ndarray, "H W"], whole: Bool[ndarray, "H W"]) -> float:
    return float(part.sum()) / max(1.0, float(whole.sum()))
