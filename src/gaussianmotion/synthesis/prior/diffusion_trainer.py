"""The state of a training of UNet and ControlNet, and its one step.

Step n draws from generators seeded by n, so a run that was interrupted ends bit for bit where an
uninterrupted one does.
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from gaussianmotion.synthesis.prior.denoising import Timesteps, draw_noise
from gaussianmotion.synthesis.prior.diffusion_loss import (
    NoisedBatch,
    noise_weight,
    predict_noise,
    weighted_error,
)
from gaussianmotion.synthesis.prior.encoded_data import EncodedData
from gaussianmotion.synthesis.prior.networks import new_controlnet, new_unet
from gaussianmotion.synthesis.prior.optimiser import new_optimiser
from gaussianmotion.synthesis.prior.precision import autocast


@dataclass(frozen=True)
class DiffusionSettings:
    """What decides the result, apart from ``steps`` and ``tail``, which may change on resuming.

    Attributes:
        batch: Samples per step.
        lr: Learning rate between warm-up and tail.
        warmup: Steps over which the rate rises.
        ema: Decay of the averaged weights, which are what is exported.
        text_drop: Share of samples with the empty caption (classifier-free guidance).
        pose_drop: Share of samples without a pose, independent of ``text_drop``.
        unet: Changes to :data:`~gaussianmotion.synthesis.prior.networks.UNET`, for tests.
        controlnet: The same for the ControlNet.
    """

    batch: int = 16
    lr: float = 2e-3
    weight_decay: float = 0.01
    warmup: int = 100
    ema: float = 0.996
    text_drop: float = 0.10
    pose_drop: float = 0.12
    seed: int = 0
    unet: dict[str, Any] = field(default_factory=dict)
    controlnet: dict[str, Any] = field(default_factory=dict)


class Trainer:
    """The state of a training and its one step."""

    def __init__(self, settings: DiffusionSettings) -> None:
        """Start from random weights.

        Not torch.compile: with torch 2.13 on the CPU its backward pass returned zero gradients for
        all inner blocks, text included, while the loss fell as if all were well.
        """
        self.settings = settings
        torch.manual_seed(settings.seed)
        self.unet = new_unet(**settings.unet)
        self.controlnet = new_controlnet(**settings.controlnet)
        self.networks = nn.ModuleDict({"unet": self.unet, "controlnet": self.controlnet})
        self.averages = {n: p.detach().clone() for n, p in self.networks.named_parameters()}
        self.optimiser = new_optimiser(
            [self.unet, self.controlnet], settings.lr, settings.weight_decay
        )
        self.sampler = Timesteps(noise_weight)
        self.step = 0
        self.seconds = 0.0
        self.began_at = 0  # The step of the other training that this one extends.

    def advance(self, data: EncodedData, rate: float) -> float:
        """One optimiser step at ``rate`` times the learning rate; returns the loss."""
        batch = self._batch(data)
        with autocast():
            predicted = predict_noise(self.unet, self.controlnet, batch)
        loss = weighted_error(predicted, batch, self.sampler.factor)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.networks.parameters(), 1.0)
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.lr * rate
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        # Early on, an average over all steps so far; a fixed decay would remember the random start.
        decay = min(self.settings.ema, self.step / (self.step + 9))
        current = [p.detach() for p in self.networks.parameters()]
        torch._foreach_lerp_(list(self.averages.values()), current, 1.0 - decay)
        return loss.item()

    def _batch(self, data: EncodedData) -> NoisedBatch:
        """The samples of this step: shuffled epochs over the data, drops, timesteps, noise."""
        settings = self.settings
        rows = epoch_rows(len(data), settings.batch, self.step, settings.seed)
        generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + self.step)
        dropped, poseless = torch.rand(2, settings.batch, generator=generator)
        # Row 0 is the empty caption.
        text = torch.where(dropped < settings.text_drop, 0, data.text[rows])
        timesteps = self.sampler.draw(settings.batch, generator)
        latents = data.latents[rows].float()
        noise = draw_noise(latents.shape, generator)
        a = self.sampler.alpha_bars[timesteps][:, None, None, None]
        return NoisedBatch(
            noisy=_last(a.sqrt() * latents + (1.0 - a).sqrt() * noise),
            noise=noise,
            timesteps=timesteps,
            text=data.cache.states[text].float(),
            poses=_last(data.poses(rows)),
            pose_used=poseless >= settings.pose_drop,
            weights=data.weights[rows].float(),
        )

    def state(self, data: EncodedData) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {
            "step": self.step,
            "began_at": self.began_at,
            "scaling": data.scaling,
            "networks": self.networks.state_dict(),
            "averages": self.averages,
            "optimiser": self.optimiser.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state of :meth:`state`."""
        self.networks.load_state_dict(state["networks"])
        for name, average in self.averages.items():
            average.copy_(state["averages"][name])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds = state["step"], state["seconds"]
        self.began_at = state.get("began_at", 0)


def epoch_rows(count: int, batch: int, step: int, seed: int) -> Tensor:
    """Items of a step: consecutive parts of a new permutation per epoch, ends left out."""
    per_epoch = count // batch
    epoch, place = divmod(step, per_epoch)
    generator = torch.Generator().manual_seed(seed * 7_919 + epoch)
    order = torch.randperm(count, generator=generator)
    return order[place * batch : (place + 1) * batch]


def _last(images: Tensor) -> Tensor:
    return images.contiguous(memory_format=torch.channels_last)
