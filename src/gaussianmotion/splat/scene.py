"""What is drawn, and with which cameras: the one argument of every backend."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Scene:
    """B posed sets of N Gaussians, each with its own camera.

    Attributes:
        means: Centres in world space, metres.
        covars: Symmetric covariances in world space, square metres; their gradient is symmetric.
        colours: RGB, shared by the batch.
        opacities: In [0, 1], shared by the batch.
        viewmats: World-to-camera transforms, OpenCV axes (x right, y down, z forward).
        Ks: Intrinsics in pixels, pixel centres at +0.5; no skew.
        width: Pixels.
        height: Pixels.
        backgrounds: RGB behind the Gaussians.
        compensate: Multiply each opacity by sqrt(det S / det (S + EPS2D I)) of its projected
            covariance S (Mip-Splatting, Yu et al. 2024, eq. 9; gsplat's "antialiased"): the blur
            that keeps a splat visible between pixels then makes it fainter, not larger, so that a
            surface looks the same from near and far.
    """

    means: Float[Tensor, "B N 3"]
    covars: Float[Tensor, "B N 3 3"]
    colours: Float[Tensor, "N 3"]
    opacities: Float[Tensor, " N"]
    viewmats: Float[Tensor, "B 4 4"]
    Ks: Float[Tensor, "B 3 3"]
    width: int
    height: int
    backgrounds: Float[Tensor, "B 3"]
    compensate: bool = False


def check_scene(tensors: dict[str, Tensor], width: int, height: int) -> None:
    """Say which tensor does not fit, and what would.

    Raises:
        ValueError: shapes, devices or dtypes do not fit together.
    """
    means = tensors["means"]
    if means.ndim != 3:
        raise ValueError(f"means must have shape (B, N, 3), but it is {tuple(means.shape)}")
    batch, count = means.shape[:2]
    expected = {
        "means": (batch, count, 3),
        "covars": (batch, count, 3, 3),
        "colours": (count, 3),
        "opacities": (count,),
        "viewmats": (batch, 4, 4),
        "Ks": (batch, 3, 3),
        "backgrounds": (batch, 3),
    }
    for name, tensor in tensors.items():
        if tuple(tensor.shape) != expected[name]:
            raise ValueError(
                f"{name} must have shape {expected[name]} for {batch} cameras and {count} "
                f"Gaussians, but it is {tuple(tensor.shape)}"
            )
        if tensor.device != means.device or tensor.dtype != means.dtype:
            raise ValueError(
                f"{name} is {tensor.dtype} on {tensor.device}, but means is {means.dtype} on "
                f"{means.device}: give all tensors one dtype and device"
            )
    if not means.is_floating_point():
        raise ValueError(f"means must be a floating point tensor, but it is {means.dtype}")
    if width < 1 or height < 1:
        raise ValueError(
            f"width and height must be at least 1 pixel, but they are {width}, {height}"
        )
