"""A prior that computes NaN makes no picture: one line names the network."""

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_priors import prior_config

from gaussianmotion.camera import Cameras, orbit
from gaussianmotion.config import DistillationConfig
from gaussianmotion.guidance.distillation import ScoreDistillation
from gaussianmotion.guidance.prior import DiffusionPrior, load_prior
from gaussianmotion.runtime.errors import UserError

PARTS = ("unet", "controlnet", "vae")
WEIGHTS = "diffusion_pytorch_model.safetensors"


def spoilt(folder: Path, part: str, value: float | None) -> None:
    """One weight becomes ``value``; where that is None, all are too large for their precision."""
    path = folder / part / WEIGHTS
    weights = load_file(path)
    if value is None:
        weights = {name: 1e30 * tensor for name, tensor in weights.items()}
    else:
        name = max(weights, key=lambda name: weights[name].numel())
        weights[name].view(-1)[0] = value
    save_file(weights, path)


@pytest.fixture
def folder(embedded_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(embedded_folder, tmp_path / "prior"))


def front() -> Cameras:
    return orbit(
        azimuth=torch.zeros(1),
        elevation=torch.zeros(1),
        distance=torch.full((1,), 3.0),
        fov_y=torch.full((1,), 50.0),
        target=torch.zeros(1, 3),
        size=64,
        framing=("full body",),
    )


def sampled(prior: DiffusionPrior, pose: bool) -> None:
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    noise = prior.draw_noise([0], 64)
    prior.sample(["a man"], picture if pose else None, steps=2, noise=noise)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_weight_that_is_no_number_is_found_when_it_is_read(
    folder: Path, part: str, value: float
) -> None:
    spoilt(folder, part, value)
    with pytest.raises(UserError, match=f"{part}: .* holds NaN or infinity") as error:
        load_prior(prior_config(folder), "cpu")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("part", PARTS)
def test_weights_too_large_make_no_picture(folder: Path, part: str) -> None:
    spoilt(folder, part, None)
    prior = load_prior(prior_config(folder), "cpu")
    with pytest.raises(UserError, match=f"{part} computes NaN or infinity"):
        sampled(prior, pose=True)
    if part == "controlnet":
        sampled(prior, pose=False)


@pytest.mark.parametrize(("part", "named"), [("vae", "vae"), ("unet", "unet (or its ControlNet)")])
def test_a_training_step_knows_which_network_it_was(folder: Path, part: str, named: str) -> None:
    spoilt(folder, part, None)
    prior = load_prior(prior_config(folder), "cpu")
    distil = ScoreDistillation(prior, DistillationConfig(), prior_config(folder), "a man")
    assert distil.fault() is None
    rgb = torch.rand(1, 64, 64, 3, requires_grad=True)
    arguments = (rgb, front(), None, 0, 10, torch.Generator().manual_seed(0))
    loss, _ = distil(*arguments)
    assert not loss.isfinite()
    assert str(distil.fault()).endswith(f"prior/{named}")


def test_a_picture_that_is_no_number_is_not_the_priors_fault(embedded_folder: Path) -> None:
    prior = load_prior(prior_config(embedded_folder), "cpu")
    distil = ScoreDistillation(prior, DistillationConfig(), prior_config(embedded_folder), "a man")
    rgb = torch.full((1, 64, 64, 3), float("nan"))
    distil(rgb, front(), None, 0, 10, torch.Generator().manual_seed(0))
    assert distil.fault() is None
