"""What pictures say, pixel by pixel, said of the Gaussians that they show."""

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.body import Body
from gaussianmotion.camera import Cameras
from gaussianmotion.splat import Backend, rasterise


def lifted(
    avatar: Avatar,
    body: Body,
    poses: Float[Tensor, "B 24 3"],
    cameras: Cameras,
    labels: Float[Tensor, "B H W 3"],
    backend: Backend = "auto",
    weights: Float[Tensor, "N J"] | None = None,
    compensate: bool = False,
) -> Float[Tensor, "N 3"]:
    """Of each Gaussian, the sum over all pixels of its share in the pixel times the labels there.

    A pixel is sum_n w_n c_n over the Gaussians, with blending weights w_n and colours c_n: the
    derivative of sum(pixel * label) with respect to c_n is w_n * label, summed over the pixels.

    Args:
        avatar: Avatar that is looked at.
        body: Its body.
        poses: Axis-angle joint rotations in radians, one for each camera.
        cameras: B cameras.
        labels: Three numbers for each pixel.
        backend: As of ``splat.rasterise``.
        weights: Result of ``avatar.weights()``, where it is there already.
        compensate: Whether opacities are compensated, as the avatar is drawn.
    """
    with torch.no_grad():
        means, covars, _ = avatar.posed(body, poses, weights=weights)
        opacities = avatar.opacities
    with torch.enable_grad():
        colours = torch.zeros_like(avatar.means, requires_grad=True)
        rgb = rasterise(
            means,
            covars,
            colours,
            opacities,
            cameras.viewmats,
            cameras.Ks,
            cameras.width,
            cameras.height,
            None,
            backend,
            compensate,
        ).rgb
        (sums,) = torch.autograd.grad(rgb, colours, labels)
    return sums
