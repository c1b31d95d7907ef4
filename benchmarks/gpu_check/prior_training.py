"""Samples a second that the embedded prior's training would see on this GPU.

Its networks, its loss, random data; AdamW in place of the training's own optimiser, whose share of
a step is small.
"""

import statistics
import time

import torch
from sections import Note, Sizes

from gaussianmotion.guidance.text import MINILM_DIM
from gaussianmotion.synthesis.prior import networks
from gaussianmotion.synthesis.prior.denoising import Timesteps
from gaussianmotion.synthesis.prior.diffusion_loss import (
    NoisedBatch,
    noise_weight,
    predict_noise,
    weighted_error,
)

_TOKENS = 32
_WARM_UP = 2


def run(sizes: Sizes, note: Note) -> None:
    """Note the rate for each size of batch."""
    device = torch.device(sizes.device)
    unet, controlnet = networks.new_unet().to(device), networks.new_controlnet().to(device)
    parameters = [*unet.parameters(), *controlnet.parameters()]
    note(parameters_millions=round(sum(p.numel() for p in parameters) / 1e6, 1))
    optimiser = torch.optim.AdamW(parameters, lr=1e-4)
    rows = []
    for count in sizes.batches:
        batch, factor = _batch(count, device)
        times = []
        for _ in range(max(3, sizes.steps)):
            began = time.perf_counter()
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=sizes.real):
                predicted = predict_noise(unet, controlnet, batch)
            loss = weighted_error(predicted, batch, factor)
            loss.backward()
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            loss.item()  # waits
            times.append(time.perf_counter() - began)
        step = statistics.median(times[_WARM_UP:])
        rows.append(
            {"batch": count, "step_ms": round(1e3 * step, 1), "samples_per_s": round(count / step)}
        )
        note(rates=rows)


def _batch(count: int, device: torch.device) -> tuple[NoisedBatch, torch.Tensor]:
    """Random items of the shapes that the training has, and the loss's factor per timestep."""
    generator = torch.Generator().manual_seed(0)
    sampler = Timesteps(noise_weight)
    cells = (count, networks.LATENT_CHANNELS, networks.LATENT_SIZE, networks.LATENT_SIZE)
    side = networks.IMAGE_SIZE
    batch = NoisedBatch(
        noisy=torch.randn(cells, generator=generator).to(device),
        noise=torch.randn(cells, generator=generator).to(device),
        timesteps=sampler.draw(count, generator).to(device),
        text=torch.randn(count, _TOKENS, MINILM_DIM, generator=generator).to(device),
        poses=torch.rand(count, 3, side, side, generator=generator).to(device),
        pose_used=torch.ones(count, dtype=torch.bool, device=device),
        weights=torch.ones(count, 1, *cells[2:], device=device),
    )
    return batch, sampler.factor.to(device)
