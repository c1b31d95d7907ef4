"""The doctor names what is missing before anything runs, and how to get it."""

from pathlib import Path

import numpy as np
import pytest
from fake_hub import FakeHub, check_models

from gaussianmotion.cli import main
from gaussianmotion.config.file import merge, validate
from gaussianmotion.doctor import Finding, examine

LOCAL = {
    "device": "cpu",
    "motions": ["walk"],
    "scores": {"names": ["geometry"]},
    "prior": {"model": "resources/prior", "controlnet": "resources/prior/controlnet"},
}


def findings(*layers: dict) -> dict[str, Finding]:
    merged: dict = LOCAL
    for layer in layers:
        merged = merge(merged, layer)
    found = examine(validate(merged, "test"))
    assert all("\n" not in finding.line() for finding in found)
    return {finding.what: finding for finding in found}


def body_detail(path: Path) -> str:
    finding = findings({"body": {"path": str(path)}})["body"]
    assert not finding.fine
    return finding.detail


def smpl_like(path: Path, joints: int) -> Path:
    """A body file with the right keys and this many joints."""
    np.savez(
        path,
        v_template=np.zeros((6890, 3)),
        f=np.zeros((4, 3), dtype=np.int64),
        weights=np.full((6890, joints), 1.0 / joints),
        J_regressor=np.zeros((joints, 6890)),
        kintree_table=np.zeros((2, joints), dtype=np.int64),
        shapedirs=np.zeros((6890, 3, 1)),
    )
    return path


def test_a_computer_that_has_everything():
    assert all(finding.fine for finding in findings().values())


def test_a_body_file_that_is_absent(tmp_path: Path):
    assert "write body.path" in body_detail(tmp_path / "SMPL_NEUTRAL.npz")


@pytest.mark.parametrize(("joints", "kind"), [(55, "an SMPL-X"), (52, "an SMPL-H"), (2, "not an")])
def test_a_body_file_of_another_model(tmp_path: Path, joints: int, kind: str):
    detail = body_detail(smpl_like(tmp_path / "body.npz", joints))
    assert f"has {joints} joints: it is {kind}" in detail
    assert "SMPL's 24 are needed" in detail


def test_missing_models_say_how_large_they_are_and_how_to_get_them(settings: dict, hub: FakeHub):
    settings["models"]["clip"]["gib"] = 1.6
    found = findings(settings, {"scores": {"names": ["clip", "fid", "hps"]}})
    clip = found["models.clip.source"]
    assert not clip.fine
    assert "run `gaussianmotion models` (1.6 GiB), or set models.clip.source" in clip.detail
    assert not found["prior.controlnet"].fine
    assert found["network"].fine
    assert hub.downloads("clip.safetensors") == []


def test_what_a_variant_is_trained_with_is_looked_for_too(tmp_path: Path):
    variants = tmp_path / "variants.yaml"
    variants.write_text("ours: {}\nlarger: {prior: {model: /nowhere}}\n")
    layer = {"variants_file": str(variants), "ablation": {"variants": ["ours", "larger"]}}
    found = findings(layer)
    assert found["prior.model"].fine
    assert not found["variant larger: prior.model"].fine
    assert "variant larger: prior.controlnet" not in found  # that of the experiment


def test_what_an_interrupted_download_left_is_counted(settings: dict, tmp_path: Path):
    partial = tmp_path / "models/files/inception.pth.partial"
    partial.parent.mkdir(parents=True)
    with partial.open("wb") as file:
        file.truncate(2**29)  # sparse: takes no room
    found = findings(settings, {"scores": {"names": ["fid"]}})
    assert "0.5 GiB of it are here" in found["models.inception.source"].detail


def test_fetched_models_are_found(settings: dict):
    check_models(validate(settings, "test"))
    found = findings(settings)
    assert all(finding.fine for finding in found.values()), found
    assert "network" not in found


def test_no_network(settings: dict, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    network = findings(settings)["network"]
    assert not network.fine
    assert "copy its models.folder here" in network.detail


def test_a_disk_without_room_for_the_downloads(settings: dict):
    settings["models"]["hps"]["gib"] = 1e6
    disk = findings(settings, {"scores": {"names": ["hps"]}})["disk (models.folder)"]
    assert not disk.fine
    assert "set models.folder to a folder on a larger disk" in disk.detail


def test_the_command_fails_with_2_when_something_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    arguments = ["doctor", "--config", "config.yaml", "config/laptop.yaml"]
    code = main([*arguments, "--set", f"body.path={tmp_path / 'absent.npz'}"])
    assert code == 2
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("missing  body: no body file") for line in lines)
    assert any(line.startswith("ok       prior.model") for line in lines)


def test_offline_no_host_is_asked(
    settings: dict, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    network = findings(settings)["network"]
    assert not network.fine
    assert "HF_HUB_OFFLINE is set: unset it, or run `gaussianmotion models` on" in network.detail
    assert hub.requests == []


def test_models_are_looked_for_where_the_hubs_client_keeps_them(
    settings: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HF_HUB_CACHE may be on another disk than HF_HOME."""
    settings["models"]["folder"] = None
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    partial = tmp_path / "cache/models--some--control/blobs/aa.partial"
    partial.parent.mkdir(parents=True)
    with partial.open("wb") as file:
        file.truncate(2**29)  # sparse: takes no room
    found = findings(settings, {"scores": {"names": []}})
    assert f"some/model is not in {tmp_path / 'cache'}: run" in found["prior.model"].detail
    assert "0.5 GiB of it are here" in found["prior.controlnet"].detail
    assert str(tmp_path / "cache") in found["disk (models.folder)"].detail
