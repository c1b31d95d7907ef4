"""One function draws Gaussians, whatever the device: CUDA, CPU, or plain torch."""

import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.splat.scene import Scene, check_scene

Backend = Literal["auto", "gsplat", "numba", "torch"]


@dataclass(frozen=True)
class Rendering:
    """What B cameras see.

    Attributes:
        rgb: Linear blend over the backgrounds, (B, H, W, 3).
        alpha: Share of each pixel that the Gaussians cover, (B, H, W, 1).
        info: What gsplat's ``DefaultStrategy(packed=False)`` reads: ``width``, ``height``,
            ``n_cameras``, ``gaussian_ids`` (None), ``radii`` (B, N, 2) int32 pixels with 0 where a
            Gaussian is not drawn, ``means2d`` (B, N, 2) pixels, which holds its gradient in
            ``.grad`` after ``retain_grad()`` and a backward pass, ``depths`` (B, N) metres.
    """

    rgb: Float[Tensor, "B H W 3"]
    alpha: Float[Tensor, "B H W 1"]
    info: dict[str, Any]


def rasterise(
    means: Float[Tensor, "B N 3"],
    covars: Float[Tensor, "B N 3 3"],
    colours: Float[Tensor, "N 3"],
    opacities: Float[Tensor, " N"],
    viewmats: Float[Tensor, "B 4 4"],
    Ks: Float[Tensor, "B 3 3"],
    width: int,
    height: int,
    backgrounds: Float[Tensor, "B 3"] | None = None,
    backend: Backend = "auto",
    compensate: bool = False,
) -> Rendering:
    """Draw B posed sets of N Gaussians, each with its own camera.

    Differentiable in means, covars, colours, opacities, viewmats and backgrounds.

    Args:
        means, covars, colours, opacities, viewmats, Ks, width, height, backgrounds, compensate: The
            parts of a :class:`~gaussianmotion.splat.scene.Scene`; black backgrounds where none are
            given.
        backend: "gsplat" (CUDA, float32), "numba" (CPU, float32), "torch" (anything, slow), or
            "auto": gsplat for CUDA tensors, numba for float32 on the CPU, else torch.

    Raises:
        ValueError: shapes, devices or dtypes do not fit together.
        UserError: the backend that was asked for cannot run on this machine.
    """
    tensors = {
        "means": means,
        "covars": covars,
        "colours": colours,
        "opacities": opacities,
        "viewmats": viewmats,
        "Ks": Ks,
    }
    if backgrounds is None:
        backgrounds = means.new_zeros(means.shape[0], 3)
    tensors["backgrounds"] = backgrounds
    check_scene(tensors, width, height)
    chosen = chosen_backend(backend, means.device, means.dtype)
    scene = Scene(
        *(means, covars, colours, opacities, viewmats, Ks, width, height, backgrounds, compensate)
    )
    # Each backend is imported when it is used: gsplat builds CUDA code, numba takes a second.
    if chosen == "gsplat":
        from gaussianmotion.splat.gsplat_kernels import load_kernels

        load_kernels(means.device)
        from gaussianmotion.splat.gsplat_backend import rasterise_gsplat

        rgb, alpha, info = rasterise_gsplat(scene)
    elif chosen == "numba" and means.device.type == "cpu":
        from gaussianmotion.splat.cpu.backend import rasterise_numba

        rgb, alpha, info = rasterise_numba(scene)
    elif chosen == "numba":
        from gaussianmotion.splat.cpu.elsewhere import rasterise_here

        rgb, alpha, info = rasterise_here(scene)
    else:
        from gaussianmotion.splat.reference import rasterise_torch

        rgb, alpha, info = rasterise_torch(scene)
    info |= {
        "width": width,
        "height": height,
        "n_cameras": means.shape[0],
        "gaussian_ids": None,
        "backend": chosen,
    }
    return Rendering(rgb, alpha, info)


def chosen_backend(
    backend: Backend, device: torch.device, dtype: torch.dtype = torch.float32
) -> Backend:
    """What draws: the one place that says what "auto" is.

    Args:
        backend: As of :func:`rasterise`.
        device: Where the Gaussians are.
        dtype: Theirs.

    Raises:
        ValueError: the backend draws no such numbers.
        UserError: the backend is unknown, or cannot run on this device.
    """
    if backend not in get_args(Backend):
        raise UserError(
            f"rasteriser {backend!r} is unknown: write one of {', '.join(get_args(Backend))}"
        )
    single, cuda = dtype == torch.float32, device.type == "cuda"
    if backend == "auto":
        if cuda and single:
            return "numba" if _gsplat_is_absent(device) else "gsplat"
        return "numba" if device.type == "cpu" and single else "torch"
    if backend == "gsplat" and not cuda:
        raise UserError("rasteriser: gsplat needs a CUDA device; write rasteriser: auto or numba")
    if backend in ("gsplat", "numba") and not single:
        raise ValueError(f"backend {backend} draws float32, but means is {dtype}")
    return backend


@lru_cache
def _gsplat_is_absent(device: torch.device) -> bool:
    """Whether gsplat cannot draw there; says why and what it costs, once."""
    from gaussianmotion.splat.gsplat_kernels import why_not

    reason = why_not(device)
    if reason:
        from gaussianmotion.splat.cpu.elsewhere import cost_in_words

        print(f"gaussianmotion: {cost_in_words(reason)}", file=sys.stderr, flush=True)
    return bool(reason)
