"""How a prior's networks are run: what is kept for the backward pass, and what is compiled.

Neither changes what they compute, but for the last digits where a compiler orders sums anew.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from gaussianmotion.config import TrainConfig
from gaussianmotion.guidance.diffusion import DiffusionPrior
from gaussianmotion.guidance.patches import is_patches
from gaussianmotion.runtime.errors import UserError

# diffusers' own checkpointing takes whole levels, of which the first holds more than half.
_BLOCKS = ("ResnetBlock2D", "AutoencoderTinyBlock")


def run_as_asked(prior: DiffusionPrior, config: TrainConfig) -> DiffusionPrior:
    """Set how a prior is run, and return it.

    Args:
        config: Of which ``checkpoint_encoder`` and ``compile`` are read.

    Raises:
        UserError: ``compile`` is set for networks that another engine than torch runs.
    """
    if config.checkpoint_encoder and not is_patches(prior._vae):  # which keep nothing
        checkpoint_blocks(prior._vae.encoder)
    if config.compile:
        if prior.engine != "torch":
            raise UserError(
                f"train.compile compiles networks that torch runs, and prior.engine is "
                f"{prior.engine}: set prior.engine: torch, or train.compile: false"
            )
        compile_networks(prior)
    return prior


def checkpoint_blocks(encoder: nn.Module) -> None:
    """Compute each residual block again in the backward pass, in place of keeping its activations.

    Halves what an autoencoder's encoder holds (Chen et al. 2016), for one more forward pass of it.
    """
    for block in encoder.modules():
        if type(block).__name__ in _BLOCKS:
            block.forward = _computed_again(block.forward)


def _computed_again(forward: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        if not torch.is_grad_enabled():
            return forward(*args, **kwargs)
        # Nothing random is in the blocks, so no generator's state needs to be kept.
        return checkpoint(forward, *args, use_reentrant=False, preserve_rng_state=False, **kwargs)

    return call


def compile_networks(prior: DiffusionPrior, backend: str = "inductor") -> None:
    """Compile encoder, ControlNet and UNet at their first call, for the shapes that they get.

    On CUDA the two that predict noise, which take no gradient, become CUDA graphs: their thousand
    kernels start with one call.

    Args:
        prior: Changed in place.
        backend: Of ``torch.compile``.
    """
    if not is_patches(prior._vae):
        prior._vae.encoder.compile(backend=backend, dynamic=False)
    graphs = prior.device.type == "cuda" and backend == "inductor"
    options: dict[str, Any] = {"mode": "reduce-overhead"} if graphs else {}
    for network in (prior._controlnet, prior._unet):
        network.compile(backend=backend, dynamic=False, **options)
    if not graphs:
        return
    predict = prior.predict_noise

    def predict_by_graph(*args: Any, **kwargs: Any) -> torch.Tensor:
        # A graph writes its results to the same memory at each call.
        torch.compiler.cudagraph_mark_step_begin()
        return predict(*args, **kwargs).clone()

    prior.predict_noise = predict_by_graph  # type: ignore[method-assign]
