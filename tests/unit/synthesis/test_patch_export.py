"""A prior on pixel patches ships as a folder that the one loader reads, and is asked for noise."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from prior_fakes import write_fakes
from safetensors.torch import load_file, save_file
from test_patch_training import SETTINGS, SHAPE, train

from gaussianmotion.cli import main
from gaussianmotion.config import PriorConfig, TrainConfig
from gaussianmotion.guidance.diffusion import DiffusionPrior
from gaussianmotion.guidance.execution import run_as_asked
from gaussianmotion.guidance.prior import load_prior
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.prior.checkpoint import load_checkpoint, save_checkpoint
from gaussianmotion.synthesis.prior.export_patches import export_patches, patch_networks
from gaussianmotion.synthesis.prior.import_patches import import_patches
from gaussianmotion.synthesis.prior.patch_networks import new_patch_controlnet
from gaussianmotion.synthesis.prior.train_patches import KIND

CONFIG = "config.json"
WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = write_fakes(tmp_path_factory.mktemp("v3"), count=8, per_shard=8, version=4)
    return train(data, tmp_path_factory.mktemp("training"), 12)


@pytest.fixture(scope="module")
def exported(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("prior")
    return export_patches(checkpoint, out, ["a man in Red trousers, front view"])


@pytest.fixture
def folder(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported, tmp_path / "prior"))


def load(folder: Path) -> DiffusionPrior:
    config = PriorConfig(model=str(folder), controlnet=str(folder / "controlnet"), dtype="float32")
    return load_prior(config, "cpu")


@pytest.mark.filterwarnings("ignore")  # torch's compiler warns of what it does itself
def test_what_changes_how_a_prior_is_run_finds_no_autoencoder_in_it(exported: Path) -> None:
    for asked in ({"checkpoint_encoder": True}, {"compile": True}):
        assert run_as_asked(load(exported), TrainConfig(**asked)).engine == "torch"


def refused(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        load(folder)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_the_loaded_prior_predicts_the_noise_of_the_clean_picture(
    checkpoint: Path, exported: Path
) -> None:
    prior = load(exported)
    networks: dict[str, Any] = patch_networks(load_checkpoint(checkpoint, KIND))
    torch.manual_seed(0)
    noisy, pose = torch.randn(2, 768, 8, 8), torch.rand(2, 6, 128, 128)
    times, text = torch.tensor([100, 900]), prior.encode_text(["a man", "a woman in red"])
    padded = (text != 0).any(-1)
    pooled = torch.stack([row[used].mean(0) for row, used in zip(text, padded, strict=True)])
    small = torch.nn.functional.avg_pool2d(pose, 4)  # 4 pixels a cell, where the image has 16
    with torch.no_grad():
        down, mid = networks["controlnet"](noisy, times, text, small, return_dict=False)
        clean = networks["unet"](
            noisy, times, text, class_labels=pooled, down_block_additional_residuals=down,
            mid_block_additional_residual=mid, return_dict=False,
        )[0]  # fmt: skip
    level = prior.alpha_bar[times][:, None, None, None]
    expected = (noisy - level.sqrt() * clean) / (1 - level).sqrt()
    found = prior.predict_noise(noisy, times, text, pose)
    torch.testing.assert_close(found, expected, atol=5e-3, rtol=5e-3)  # weights are fp16


def test_pictures_pass_through_patches_unchanged_and_with_their_gradient(exported: Path) -> None:
    prior = load(exported)
    picture = torch.rand(2, 3, 64, 64, requires_grad=True)
    latents = prior.encode_image(picture)
    assert latents.shape == (2, 768, 4, 4)
    assert latents.abs().max() <= prior.latent_limit == pytest.approx(SETTINGS.scaling)
    torch.testing.assert_close(prior.decode(latents.detach()), picture.detach())
    latents.sum().backward()
    torch.testing.assert_close(picture.grad, torch.full_like(picture, 2 * SETTINGS.scaling))


def test_it_samples_at_the_size_it_was_trained_at(exported: Path) -> None:
    prior = load(exported)
    assert prior.condition_channels == 6
    made = prior.sample(["a man", "a woman"], torch.rand(2, 6, 128, 128), steps=2)
    assert made.shape == (2, 3, 128, 128)
    assert prior.sample(["a man"], steps=1).shape == (1, 3, 128, 128)
    assert prior.unknown_words("a man in green trousers") == ["green"]


def test_a_shipped_prior_becomes_a_checkpoint_again(exported: Path, tmp_path: Path) -> None:
    path = import_patches(exported, tmp_path / "imported")
    again = export_patches(path, tmp_path / "again")
    for name in (f"unet/{WEIGHTS}", f"controlnet/{WEIGHTS}", "layout_head.safetensors"):
        assert (again / name).read_bytes() == (exported / name).read_bytes()
    assert (again / "training.json").read_text() == (exported / "training.json").read_text()
    # The training takes it up.
    data = write_fakes(tmp_path / "data", count=8, per_shard=8, version=4)
    train(data, path.parent, 20)
    assert load_checkpoint(path, KIND)["done"] == 20
    with pytest.raises(UserError, match="is of a training: give --out another folder"):
        import_patches(exported, path.parent)


def test_a_prior_whose_head_nothing_trained_is_gone_on_with_without_one(tmp_path: Path) -> None:
    data = write_fakes(tmp_path / "data", count=8, per_shard=8, version=4)
    untrained = replace(SETTINGS, regions=0.0)
    checkpoint = train(data, tmp_path / "training", 8, settings=untrained)
    prior = export_patches(checkpoint, tmp_path / "prior", ["a man"])
    assert not (prior / "layout_head.safetensors").exists()
    path = import_patches(prior, tmp_path / "imported")
    train(data, path.parent, 12, settings=untrained)
    assert load_checkpoint(path, KIND)["done"] == 12


def test_a_prior_without_its_head_is_still_known_for_what_it_is(
    exported: Path, tmp_path: Path, capsys
) -> None:
    shutil.copytree(exported, tmp_path / "prior")
    (tmp_path / "prior/layout_head.safetensors").unlink()
    command = ["synthesis", "import-prior", "--prior", str(tmp_path / "prior")]
    assert main([*command, "--out", str(tmp_path / "out")]) == 2
    assert "layout_head.safetensors" in capsys.readouterr().err
    (tmp_path / "prior/training.json").write_text("{}")
    assert main([*command, "--out", str(tmp_path / "out")]) == 2
    assert "says nothing of a training's settings" in capsys.readouterr().err


def test_a_controlnet_that_reads_other_pictures_is_refused(folder: Path) -> None:
    new_patch_controlnet(replace(SHAPE, condition=4)).save_pretrained(folder / "controlnet")
    assert refused(folder).startswith("prior.controlnet reads pictures of 4 channels: name one")


def test_only_what_inference_needs_is_written(exported: Path) -> None:
    files = sorted(str(p.relative_to(exported)) for p in exported.rglob("*") if p.is_file())
    networks = [f"{part}/{name}" for part in ("controlnet", "unet") for name in (CONFIG, WEIGHTS)]
    others = ["layout_head.safetensors", "model_index.json", "scheduler/scheduler_config.json"]
    others += ["text_encoder.json", "training.json", "vae/config.json", "vocabulary.txt"]
    assert files == sorted(networks + others)
    names = set(load_file(exported / "unet" / WEIGHTS))
    assert not any("head" in name or "embedding_out" in name for name in names)
    facts = json.loads((exported / "training.json").read_text())
    assert (facts["samples_seen"], facts["size"]) == (12, 128)


@pytest.mark.parametrize("part", ["unet", "controlnet"])
def test_weights_that_are_no_numbers_are_named(folder: Path, part: str) -> None:
    path = folder / part / WEIGHTS
    weights = load_file(path)
    weights["conv_in.weight"][0, 0] = torch.nan
    save_file(weights, path, metadata={"format": "pt"})
    message = refused(folder)
    assert str(folder / part) in message
    assert "conv_in.weight holds NaN or infinity" in message


def test_a_truncated_file_is_one_line(folder: Path) -> None:
    path = folder / "unet" / WEIGHTS
    path.write_bytes(path.read_bytes()[:-1000])
    assert f"{folder / 'unet'} cannot be loaded" in refused(folder)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"patch": 6}, "patch is 6, not a power of 2"),
        ({"scaling_factor": "large"}, "scaling_factor is 'large'"),
        ({"patch": 8}, "the UNet's channels and the autoencoder's differ"),
    ],
)
def test_patches_of_another_layout_are_one_line(
    folder: Path, changes: dict[str, Any], said: str
) -> None:
    path = folder / "vae" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    assert said in refused(folder)


def test_a_model_that_predicts_something_else_is_one_line(folder: Path) -> None:
    path = folder / "scheduler" / "scheduler_config.json"
    path.write_text(path.read_text().replace('"sample"', '"v_prediction"'))
    assert "predicts v_prediction; one that predicts epsilon or sample" in refused(folder)


def test_a_checkpoint_that_has_gone_astray_is_not_exported(
    checkpoint: Path, tmp_path: Path
) -> None:
    state = load_checkpoint(checkpoint, KIND)
    state["averages"]["unet.conv_in.weight"][:] = torch.inf
    save_checkpoint(tmp_path / "bad.pt", KIND, {k: v for k, v in state.items() if k != "kind"})
    with pytest.raises(UserError, match="not finite: resume from an older checkpoint"):
        export_patches(tmp_path / "bad.pt", tmp_path / "out")
