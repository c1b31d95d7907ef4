"""Models that are missing, damaged or foreign: one line each that says what to do."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_priors import prior_config

from gaussianmotion.config import PriorConfig
from gaussianmotion.guidance.load import find_model
from gaussianmotion.guidance.prior import load_prior
from gaussianmotion.runtime.errors import UserError

WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.fixture
def folder(embedded_folder: Path, tmp_path: Path) -> Path:
    """A copy of the embedded prior that a test may damage."""
    return Path(shutil.copytree(embedded_folder, tmp_path / "prior"))


def refused(folder: Path, **changes: str) -> str:
    """The one line with which a folder is refused."""
    config = prior_config(folder).model_copy(update=changes)
    with pytest.raises(UserError) as caught:
        load_prior(config, "cpu")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_that_is_not_there(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    message = refused(tmp_path / "nothing")
    assert "not found: run `gaussianmotion models`, or set prior.model to a folder" in message


@pytest.mark.parametrize("name", ["owner/model-that-was-never-fetched", "~/x", "a b", "../..x/y/z"])
def test_a_hub_model_that_was_not_fetched_is_not_downloaded(name: str, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(UserError, match="not found: run `gaussianmotion models`"):
        find_model(name, "abc123", "prior.model")


def test_a_controlnet_that_is_not_there_is_named_by_its_key(folder: Path):
    message = refused(folder, controlnet=str(folder / "other"))
    assert "prior.controlnet" in message
    assert "set prior.controlnet to a folder" in message


@pytest.mark.parametrize("part", ["unet", "vae", "controlnet"])
def test_truncated_weights(folder: Path, part: str):
    path = folder / part / WEIGHTS
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    message = refused(folder)
    assert str(folder / part) in message
    assert "damaged" in message
    assert "fetch it again" in message


@pytest.mark.parametrize("content", [b"", b"\x80\x04not safetensors at all", b"<html>404</html>"])
def test_weights_that_are_no_safetensors(folder: Path, content: bytes):
    (folder / "unet" / WEIGHTS).write_bytes(content)
    assert "damaged or not of the expected kind" in refused(folder)


def test_only_safetensors_are_loaded(folder: Path):
    path = folder / "unet" / WEIGHTS
    torch.save(load_file(path), path.with_name("diffusion_pytorch_model.bin"))
    path.unlink()
    assert "holds no .safetensors file: only that format is loaded" in refused(folder)


def test_a_missing_weight_is_an_error_and_not_a_random_number(folder: Path):
    path = folder / "unet" / WEIGHTS
    weights = load_file(path)
    del weights["conv_out.weight"]
    save_file(weights, path, metadata={"format": "pt"})
    assert "1 weights missing and 0 too many, such as conv_out.weight" in refused(folder)


def test_weights_of_another_model(folder: Path):
    shutil.copy(folder / "vae" / WEIGHTS, folder / "unet" / WEIGHTS)
    assert "not of the expected kind" in refused(folder)


def test_weights_of_another_size(folder: Path):
    path = folder / "unet" / WEIGHTS
    weights = load_file(path)
    weights["conv_out.bias"] = torch.zeros(7)
    save_file(weights, path, metadata={"format": "pt"})
    assert "not of the expected kind" in refused(folder)


@pytest.mark.parametrize("text", ["{", "[]", "\udcff"])
def test_a_broken_configuration(folder: Path, text: str):
    (folder / "model_index.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert "model_index.json cannot be loaded" in refused(folder)


@pytest.mark.parametrize("text", ["{", "[]", ""])
def test_the_settings_of_a_network_that_are_none(folder: Path, text: str):
    (folder / "unet/config.json").write_text(text)
    assert "config.json cannot be loaded" in refused(folder)


def test_a_folder_of_something_else(tmp_path: Path):
    assert "model_index.json not found" in refused(tmp_path)


def test_an_unknown_text_encoder(folder: Path):
    (folder / "model_index.json").write_text(json.dumps({"text_encoder": ["os", "system"]}))
    assert "names the text encoder system: only CLIPTextModel" in refused(folder)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"prediction_type": "v_prediction"}, "predicts v_prediction"),
        ({"beta_schedule": "squaredcos_cap_v2"}, "beta_schedule squaredcos_cap_v2 is not"),
        ({"beta_start": "x"}, "cannot be loaded"),
        ({"beta_start": 0.0}, "beta_start 0 and beta_end 0.012 do not rise within 0 and 1"),
        ({"beta_end": 2.0}, "beta_end 2 do not rise"),
        ({"num_train_timesteps": 10}, "num_train_timesteps is 10, but 1000 are needed"),
        ({"num_train_timesteps": 10**9}, "but 1000 are needed"),
        ({"clip_sample": True, "clip_sample_range": -1}, "clip_sample_range -1 is no magnitude"),
        ({"clip_sample": True, "clip_sample_range": "x"}, "cannot be loaded"),
    ],
)
def test_a_schedule_that_is_not_understood(folder: Path, change: dict[str, Any], complaint: str):
    path = folder / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert complaint in refused(folder)


def test_a_controlnet_of_another_model(embedded_folder: Path, stable_diffusion_folder: Path):
    message = refused(embedded_folder, controlnet=str(stable_diffusion_folder / "controlnet"))
    assert "prior.model and prior.controlnet do not fit together" in message


def test_the_papers_models_are_pinned():
    config = PriorConfig()
    for revision in (config.revision, config.controlnet_revision):
        assert revision is not None
        assert len(revision) == 40


def test_weights_in_half_precision_are_loaded(stable_diffusion_folder, tmp_path):
    """As the hub has them: networks and text encoder in files of their own name."""
    folder = shutil.copytree(stable_diffusion_folder, tmp_path / "half")
    for path in [*folder.rglob("*.safetensors")]:
        weights = {name: tensor.half() for name, tensor in load_file(path).items()}
        save_file(weights, path.with_name(f"{path.stem}.fp16.safetensors"), {"format": "pt"})
        path.unlink()
    prior = load_prior(prior_config(folder), "cpu")
    whole = load_prior(prior_config(stable_diffusion_folder), "cpu")
    for name in ("_vae", "_unet", "_controlnet"):
        ours, expected = (getattr(p, name).state_dict() for p in (prior, whole))
        for key, tensor in expected.items():
            torch.testing.assert_close(ours[key], tensor.half().float())
    texts = [p.encode_text(["a man"]) for p in (prior, whole)]
    torch.testing.assert_close(*texts, rtol=1e-2, atol=1e-2)
