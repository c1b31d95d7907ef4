"""Whether a training has bound text and pose: the error with the right ones, and with another's.

On held-out pictures, at one strong noise: a network that does not use the text is as wrong with
another picture's caption as with its own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from gaussianmotion.guidance.layout import FeatureTap, LayoutHead
from gaussianmotion.synthesis.prior.batches import Batch, View, make_batch
from gaussianmotion.synthesis.prior.denoising import alpha_bars
from gaussianmotion.synthesis.prior.items import Items
from gaussianmotion.synthesis.prior.objective import (
    add_noise,
    picture_error,
    predict_clean,
)
from gaussianmotion.synthesis.prior.precision import autocast

#: The noise at which binding shows: there is hardly a picture left to go by.
TIMESTEP = 600
_BATCH = 32


@contextmanager
def averaged(networks: nn.Module, averages: dict[str, Tensor]) -> Iterator[None]:
    """The averaged weights in the networks' place while it lasts."""
    kept = {name: p.detach().clone() for name, p in networks.named_parameters()}
    _copy(networks, averages)
    try:
        yield
    finally:
        _copy(networks, kept)


@torch.no_grad()
def _copy(networks: nn.Module, weights: dict[str, Tensor]) -> None:
    for name, parameter in networks.named_parameters():
        parameter.copy_(weights[name])


@torch.no_grad()
def binding(
    networks: nn.ModuleDict,
    tap: FeatureTap,
    held_out: Items,
    view: View,
    scaling: float,
    count: int,
    device: torch.device,
    progress: Callable[[], None] = lambda: None,
) -> dict[str, float]:
    """Errors of the clean picture at :data:`TIMESTEP`, and the share of regions told right.

    Args:
        networks: ``unet``, ``controlnet`` and ``head``.
        tap: Of the UNet's middle layer.
        held_out: Pictures of people and outfits that the training does not see.
        view: How they are shown.
        scaling: Of the pixels.
        count: Items.
        device: Of the networks.
        progress: Called after each batch.
    """
    items = min(count, len(held_out))
    sums: dict[str, float] = {}
    levels = alpha_bars()
    head = networks["head"]
    assert isinstance(head, LayoutHead)
    for start in range(0, items, _BATCH):
        rows = np.arange(start, min(start + _BATCH, items))
        others = (rows + 7) % items  # another view, other clothes, another pose
        draws = torch.Generator().manual_seed(start)
        own = make_batch(held_out, rows, view, draws).to(device)
        other = make_batch(held_out, others, view, draws).to(device)
        noises = torch.Generator(device).manual_seed(start)
        timesteps = torch.full((len(rows),), TIMESTEP)
        noised = add_noise(own, timesteps, levels, view.patch, scaling, noises)
        asked = {
            "own": own,
            "other_text": replace(own, text=other.text),
            "other_pose": replace(own, poses=other.poses),
        }
        for name, batch in asked.items():
            with autocast(device):
                clean = predict_clean(networks["unet"], networks["controlnet"], batch, noised)
                logits, _ = head(tap.take())
            errors = picture_error(clean, noised, own.weights, view.patch, scaling)
            sums[name] = sums.get(name, 0.0) + errors.sum().item()
            if name == "own":
                told = _regions_told(logits, own)
                sums["regions"] = sums.get("regions", 0.0) + told * len(rows)
            progress()
    return {name: value / items for name, value in sums.items()}


def _regions_told(logits: Tensor, batch: Batch) -> float:
    """Share of the parts of people, ground left out, whose region is the most likely one."""
    there = batch.labels > 0
    right = (logits.argmax(1) == batch.labels) & there
    return (right.sum() / there.sum().clamp(min=1)).item()
