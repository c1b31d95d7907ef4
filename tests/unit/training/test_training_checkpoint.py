"""Checkpoints belong to their settings; others are moved aside, never read, never lost."""

import pickle

import numpy as np
import pytest
import torch
from PIL import Image

from gaussianmotion.avatar.whose_face import whose_face
from gaussianmotion.config import Config
from gaussianmotion.config.face import face_path
from gaussianmotion.config.stages import TrainSettings
from gaussianmotion.pipeline.stage import narrow
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.shipped import shipped
from gaussianmotion.training import checkpoint
from gaussianmotion.training.checkpoint import load_checkpoint, save_checkpoint, training_digest

STATE = {"finished": 3, "tensor": torch.arange(3.0), "nested": {"name": [1, 2.5, "x"]}}


@pytest.fixture
def path(tmp_path):
    save_checkpoint(tmp_path / "checkpoint.pt", "abc", STATE)
    return tmp_path / "checkpoint.pt"


def test_no_checkpoint_means_a_new_start(tmp_path):
    assert load_checkpoint(tmp_path / "checkpoint.pt", "abc") is None


def test_state_comes_back_as_it_was(path):
    state = load_checkpoint(path, "abc")
    assert torch.equal(state.pop("tensor"), STATE["tensor"])
    assert state == {"finished": 3, "nested": {"name": [1, 2.5, "x"]}}


def test_another_digest_is_moved_aside(path, capsys):
    content = path.read_bytes()
    assert load_checkpoint(path, "other") is None
    assert not path.exists()
    assert (path.parent / "checkpoint-abc.pt").read_bytes() == content
    assert "belongs to other settings" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04 broken zip"])
def test_a_damaged_file_is_moved_aside(path, capsys, content):
    path.write_bytes(content)
    assert load_checkpoint(path, "abc") is None
    assert (path.parent / "checkpoint-damaged.pt").read_bytes() == content
    assert "damaged or foreign" in capsys.readouterr().err


def test_a_file_of_another_version_is_moved_aside_and_called_so(path, capsys):
    content = torch.load(path, weights_only=True)
    torch.save(content | {"format": "gaussianmotion-checkpoint-1"}, path)
    assert load_checkpoint(path, "abc") is None
    assert (path.parent / "checkpoint-otherversion.pt").exists()
    assert "is of another version of gaussianmotion" in capsys.readouterr().err


def test_a_truncated_file_is_moved_aside(path):
    path.write_bytes(path.read_bytes()[:-200])
    assert load_checkpoint(path, "abc") is None
    assert not path.exists()


def test_code_in_a_pickle_is_not_run(path, tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "owned"), "w"))

    for write in (
        lambda: path.write_bytes(pickle.dumps(Evil())),
        lambda: torch.save({"format": Evil()}, path),
    ):
        write()
        assert load_checkpoint(path, "abc") is None
        assert not (tmp_path / "owned").exists()


def test_a_failed_write_keeps_the_last_checkpoint(path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("torch.save", fail)
    with pytest.raises(UserError, match="no space left"):
        save_checkpoint(path, "abc", {})
    monkeypatch.undo()
    assert load_checkpoint(path, "abc")["finished"] == 3


def digest(prompt="a man", seed=0, body="body", weights="trained", **keys):
    settings = narrow(Config.model_validate(keys), TrainSettings)
    return training_digest(settings, prompt, seed, body, weights)


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "a woman"},
        {"seed": 1},
        {"body": "other"},
        {"weights": "trained further"},
        {"train": {"steps": 7}},
        {"train": {"score": {"tau": 100}}},
        {"prior": {"prompt_suffix": "photo"}},
    ],
)
def test_what_decides_the_avatar_changes_the_digest(change):
    assert digest(**change) != digest()


def test_so_does_the_content_of_the_face_that_it_is_drawn_to(tmp_path, monkeypatch):
    drawn = {"train": {"face": {"contrast": 1.0}}}
    first = digest(**drawn)
    with Image.open(shipped(face_path(whose_face("a man", 0)))) as file:
        pixels = np.asarray(file).copy()
    pixels[100, 100] = 0
    Image.fromarray(pixels, "RGBA").save(tmp_path / "face.png")
    monkeypatch.setattr(checkpoint, "face_path", lambda name: tmp_path / "face.png")
    assert digest(**drawn) != first
    assert digest() == digest()  # without one, no face is read


@pytest.mark.parametrize(
    "change",
    [
        {"train": {"preview_every": 7, "checkpoint_every": 9}},
        {"render": {"size": 256}},
        {"threads": 1},
        {"results": "elsewhere"},
        {"body": "body"},
    ],
)
def test_what_does_not_leaves_it(change):
    assert digest(**change) == digest()
