"""The OpenPose picture of a pose, drawn as ControlNet's training images were.

18 COCO keypoints on black: limbs first, as ellipses at 0.6 of their rainbow colour, then a circle
of full colour per keypoint; both are opaque. The reference drawing (OpenPose's, as kept in
``controlnet_aux``) works on integer pixels of a 512 px image with half-width 4, which covers 9
pixels across; here shapes of half-width 4.5 / 512 of the shorter side are filled by their exact
coverage, so that thin limbs of small images stay whole and nothing jumps between frames.
"""

from typing import Literal, no_type_check

import numba
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gaussianmotion.body.depth import NEAR, first_depth
from gaussianmotion.body.posed_body import PosedBody
from gaussianmotion.camera import Cameras

KEYPOINTS = (
    "nose", "neck", "right shoulder", "right elbow", "right wrist", "left shoulder", "left elbow",
    "left wrist", "right hip", "right knee", "right ankle", "left hip", "left knee", "left ankle",
    "right eye", "left eye", "right ear", "left ear",
)  # fmt: skip

# Pairs of keypoints in drawing order; limb i has the colour i.
LIMBS = (
    (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12),
    (12, 13), (1, 0), (0, 14), (14, 16), (0, 15), (15, 17),
)  # fmt: skip

# RGB of keypoint i, 0..255: the rainbow of OpenPose.
COLOURS = (
    (255, 0, 0), (255, 85, 0), (255, 170, 0), (255, 255, 0), (170, 255, 0), (85, 255, 0),
    (0, 255, 0), (0, 255, 85), (0, 255, 170), (0, 255, 255), (0, 170, 255), (0, 85, 255),
    (0, 0, 255), (85, 0, 255), (170, 0, 255), (255, 0, 255), (255, 0, 170), (255, 0, 85),
)  # fmt: skip

# Where the neck is drawn: at SMPL's joint, 6 cm above the shoulders' line, or half way between the
# shoulders, as OpenPose's detections and so ControlNet's training pictures have it.
Neck = Literal["joint", "shoulders"]

LIMB_SHADE = 0.6
# Half-width of limbs and radius of circles over the image's shorter side. OpenCV fills a shape of
# half-width 4 inclusively, 9 pixels across, hence the half pixel.
HALF_WIDTH = 4.5 / 512.0
LIMB_EXTENSION = 0.5 / 512.0

# SMPL joint of keypoints 1..13; the other five are vertices of the face.
SMPL_JOINTS = (12, 17, 19, 21, 16, 18, 20, 2, 5, 8, 1, 4, 7)
# A face point is hidden when the body is nearer to the camera by more than this, metres.
HIDDEN_BEHIND = 0.02

_LIMBS = np.array(LIMBS, dtype=np.int64)
_COLOURS = np.array(COLOURS, dtype=np.float32) / 255.0


def body_keypoints(
    posed: PosedBody, cameras: Cameras, neck: Neck = "joint"
) -> tuple[Float[Tensor, "C 18 2"], Bool[Tensor, "C 18"]]:
    """Where the keypoints of a posed body are in the image, and which are to be drawn.

    Points of the face that the body hides are not, so a back view has no face; joints always are,
    as ControlNet's detector guesses hidden limbs too. Nothing behind the camera is.

    Args:
        posed: The body, in one pose per camera.
        cameras: C cameras.
        neck: Where it is.

    Returns:
        Pixels (x right, y down, pixel centres at +0.5), possibly out of frame; visibility.
    """
    face = posed.vertices[:, posed.body.landmarks]
    points = torch.cat([face[:, :1], posed.joints[:, list(SMPL_JOINTS)], face[:, 1:]], dim=1)
    if neck == "shoulders":
        right, left = KEYPOINTS.index("right shoulder"), KEYPOINTS.index("left shoulder")
        points[:, KEYPOINTS.index("neck")] = 0.5 * (points[:, right] + points[:, left])
    projected = cameras.project(points)
    pixels, depth = projected[..., :2], projected[..., 2]

    visible = depth > NEAR
    on_face = [0, 14, 15, 16, 17]
    nearest = first_depth(posed.vertices, posed.body.faces, cameras, pixels[:, on_face])
    visible[:, on_face] &= depth[:, on_face] <= nearest + HIDDEN_BEHIND
    return pixels, visible


def pose_image(
    posed: PosedBody, cameras: Cameras, neck: Neck = "joint"
) -> Float[Tensor, "C 3 H W"]:
    """The conditioning images of a posed body: RGB in [0, 1], one pose per camera."""
    keypoints, visible = body_keypoints(posed, cameras, neck)
    return draw_openpose(keypoints, visible, cameras.height, cameras.width)


def draw_openpose(
    keypoints: Float[Tensor, "C 18 2"], visible: Bool[Tensor, "C 18"], height: int, width: int
) -> Float[Tensor, "C 3 H W"]:
    """Draw one skeleton per image.

    A limb is drawn when both of its ends are visible. Keypoints may lie outside the image: what
    reaches into it is drawn. Keypoints that are not finite are treated as not visible.

    Args:
        keypoints: Pixels (x right, y down, pixel centres at +0.5), in the order of
            :data:`KEYPOINTS`.
        visible: Keypoints to draw. Behind the camera means not visible.
        height: Image height in pixels.
        width: Image width in pixels.

    Returns:
        RGB in [0, 1], on the device of ``keypoints``.
    """
    points = keypoints.detach().to("cpu", torch.float64).numpy()
    shown = visible.cpu().numpy() & np.isfinite(points).all(axis=-1)
    images = np.zeros((len(points), 3, height, width), dtype=np.float32)
    scale = float(min(height, width))
    _draw(images, points, shown, HALF_WIDTH * scale, LIMB_EXTENSION * scale, _LIMBS, _COLOURS)
    return torch.from_numpy(images).to(keypoints.device)


@no_type_check  # The tests' type checker would wrap what Numba compiles.
@numba.njit(cache=True, nogil=True)
def _draw(images, points, shown, half_width, extension, limbs, colours):
    """Into ``images`` (C, 3, H, W), from ``points`` (C, 18, 2) and which are shown (C, 18)."""
    cover = np.zeros(images.shape[3], dtype=np.float32)
    for c in range(len(images)):
        for limb in range(len(limbs)):
            start, end = limbs[limb]
            if shown[c, start] and shown[c, end]:
                x0, y0 = points[c, start]
                x1, y1 = points[c, end]
                length = np.hypot(x1 - x0, y1 - y0)
                ux, uy = 1.0, 0.0
                if length > 0.0:
                    ux, uy = (x1 - x0) / length, (y1 - y0) / length
                _fill_ellipse(
                    images[c], cover, 0.5 * (x0 + x1), 0.5 * (y0 + y1), ux, uy,
                    0.5 * length + extension, half_width, colours[limb], LIMB_SHADE,
                )  # fmt: skip
        for point in range(len(colours)):
            if shown[c, point]:
                x, y = points[c, point]
                _fill_ellipse(
                    images[c], cover, x, y, 1.0, 0.0, half_width, half_width, colours[point], 1.0
                )


@no_type_check  # The tests' type checker would wrap what Numba compiles.
@numba.njit(cache=True, nogil=True)
def _fill_ellipse(image, cover, cx, cy, ux, uy, a, b, colour, shade):
    """Blend an ellipse over ``image`` (3, H, W): half-axis ``a`` along (ux, uy), ``b`` across.

    Coverage is exact along x and the mean of four lines along y.
    """
    lines = 4
    height, width = image.shape[1], image.shape[2]
    # Points (dx, dy) from the centre are inside where p dx^2 + 2 q dx dy + r dy^2 <= 1,
    # whose determinant p r - q^2 is 1 / (a b)^2.
    p = ux * ux / (a * a) + uy * uy / (b * b)
    q = ux * uy * (1.0 / (a * a) - 1.0 / (b * b))
    reach = a * b * np.sqrt(p)
    first = int(max(0.0, np.floor(cy - reach)))
    last = int(min(height - 1.0, np.floor(cy + reach)))
    for y in range(first, last + 1):
        low, high = width, -1
        for line in range(lines):
            dy = y + (line + 0.5) / lines - cy
            root = p - (dy / (a * b)) ** 2
            if root <= 0.0:
                continue
            root = np.sqrt(root)
            left = max(0.0, cx + (-q * dy - root) / p)
            right = min(float(width), cx + (-q * dy + root) / p)
            if left >= right:
                continue
            begin, end = int(left), min(int(right), width - 1)
            low, high = min(low, begin), max(high, end)
            for x in range(begin, end + 1):
                cover[x] += (min(x + 1.0, right) - max(float(x), left)) / lines
        for x in range(low, high + 1):
            for channel in range(3):
                old = image[channel, y, x]
                image[channel, y, x] = old + cover[x] * (shade * colour[channel] - old)
            cover[x] = 0.0
