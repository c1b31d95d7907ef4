"""Every tensor of a score is on the device that it was given, and the score is that of the CPU."""

from pathlib import Path

import pytest
import torch
from elsewhere import elsewhere
from small_checkpoints import (
    ARCHITECTURE,
    register,
    write_clip,
    write_hps,
    write_inception,
    write_picture,
    write_run,
)

from gaussianmotion.body import Body
from gaussianmotion.config import Config, RenderConfig
from gaussianmotion.scores.distances.efficientnet import load_lite0, weights_file
from gaussianmotion.scores.distances.inception import load_inception
from gaussianmotion.scores.distances.pooled import features_of
from gaussianmotion.scores.pose import posed_frames
from gaussianmotion.scores.pose.mannequin import save_mannequin
from gaussianmotion.scores.registry import run_score
from gaussianmotion.scores.score_file import ScoreFile


def config_with(name: str, weights: Path, architecture: str) -> Config:
    source = {"source": str(weights), "file": weights.name, "sha256": None}
    models = {name: source | {"architecture": architecture}}
    return Config.model_validate({"threads": 1, "models": models})


def same(found: ScoreFile, expected: ScoreFile, tolerance: float) -> None:
    assert found.n == expected.n
    assert found.values.keys() == expected.values.keys()
    for name, value in expected.values.items():
        if not name.endswith("_ms"):  # the time that a picture takes
            assert found.values[name].value == pytest.approx(
                value.value, rel=tolerance, abs=tolerance
            ), name


@pytest.mark.parametrize("name", ["clip", "hps", "alignment"])
def test_of_one_picture(name: str, tmp_path: Path) -> None:
    register(tmp_path)
    run = write_run(tmp_path / "run", "a man in a blue suit", 0)
    config = {
        "clip": lambda: config_with("clip", write_clip(tmp_path / "w"), "small"),
        "hps": lambda: config_with("hps", write_hps(tmp_path / "w"), ARCHITECTURE),
        "alignment": lambda: Config(threads=1),
    }[name]()
    expected = run_score(name)(run, config, "cpu")
    with elsewhere() as device:
        found = run_score(name)(run, config, str(device))
    same(found, expected, 1e-4)


@pytest.mark.parametrize("name", ["fid", "features"])
def test_features_of_pooled_pictures(name: str, tmp_path: Path) -> None:
    pictures = [write_picture(tmp_path / f"{i}.png", i) for i in range(2)]
    path = write_inception(tmp_path / "weights.pth") if name == "fid" else weights_file()
    load = load_inception if name == "fid" else load_lite0
    expected = features_of(load(path, "cpu"), pictures)
    with elsewhere() as device:
        found = features_of(load(path, str(device)), pictures)
    assert found.device == expected.device
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["geometry", "pose", "face"])
def test_of_an_avatar(
    name: str, open_body: Body, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name != "geometry":
        pytest.importorskip("ai_edge_litert")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    # All frames of a motion pass the same tensors through the same devices.
    monkeypatch.setattr(posed_frames, "FRAMES", 4)
    config = Config(render=RenderConfig(size=64), threads=1)
    (tmp_path / "run").mkdir()
    save_mannequin(tmp_path / "run/avatar.safetensors", open_body, config, 4000)
    expected = run_score(name)(tmp_path / "run", config, "cpu")
    with elsewhere() as device:
        found = run_score(name)(tmp_path / "run", config, str(device))
    same(found, expected, 1e-3)
