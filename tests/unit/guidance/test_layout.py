"""What is where in a picture, as the prior tells it."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import save_file

from gaussianmotion.body.poses import a_pose
from gaussianmotion.camera import orbit
from gaussianmotion.config import PriorConfig
from gaussianmotion.config.stages import TrainSettings
from gaussianmotion.guidance.digest import prior_digest
from gaussianmotion.guidance.engine import run_by_openvino
from gaussianmotion.guidance.execution import compile_networks
from gaussianmotion.guidance.layout import (
    GRID,
    HEAD_FILE,
    REGIONS,
    load_layout_head,
)
from gaussianmotion.guidance.layout_reader import LayoutReader
from gaussianmotion.guidance.prior import load_prior
from gaussianmotion.pose.condition import condition_image
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.training.checkpoint import training_digest

CPU = torch.device("cpu")
SHIPPED = Path("resources/prior")
#: Of which the layer that the head reads has 8 channels.
UNET = SimpleNamespace(config=SimpleNamespace(block_out_channels=(4, 8, 12)))


def load_shipped():
    places = {"model": str(SHIPPED), "controlnet": str(SHIPPED / "controlnet")}
    return load_prior(PriorConfig(**places, dtype="float32", engine="torch"), CPU)


@pytest.fixture(scope="module")
def shipped():
    return load_shipped()


@pytest.fixture(scope="module")
def people(shipped, open_body):
    """Two pictures that the prior draws, with their poses and texts."""
    poses = a_pose()[None].repeat(2, 1, 1)
    middle = open_body.posed_joints(poses).mean(dim=1)
    front = torch.zeros(2), torch.zeros(2), torch.full((2,), 4.2), torch.full((2,), 30.0)
    cameras = orbit(*front, middle, 128)
    condition = condition_image(open_body, poses, cameras, shipped.condition_channels, "joint")
    prompts = [
        "a woman with long blonde hair in a red dress, front view",
        "a man with short black hair in a blue t-shirt and white trousers, front view",
    ]
    generator = torch.Generator().manual_seed(0)
    rgb = shipped.sample(prompts, condition, 15, 5.0, generator).permute(0, 2, 3, 1)
    return rgb, shipped.encode_text(prompts), condition


def read(prior, rgb, text, condition):
    assert prior.layout_head is not None
    generator = torch.Generator().manual_seed(1)
    return LayoutReader(prior, prior.layout_head)(rgb, text, condition, generator)


def test_garments_and_skin_are_found_where_their_colours_are(shipped, people):
    told = read(shipped, *people)
    assert told.shape == (2, 128, 128, len(REGIONS))
    torch.testing.assert_close(told.sum(dim=-1), torch.ones(2, 128, 128))
    which = told.argmax(dim=-1)

    def colour(picture, name):
        chosen = which[picture] == REGIONS[name]
        assert chosen.sum() > 40, name
        return people[0][picture][chosen].mean(dim=0)

    red, green, blue = colour(0, "dress")
    assert red > 2 * green
    assert red > 2 * blue
    red, green, blue = colour(1, "top")
    assert blue > 1.5 * red
    assert colour(1, "bottom").min() > 0.7
    red, green, blue = colour(0, "skin")
    assert red > green > blue
    rows = [(which[1] == REGIONS[name]).nonzero()[:, 0].float().mean() for name in
            ("hair", "top", "bottom", "shoes")]  # fmt: skip
    assert rows == sorted(rows)
    ground = which == REGIONS["background"]
    assert 0.6 < ground.float().mean() < 0.95


@pytest.mark.parametrize("way", ["another engine", "compiled"])
def test_who_runs_the_priors_networks_changes_nothing(shipped, people, way):
    expected = read(shipped, *people)
    same = load_shipped()
    if way == "compiled":
        compile_networks(same, backend="eager")
    else:
        run_by_openvino(same, required=True)
    assert torch.equal(read(same, *people), expected)


def test_without_poses_garments_are_found_too(shipped, people):
    rgb, text, _ = people
    which = read(shipped, rgb[:1], text[:1], None).argmax(dim=-1)[0]
    red, green, _ = rgb[0][which == REGIONS["dress"]].mean(dim=0)
    assert red > 2 * green


def test_a_prior_without_a_head_has_none(embedded, stable_diffusion):
    assert embedded.layout_head is None
    assert stable_diffusion.layout_head is None


@pytest.mark.parametrize("fault", ["junk", "other regions", "nan", "other names", "another prior"])
def test_a_damaged_head_is_one_line(tmp_path, fault):
    path = tmp_path / HEAD_FILE
    weight = torch.zeros(len(REGIONS) * GRID**2, 8, 1, 1)
    parts = {"conv_out.weight": weight, "conv_out.bias": weight[:, 0, 0, 0].clone()}
    match fault:
        case "junk":
            path.write_bytes(b"no weights")
        case "other regions":
            save_file({name: value[:32].clone() for name, value in parts.items()}, path)
        case "nan":
            save_file({name: value + float("nan") for name, value in parts.items()}, path)
        case "another prior":
            save_file(parts | {"conv_out.weight": weight[:, :4].contiguous()}, path)
        case "other names":
            save_file({"weight": weight}, path)
    with pytest.raises(UserError) as caught:
        load_layout_head(tmp_path, CPU, UNET)
    assert "\n" not in str(caught.value)
    assert HEAD_FILE in str(caught.value)


def test_a_head_that_predicts_normals_too_is_read(tmp_path):
    weight = torch.zeros((len(REGIONS) + 3) * GRID**2, 8, 1, 1)
    save_file({"conv_out.weight": weight, "conv_out.bias": weight[:, 0, 0, 0].clone()},
              tmp_path / HEAD_FILE)  # fmt: skip
    head = load_layout_head(tmp_path, CPU, UNET)
    assert head is not None
    assert head.normals


def test_another_head_trains_again_what_it_decides_and_nothing_else(tmp_path):
    copied = Path(shutil.copytree(SHIPPED, tmp_path / "prior"))
    prior = {"model": str(copied), "controlnet": str(copied / "controlnet")}

    def digests():
        found = [prior_digest(PriorConfig(**prior))]
        for train in ({}, {"face": {"contrast": 1.0, "tone": 1.0}}, {"garments": True}):
            config = TrainSettings.model_validate({"prior": prior, "train": train})
            found.append(training_digest(config, "a man", 0, "body", found[0]))
        return found

    before = digests()
    (copied / HEAD_FILE).write_bytes(b"")
    same = [new == old for new, old in zip(digests(), before, strict=True)]
    assert same == [True, True, False, False]
    (copied / HEAD_FILE).unlink()
    assert digests()[:2] == before[:2]
