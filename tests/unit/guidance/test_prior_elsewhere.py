"""Every tensor of a prior and of score distillation is on the prior's device."""

import pytest
import torch
from elsewhere import READS, elsewhere
from test_distillation import PRIOR_CONFIG, PROMPT, pictures, views

from gaussianmotion.config import DistillationConfig, PriorConfig
from gaussianmotion.guidance import prior as priors
from gaussianmotion.guidance.distillation import ScoreDistillation
from gaussianmotion.guidance.prior import load_prior

KINDS = ("embedded_folder", "stable_diffusion_folder")


def config_of(folder):
    return PriorConfig(
        model=str(folder), controlnet=str(folder / "controlnet"), revision=None, dtype="float32"
    )


def distilled(folder, method, device):
    """The loss of one step, and its gradient on the pictures."""
    prior = load_prior(config_of(folder), device)
    distil = ScoreDistillation(prior, DistillationConfig(method=method), PRIOR_CONFIG, PROMPT)
    rgb, pose = (x.to(device) for x in pictures())
    rgb.requires_grad_()
    generator = torch.Generator().manual_seed(0)
    loss, row = distil(rgb, views().to(device), pose, 0, 10, generator)
    loss.backward()
    return loss.item(), rgb.grad.cpu(), {name: value.item() for name, value in row.items()}


@pytest.mark.parametrize("method", ["asd", "nfsd"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_step_is_that_of_the_cpu(kind, method, request):
    folder = request.getfixturevalue(kind)
    loss, gradient, row = distilled(folder, method, "cpu")
    with elsewhere() as device:
        other_loss, other_gradient, other_row = distilled(folder, method, device)
    assert other_loss == pytest.approx(loss, rel=1e-4)
    torch.testing.assert_close(other_gradient, gradient, rtol=1e-3, atol=1e-5)
    assert other_row == pytest.approx(row, rel=1e-4)


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("kind", KINDS)
def test_a_step_in_half_precision_is_nearly_that_of_the_cpu(kind, half, request, monkeypatch):
    folder = request.getfixturevalue(kind)
    loss, gradient, _ = distilled(folder, "asd", "cpu")
    monkeypatch.setattr(priors, "network_dtype", lambda requested, device: half)
    with elsewhere() as device:
        other_loss, other_gradient, _ = distilled(folder, "asd", device)
    assert other_loss == pytest.approx(loss, rel=0.1)
    likeness = torch.cosine_similarity(other_gradient.flatten(), gradient.flatten(), dim=0)
    assert likeness > 0.95


@pytest.mark.parametrize("kind", KINDS)
def test_a_sample_is_that_of_the_cpu(kind, request):
    folder, images = request.getfixturevalue(kind), []
    pose = pictures()[1][:1]

    def sample(device):
        prior = load_prior(config_of(folder), device)
        generator = torch.Generator().manual_seed(0)
        return prior.sample([PROMPT], pose.to(device), steps=2, generator=generator).cpu()

    images.append(sample("cpu"))
    with elsewhere() as device:
        images.append(sample(device))
    torch.testing.assert_close(images[1], images[0], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_read_back_from_the_device(kind, request):
    """A GPU works through one step without a word to the CPU."""
    with elsewhere() as device:
        prior = load_prior(config_of(request.getfixturevalue(kind)), device)
        distil = ScoreDistillation(prior, DistillationConfig(), PRIOR_CONFIG, PROMPT)
        rgb, pose = (x.to(device) for x in pictures())
        generator = torch.Generator().manual_seed(0)
        for step in range(2):  # texts are encoded in the first
            READS.clear()
            loss, _ = distil(rgb.requires_grad_(), views(), pose, step, 10, generator)
            loss.backward()
    assert READS == []
