"""The networks of a training on pixel patches, and the loss of one batch."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gaussianmotion.guidance.layout import (
    GRID,
    REGIONS,
    FeatureTap,
    LayoutHead,
    tapped_layer,
)
from gaussianmotion.synthesis.prior.batches import Batch
from gaussianmotion.synthesis.prior.objective import (
    Noised,
    layout_error,
    picture_error,
    predict_clean,
)
from gaussianmotion.synthesis.prior.patch_networks import (
    for_device,
    new_patch_controlnet,
    new_patch_unet,
)
from gaussianmotion.synthesis.prior.patch_settings import PatchSettings
from gaussianmotion.synthesis.prior.precision import autocast

Rows = TypeVar("Rows", Batch, Noised)
#: :func:`step_losses`, or what computes the same.
StepLosses = Callable[..., dict[str, Tensor]]


@dataclass(frozen=True)
class PatchNetworks:
    """The networks that are trained.

    Attributes:
        unet: The UNet.
        controlnet: The ControlNet.
        head: Network that tells regions and normals from the features that ``tap`` keeps.
        tap: Keeps the output of the UNet's second block on the way up, at the size of its cells.
        all: The three as one module.
    """

    unet: Any
    controlnet: Any
    head: LayoutHead
    tap: FeatureTap
    all: nn.ModuleDict


def build_networks(settings: PatchSettings, patch: int, device: torch.device) -> PatchNetworks:
    """Networks for cells of ``patch`` pixels, with the random weights of the settings' seed."""
    shape = replace(settings.shape, patch=patch)
    torch.manual_seed(settings.seed)
    unet = for_device(new_patch_unet(shape), device)
    controlnet = for_device(new_patch_controlnet(shape), device)
    tap = FeatureTap(tapped_layer(unet))
    head = LayoutHead(shape.widths[1], len(REGIONS), GRID, settings.normals > 0).to(device)
    parts = {"unet": unet, "controlnet": controlnet, "head": head}
    return PatchNetworks(unet, controlnet, head, tap, nn.ModuleDict(parts))


def step_losses(
    networks: PatchNetworks,
    batch: Batch,
    noised: Noised,
    factors: Float[Tensor, " B"],
    settings: PatchSettings,
    patch: int,
    scaling: float,
) -> dict[str, Float[Tensor, ""]]:
    """The ``loss`` that is minimised, and its parts ``picture`` and ``regions``; batch means.

    Args:
        networks: Networks that predict pictures and regions.
        batch: Pictures, poses, text and labels.
        noised: The same pictures under noise.
        factors: Weights of the samples, by their timesteps.
        settings: Settings that hold the weights of the parts.
        patch: Pixels of a cell.
        scaling: Factor of the pixels.
    """
    with autocast(batch.pictures.device):
        predicted = predict_clean(networks.unet, networks.controlnet, batch, noised)
        logits, normals = networks.head(networks.tap.take())
    picture = (picture_error(predicted, noised, batch.weights, patch, scaling) * factors).mean()
    regions, turned = layout_error(logits, normals, batch)
    loss = picture + settings.regions * regions + settings.normals * turned
    return {"loss": loss, "picture": picture, "regions": regions}


def rows_of(whole: Rows, part: slice) -> Rows:
    """Some rows of a batch."""
    if part == slice(0, len(next(iter(vars(whole).values())))):
        return whole
    values = {field.name: getattr(whole, field.name)[part].contiguous() for field in fields(whole)}
    return type(whole)(**values)
