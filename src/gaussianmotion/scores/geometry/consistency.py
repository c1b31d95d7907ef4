"""Are the two sides one person, and is the back of the head no second face?

Left and right: people and their clothes are nearly mirror images, so each view of the A-pose is
compared with the mirrored view from the other side (front and back with themselves).

Front and back: the mistake of distillation from pictures is the Janus, a face on the back of the
head. A face differs from the hair behind it; two faces (or none) do not differ. So the head's front
is compared with its mirrored back, which has the same outline under a long lens; and the share of
the back that has the face's own colour is counted. Bald heads, helmets and masks have no contrast
for good reasons: compare avatars of one prompt.
"""

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from gaussianmotion.body import Body
from gaussianmotion.body.depth import mesh_mask
from gaussianmotion.body.joints import INDEX
from gaussianmotion.rendering.cameras import select
from gaussianmotion.scores.geometry.colour import blur_within, difference, to_lab
from gaussianmotion.scores.geometry.judged_views import JudgedViews

# Blur before sides are compared, metres: folds and speckle are not what makes a person lopsided.
SIDE_BLUR = 0.02
# The same for heads: eyes and mouth must stay.
HEAD_BLUR = 0.005
# Around the tip of the nose, metres: cheeks, nose and mouth, whose median is the face's colour.
FACE_RADIUS = 0.04
# Delta E within which a pixel has that colour: light falls on the face and not on the back.
ALIKE = 20.0


def left_right(views: JudgedViews) -> tuple[float, float]:
    """How far the sides differ.

    Args:
        views: The person standing, from equal steps over [-180, 180).

    Returns:
        Mean Delta E between each view and the mirrored one, where both show the person, and the
        mean intersection over union of their outlines. Without a person, 0 and 0.
    """
    sigma = SIDE_BLUR / views.metres
    person = views.person
    lab = [
        blur_within(to_lab(colour), inside, sigma)
        for colour, inside in zip(views.colour, person, strict=True)
    ]
    count = len(lab)
    differences, overlaps = [], []
    for index in range(count // 2 + 1):
        other = -index % count  # views start at -180: the i-th and the (n - i)-th are mirror images
        mirrored = person[other][:, ::-1]
        both = person[index] & mirrored
        overlaps.append(both.sum() / max(1, (person[index] | mirrored).sum()))
        if both.any():
            differences.append(difference(lab[index], lab[other][:, ::-1])[both].mean())
    return (float(np.mean(differences)) if differences else 0.0), float(np.mean(overlaps))


def front_back(views: JudgedViews, body: Body) -> tuple[float, float]:
    """How far the back of the head is from the face.

    Args:
        views: The head's front, then its back.
        body: Of the avatar, for where head and nose are.

    Returns:
        Mean Delta E between the front and the mirrored back (0: two of a kind), and the share of
        the back of the head that has the face's colour. Without a head, 0 and 1.
    """
    head, nose = _head(views, body)
    front, back = views.person[0] & head, views.person[1][:, ::-1] & head
    both = front & back
    if not both.any():
        return 0.0, 1.0
    sigma = HEAD_BLUR / views.metres
    face = blur_within(to_lab(views.colour[0]), front, sigma)
    behind = blur_within(to_lab(views.colour[1])[:, ::-1], back, sigma)
    rows, columns = np.indices(head.shape)
    around = np.hypot(columns + 0.5 - nose[0], rows + 0.5 - nose[1]) * views.metres < FACE_RADIUS
    chosen = front & around
    colour = np.median(face[chosen if chosen.any() else front], axis=0)
    alike = difference(behind, colour)[back] < ALIKE
    return float(difference(face, behind)[both].mean()), float(alike.mean())


def _head(views: JudgedViews, body: Body) -> tuple[Bool[ndarray, "H W"], Float[ndarray, "2"]]:
    """Pixels of the body's head, without neck, and the tip of the nose, in the first view."""
    vertices = body.posed_vertices(views.poses[:1].to(body.device)).cpu()
    is_head = body.weights.argmax(dim=1) == INDEX["head"]
    faces = body.faces[is_head[body.faces].all(dim=1)].cpu()
    first = select(views.cameras, [0]).to("cpu")
    tip = vertices[:, body.landmarks[:1].cpu()]
    return mesh_mask(vertices, faces, first)[0].numpy(), first.project(tip)[0, 0, :2].numpy()
