"""The exported prior reloads and predicts what the trained networks predict."""

import json
import warnings
from pathlib import Path

import pytest
import torch
from prior_fakes import write_fakes

from gaussianmotion.config import PriorConfig
from gaussianmotion.guidance.prior import load_prior
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.prior.checkpoint import load_checkpoint, save_checkpoint
from gaussianmotion.synthesis.prior.diffusion_trainer import DiffusionSettings, Trainer
from gaussianmotion.synthesis.prior.export import averaged_networks, export_prior
from gaussianmotion.synthesis.prior.import_prior import import_prior
from gaussianmotion.synthesis.prior.measure import measure_prior
from gaussianmotion.synthesis.prior.model_card import write_model_card
from gaussianmotion.synthesis.prior.networks import new_autoencoder

SMALL = {"block_out_channels": (32, 32, 32), "attention_head_dim": (1, 1, 1)}


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Untrained networks as checkpoints of a diffusion and of an autoencoder."""
    folder = tmp_path_factory.mktemp("checkpoints")
    trainer = Trainer(DiffusionSettings(unet=SMALL, controlnet=SMALL))
    settings = {"batch": 16, "unet": SMALL, "controlnet": SMALL}
    state = {"settings": settings, "step": 3, "seconds": 1.0, "scaling": 0.8}
    save_checkpoint(folder / "d.pt", "diffusion", {**state, "averages": trainer.averages})
    torch.manual_seed(1)
    save_checkpoint(folder / "a.pt", "autoencoder", {"network": new_autoencoder().state_dict()})
    return folder / "d.pt", folder / "a.pt"


@pytest.fixture(scope="module")
def prior(checkpoints: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("prior")
    return export_prior(*checkpoints, out, captions=["a man in Red trousers, front view"])


def test_the_export_predicts_what_the_checkpoint_does(
    checkpoints: tuple[Path, Path], prior: Path
) -> None:
    networks = averaged_networks(load_checkpoint(checkpoints[0], "diffusion"))
    config = PriorConfig(model=str(prior), controlnet=str(prior / "controlnet"), dtype="float32")
    loaded = load_prior(config, "cpu")
    latents, pose = torch.randn(2, 4, 32, 32), torch.rand(2, 3, 128, 128)
    times, text = torch.tensor([100, 900]), loaded.encode_text(["a man", "a woman"])
    with torch.no_grad():
        down, mid = networks["controlnet"](latents, times, text, pose, return_dict=False)
        expected = networks["unet"](
            latents,
            times,
            text,
            down_block_additional_residuals=down,
            mid_block_additional_residual=mid,
            return_dict=False,
        )[0]
    found = loaded.predict_noise(latents, times, text, pose)
    torch.testing.assert_close(found, expected, atol=5e-3, rtol=5e-3)


def test_the_export_is_complete(prior: Path) -> None:
    assert (prior / "vocabulary.txt").read_text().split() == sorted(
        ["a", "man", "in", "red", "trousers", "front", "view"]
    )
    assert json.loads((prior / "training.json").read_text())["samples_seen"] == 48
    assert json.loads((prior / "vae" / "config.json").read_text())["scaling_factor"] == 0.8
    assert not list(prior.glob(".partial*"))


def test_weights_that_are_not_finite_are_not_exported(
    checkpoints: tuple[Path, Path], tmp_path: Path
) -> None:
    state = load_checkpoint(checkpoints[0], "diffusion")
    name = next(iter(state["averages"]))
    state["averages"] = {**state["averages"], name: state["averages"][name] * float("nan")}
    save_checkpoint(tmp_path / "d.pt", "diffusion", state)
    with pytest.raises(UserError, match="not finite"):
        export_prior(tmp_path / "d.pt", checkpoints[1], tmp_path / "out")


def test_measuring_runs_end_to_end(prior: Path, tmp_path: Path) -> None:
    heldout = write_fakes(tmp_path / "heldout", count=16, per_shard=16)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        measures = measure_prior(
            prior, heldout, tmp_path / "out", count=16, steps=1, report=lambda _: None
        )
    assert measures["silhouette"]["true renders"] > 0.8
    assert measures["colours"]["top"]["true renders"] > 0.8
    assert measures["latent_limit"] == 4.0
    assert (tmp_path / "out" / "grid.png").exists()
    with pytest.raises(UserError, match="at least 16"):
        measure_prior(prior, heldout, tmp_path, count=4)


def test_the_model_card_says_what_was_missed(tmp_path: Path) -> None:
    colours = {"items": 9, "right caption": 0.5, "other caption": 0.1, "true renders": 1.0}
    names = ("conditioned", "no pose", "other pose", "true renders")
    measures = {
        "protocol": "x",
        "items": 9,
        "guidance": 5.0,
        "ddim_steps": 25,
        "silhouette": dict.fromkeys(names, 0.85),
        "colours": dict.fromkeys(("top", "bottom", "dress"), colours),
        "faces": {"front view": {"items": 3, "samples": 0.5, "true renders": 0.6}},
    }
    with pytest.raises(UserError, match="export and measure"):
        write_model_card(tmp_path, tmp_path / "measures.json")
    (tmp_path / "measures.json").write_text(json.dumps(measures))
    (tmp_path / "training.json").write_text('{"samples_seen": 1, "steps": 2, "hours": 3.0}')
    card = write_model_card(tmp_path, tmp_path / "measures.json", notes="Feet are weak.")
    text = card.read_text()
    assert "silhouette: 0.85 of 0.85, reached" in text
    assert "top: 0.50 of 0.97, missed by 0.47" in text
    assert text.endswith("Feet are weak.\n")
    assert "from a caption and an OpenPose skeleton. It" in text
    shape = {"patch": 4, "widths": [64, 128], "condition": 6}
    facts = {"samples_seen": 1, "steps": 2, "hours": 3.0, "settings": {"shape": shape}}
    (tmp_path / "training.json").write_text(json.dumps(facts))
    text = write_model_card(tmp_path, tmp_path / "measures.json").read_text()
    assert "from a caption and an OpenPose skeleton and a surface map of the body. It" in text
    assert "| vae | none: a cell is a patch of 4x4 pixels | 0 |" in text
    assert (
        "has not been written down"
        in write_model_card(tmp_path, card.parent / "measures.json").read_text()
    )


def test_a_shipped_prior_becomes_a_checkpoint_again(prior: Path, tmp_path: Path) -> None:
    diffusion, autoencoder = import_prior(prior, tmp_path / "imported")
    assert load_checkpoint(diffusion, "diffusion")["step"] == 3
    again = export_prior(diffusion, autoencoder, tmp_path / "again")
    for part in ("unet", "controlnet", "vae"):
        name = f"{part}/diffusion_pytorch_model.safetensors"
        assert (again / name).read_bytes() == (prior / name).read_bytes()
    save_checkpoint(autoencoder, "autoencoder", {"digest": "x", "network": {}})
    with pytest.raises(UserError, match="is of a training"):
        import_prior(prior, tmp_path / "imported")
