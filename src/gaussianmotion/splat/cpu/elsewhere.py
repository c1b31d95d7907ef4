"""The CPU draws what is on another device: for GPUs that gsplat cannot be compiled for.

The scene comes to the CPU (10 MB for four poses of 50,000 Gaussians), the picture goes back, and
gradients take the same way. Posing, blend weights and the diffusion prior stay where they are.
"""

from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.splat.cpu.backend import rasterise_numba
from gaussianmotion.splat.scene import Scene

# Core-seconds of four views of 512 px and 50,000 Gaussians, forward and backward, after
# benchmarks/rasteriser.py (20,000 and 100,000 Gaussians there, and skinning's share).
_CORE_SECONDS = 0.13


def rasterise_here(
    scene: Scene,
) -> tuple[Float[Tensor, "B H W 3"], Float[Tensor, "B H W 1"], dict[str, Any]]:
    """Render a float32 scene of any device; see :func:`gaussianmotion.splat.rasterise`.

    The info stays on the CPU, where its ``means2d`` lies on the path of the gradient.
    """
    device = scene.means.device
    tensors: dict[str, Any] = {
        name: value.cpu() for name, value in vars(scene).items() if torch.is_tensor(value)
    }
    rgb, alpha, info = rasterise_numba(replace(scene, **tensors))
    return rgb.to(device), alpha.to(device), info


def cost_in_words(reason: str) -> str:
    """What drawing on the CPU costs beside a GPU, after the reason for it."""
    threads = torch.get_num_threads()
    return (
        f"{reason}. Until then the CPU draws, with {threads} threads: about "
        f"{_CORE_SECONDS / threads:.2g} s more for a step of the paper's training"
    )
