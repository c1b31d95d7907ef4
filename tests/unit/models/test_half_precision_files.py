"""Weights come in half precision where that will do and the hub has them: half the download."""

import shutil
from pathlib import Path

import pytest
import torch
from fake_hub import FakeHub, check_models

from gaussianmotion.config.file import merge, validate
from gaussianmotion.guidance.load import find_model, weights_variant
from gaussianmotion.models.sources import find_model as find_declared
from gaussianmotion.models.sources import prior_models

WHOLE = "diffusion_pytorch_model.safetensors"
HALF = "diffusion_pytorch_model.fp16.safetensors"


@pytest.fixture
def twins(hub: FakeHub) -> FakeHub:
    """The hub has twins of the UNet, the text encoder and the ControlNet, none of the VAE."""
    hub.files[f"some/model/unet/{HALF}"] = b"half" * 400
    hub.files["some/model/text_encoder/model.fp16.safetensors"] = b"half" * 300
    hub.files[f"some/control/{HALF}"] = b"half" * 200
    return hub


def prior_only(settings: dict, dtype: str) -> dict:
    return merge(settings, {"scores": {"names": []}, "prior": {"dtype": dtype}})


def weights_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*.safetensors")}


def test_twins_are_fetched_and_found_without_network(settings: dict, twins: FakeHub) -> None:
    config = validate(prior_only(settings, "float16"), "test")
    facts = check_models(config)
    folder = Path(facts["prior.model"]["folder"])
    expected = {f"unet/{HALF}", f"vae/{WHOLE}", "text_encoder/model.fp16.safetensors"}
    assert weights_in(folder) == expected
    assert weights_in(Path(facts["prior.controlnet"]["folder"])) == {HALF}
    twins.requests.clear()
    assert [find_declared(model, config) for model in prior_models(config.prior)] == [
        folder,
        Path(facts["prior.controlnet"]["folder"]),
    ]
    check_models(config)
    assert twins.requests == []


def test_float32_takes_the_whole_files(settings: dict, twins: FakeHub) -> None:
    config = validate(prior_only(settings, "float32"), "test")
    folder = Path(check_models(config)["prior.model"]["folder"])
    assert weights_in(folder) == {f"unet/{WHOLE}", f"vae/{WHOLE}", "text_encoder/model.safetensors"}
    # What is here already will do for half precision, too.
    twins.requests.clear()
    check_models(validate(prior_only(settings, "float16"), "test"))
    assert twins.requests == []


def test_trainings_find_them(
    settings: dict, twins: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = validate(prior_only(settings, "float16"), "test")
    folder = Path(check_models(config)["prior.model"]["folder"])
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder.parents[2]))
    found = find_model(config.prior.model, config.prior.revision, "prior.model")
    assert found == folder


def test_an_own_copy_may_hold_either(settings: dict, twins: FakeHub, tmp_path: Path) -> None:
    config = validate(prior_only(settings, "float16"), "test")
    own = tmp_path / "own"
    shutil.copytree(check_models(config)["prior.controlnet"]["folder"], own)
    copied = merge(prior_only(settings, "float16"), {"prior": {"controlnet": str(own)}})
    assert check_models(validate(copied, "test"))["prior.controlnet"]["folder"] == str(own)


def test_which_files_are_read(tmp_path: Path) -> None:
    (tmp_path / HALF).touch()
    assert weights_variant(tmp_path, torch.float32) == "fp16"  # there are no others
    (tmp_path / WHOLE).touch()
    assert weights_variant(tmp_path, torch.float32) is None
    assert weights_variant(tmp_path, torch.float16) == "fp16"
