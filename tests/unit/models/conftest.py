"""A hub with every model of the paper's experiment, small, and a computer that knows it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_hub import CLIP, COMMIT, HPS, INCEPTION, MODEL, FakeHub, digest

from gaussianmotion.config import Config
from gaussianmotion.config.file import validate


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    files = {f"some/model/{name}": content for name, content in MODEL.items()}
    files |= {
        "some/control/config.json": b"{}",
        "some/control/diffusion_pytorch_model.safetensors": b"control" * 500,
        "some/clip/open_clip_config.json": b"{}",
        "some/clip/clip.safetensors": CLIP,
        "some/hps/HPS.pt": HPS,
        "/inception.pth": INCEPTION,
    }
    with FakeHub(files) as hub:
        yield hub


@pytest.fixture
def settings(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    """The keys of an experiment whose models are all on the hub."""
    # The hub's client reads the environment once, when it is first imported.
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.url)
    monkeypatch.setattr(
        "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE",
        hub.url + "/{repo_id}/resolve/{revision}/{filename}",
    )
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_PROGRESS_BARS", True)
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setattr("gaussianmotion.models.downloads.RETRY_PAUSE", 0.0)
    return {
        "prior": {
            "model": "some/model",
            "revision": COMMIT,
            "controlnet": "some/control",
            "controlnet_revision": COMMIT,
        },
        "models": {
            "folder": str(tmp_path / "models"),
            "clip": {
                "source": "some/clip",
                "revision": COMMIT,
                "file": "clip.safetensors",
                "sha256": digest(CLIP),
            },
            "hps": {"source": "some/hps", "revision": COMMIT, "file": "HPS.pt", "sha256": None},
            "inception": {
                "source": f"{hub.url}/inception.pth",
                "file": "inception.pth",
                "sha256": digest(INCEPTION),
            },
        },
    }


@pytest.fixture
def config(settings: dict) -> Config:
    return validate(settings, "test")
