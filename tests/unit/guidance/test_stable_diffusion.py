"""The paper's prior in its real size: parameter counts, shapes at 512 px, one real full step."""

import resource

import pytest
import torch

from gaussianmotion.camera import orbit
from gaussianmotion.config import DistillationConfig, PriorConfig
from gaussianmotion.guidance.distillation import ScoreDistillation
from gaussianmotion.guidance.prior import DiffusionPrior
from gaussianmotion.testing.stable_diffusion import random_stable_diffusion


@pytest.fixture(scope="module")
def meta() -> DiffusionPrior:
    """Shapes and types without numbers."""
    return random_stable_diffusion("meta", torch.float16)


def test_the_networks_have_the_published_numbers_of_parameters(meta: DiffusionPrior):
    counts = {
        name: sum(p.numel() for p in network.parameters())
        for name, network in (
            ("unet", meta._unet),
            ("controlnet", meta._controlnet),
            ("vae", meta._vae),
            ("text", meta._text_encoder._model),
        )
    }
    assert counts == {
        "unet": 859_520_964,
        "controlnet": 361_279_120,
        "vae": 83_653_863,
        "text": 123_060_480,
    }


def test_a_step_of_the_papers_size_has_the_right_shapes_and_types(meta: DiffusionPrior):
    rgb = torch.rand(4, 3, 512, 512, device="meta", requires_grad=True)
    latents = meta.encode_image(rgb)
    assert (latents.shape, latents.dtype) == ((4, 4, 64, 64), torch.float32)
    text = meta.encode_text(["a man", "a suit"] * 4)
    assert (text.shape, text.dtype) == ((8, 77, 768), torch.float32)
    noise = meta.predict_noise(
        latents.detach(), torch.tensor([20, 300, 500, 980]), text, rgb.detach()
    )
    assert (noise.shape, noise.dtype) == ((8, 4, 64, 64), torch.float32)
    latents.sum().backward()
    assert rgb.grad is not None
    assert rgb.grad.shape == rgb.shape
    assert meta.decode(latents.detach()).shape == (4, 3, 512, 512)


@pytest.mark.slow
def test_one_full_step_in_bfloat16_fits_and_moves_every_pixel():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    prior = random_stable_diffusion("cpu", torch.bfloat16)
    distil = ScoreDistillation(prior, DistillationConfig(), PriorConfig(), "a man in a red suit")
    generator = torch.Generator().manual_seed(0)
    rgb = torch.rand(1, 64, 64, 3, generator=generator, requires_grad=True)
    pose = torch.rand(1, 3, 64, 64, generator=generator)
    one = torch.ones(1)
    cameras = orbit(0.0 * one, 0.0 * one, 3.0 * one, 50.0 * one, torch.zeros(1, 3), 64)
    loss, stats = distil(rgb, cameras, pose, 0, 10, generator)
    loss.backward()
    assert torch.isfinite(rgb.grad).all()
    assert (rgb.grad.abs().sum(dim=-1) > 0).all()
    assert stats["delta_c_rms"] > 0.0
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**20
    assert peak < 8.0, f"{peak:.1f} GiB"
