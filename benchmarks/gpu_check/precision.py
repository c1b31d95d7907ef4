"""What half precision costs: noise, scores and gradients of one prior in float16 and in float32.

In miniature bfloat16 takes float16's place, in which CPUs have no convolutions.
"""

import guidance_step
import torch
from sections import Note, Sizes

from gaussianmotion.guidance.diffusion import DiffusionPrior
from gaussianmotion.testing.stable_diffusion import random_stable_diffusion

TIMESTEPS = (50, 200, 500, 900)


def run(sizes: Sizes, note: Note) -> None:
    """Note errors relative to float32."""
    half = torch.float16 if sizes.real else torch.bfloat16
    whole = _answers(_prior(sizes, torch.float32, None), sizes)
    rounded = _answers(_prior(sizes, torch.float32, half), sizes)
    note(half=str(half).removeprefix("torch."))
    note(
        errors=[
            {
                "of": name,
                "relative": float((rounded[name] - value).norm() / value.norm()),
                "cosine": float(torch.cosine_similarity(rounded[name], value, dim=0)),
            }
            for name, value in whole.items()
        ]
    )


def _prior(sizes: Sizes, dtype: torch.dtype, rounded: torch.dtype | None) -> DiffusionPrior:
    """The same random weights each time, rounded or not."""
    if not sizes.real:
        torch.manual_seed(0)
        prior = guidance_step.random_embedded(dtype)
    else:
        prior = random_stable_diffusion(sizes.device, dtype)
    if rounded is None:
        return prior
    parts = (prior._vae, prior._unet, prior._controlnet)
    vae, unet, controlnet = (part.to(rounded) for part in parts)
    return DiffusionPrior(vae, unet, controlnet, prior._text_encoder, prior.alpha_bar)


def _answers(prior: DiffusionPrior, sizes: Sizes) -> dict[str, torch.Tensor]:
    """What a step asks of a prior, flattened, in float32 on the CPU."""
    generator = torch.Generator().manual_seed(0)
    rgb = torch.rand(1, 3, sizes.size, sizes.size, generator=generator).to(prior.device)
    rgb.requires_grad_()
    latents = prior.encode_image(rgb)
    latents.square().sum().backward()
    answers = {"latents": latents, "gradient of the picture": rgb.grad}
    text = prior.encode_text(["", guidance_step.PROMPT])
    for timestep in TIMESTEPS:
        noise = torch.randn(latents.shape, generator=generator).to(prior.device)
        at = torch.tensor([timestep])
        noisy = prior.add_noise(latents.detach(), noise, at)
        null, full = prior.predict_noise(noisy, at, text, rgb.detach()).chunk(2)
        answers[f"noise at t = {timestep}"] = full
        answers[f"delta_c at t = {timestep}"] = full - null
    return {name: value.detach().float().cpu().flatten() for name, value in answers.items()}
