"""Avatar files: exact, self-describing, and foreign ones refused with one line."""

import json
import os

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from gaussianmotion.avatar.file import HEADER_KEY, AvatarMetadata, load_avatar, save_avatar, state
from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.config import Config
from gaussianmotion.runtime.errors import UserError

METADATA = AvatarMetadata(
    prompt_id="red-dress",
    prompt='a woman in a "red" dress, <b>été</b> 👗',
    seed=7,
    steps=300,
    body_id="open_body.npz:0123456789ab",
    digest="00ff00ff00ff00ff",
    config=Config().model_dump(mode="json"),
    version="0.1.0",
)


def rewritten(path, change_tensors=lambda t: t, change_header=lambda h: h):
    """The same file with other tensors or another header."""
    with safe_open(path, framework="pt") as handle:
        header = dict(handle.metadata())
        tensors = {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118
    save_file(change_tensors(tensors), path, metadata=change_header(header))


@pytest.fixture
def path(tmp_path, avatar):
    path = tmp_path / "avatar.safetensors"
    save_avatar(path, avatar, METADATA)
    return path


def test_a_round_trip_is_exact(path, avatar):
    loaded, metadata = load_avatar(path)
    before, after = state(avatar), state(loaded)
    assert before.keys() == after.keys()
    for name in before:
        assert torch.equal(before[name], after[name]), name
        assert before[name].dtype == after[name].dtype
    assert metadata == METADATA
    assert Config.model_validate(metadata.config) == Config()


def test_a_round_trip_keeps_what_is_seen(path, avatar, open_body):
    loaded, _ = load_avatar(path)
    poses = torch.zeros(1, 24, 3)
    for one, other in zip(
        avatar.posed(open_body, poses), loaded.posed(open_body, poses), strict=True
    ):
        assert torch.equal(one, other)


def test_an_avatar_without_residual_skinning_stays_without(tmp_path, open_body):
    avatar = Avatar.on_body(open_body, 30, 0.9, torch.Generator(), residual_skinning=False)
    save_avatar(tmp_path / "a.safetensors", avatar, METADATA)
    loaded, _ = load_avatar(tmp_path / "a.safetensors")
    assert loaded.skinning is None


def test_a_missing_file_says_to_train(tmp_path):
    with pytest.raises(UserError, match="train one first"):
        load_avatar(tmp_path / "none.safetensors")


@pytest.mark.parametrize("kept", [0, 5, 100, -1])
def test_a_truncated_file_is_refused(path, kept):
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match="damaged"):
        load_avatar(path)


def test_a_foreign_safetensors_file_is_refused(tmp_path):
    save_file({"means": torch.zeros(3, 3)}, tmp_path / "foreign.safetensors")
    with pytest.raises(UserError, match="not an avatar"):
        load_avatar(tmp_path / "foreign.safetensors")


def test_another_kind_of_file_is_refused(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(os.urandom(1000))
    with pytest.raises(UserError, match="damaged or not an avatar"):
        load_avatar(tmp_path / "a.safetensors")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(UserError, match="not an avatar"):
        load_avatar(tmp_path)


def test_equal_avatars_are_equal_files(path, avatar):
    for _ in range(5):
        save_avatar(path.with_name("again.safetensors"), avatar, METADATA)
        assert path.with_name("again.safetensors").read_bytes() == path.read_bytes()


def test_a_newer_format_asks_for_an_update(path):
    def newer(header):
        return {HEADER_KEY: json.dumps(json.loads(header[HEADER_KEY]) | {"format_version": 2})}

    rewritten(path, change_header=newer)
    with pytest.raises(UserError, match="update gaussianmotion"):
        load_avatar(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format_version": 1, "seed": "x"}'])
def test_a_damaged_header_is_refused(path, text):
    rewritten(path, change_header=lambda header: {HEADER_KEY: text})
    with pytest.raises(UserError, match="damaged header"):
        load_avatar(path)


@pytest.mark.parametrize("name", ["means", "colours", "smpl_weights", "skinning.layers.0.weight"])
def test_a_missing_tensor_is_refused(path, name):
    rewritten(path, lambda tensors: {k: v for k, v in tensors.items() if k != name})
    with pytest.raises(UserError, match="train the avatar again"):
        load_avatar(path)


def test_numbers_that_are_not_finite_are_refused(path):
    rewritten(path, lambda tensors: tensors | {"means": tensors["means"] * float("nan")})
    with pytest.raises(UserError, match="not finite"):
        load_avatar(path)


def test_tensors_that_do_not_fit_are_refused(path):
    rewritten(path, lambda tensors: tensors | {"quats": tensors["quats"][:-1].contiguous()})
    with pytest.raises(UserError, match="'quats'"):
        load_avatar(path)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("smpl_weights", lambda x: x * float("nan"), "not finite"),
        ("smpl_weights", lambda x: x[:-1].clone(), "199 x 24, but 200 x 24 is needed"),
        ("smpl_weights", lambda x: x[:, :20].clone(), "200 x 20, but 200 x 24"),
        ("smpl_weights", torch.zeros_like, "do not sum to 1"),
        ("smpl_weights", lambda x: x > 0, "holds bool, not numbers"),
        ("skinning.box", lambda x: x * float("inf"), "not finite"),
        ("skinning.box", torch.zeros_like, "is no box"),
        ("skinning.layers.2.weight", lambda x: x * float("nan"), "not finite"),
        ("skinning.layers.2.weight", lambda x: x * 1e30, "but -100 to 100 is possible"),
        ("skinning.layers.8.bias", lambda x: x[:-1].clone(), "has shape 23, but 24 is needed"),
        ("log_scales", lambda x: torch.full_like(x, 88.0), "holds 88, but -88 to 3.689 is"),
        ("means", lambda x: x * 1000.0, "m, but -12 to 12 is possible"),
        ("means", lambda x: x.double() * 1e300, "not finite"),
        ("quats", lambda x: x * 1e20, "is possible"),
        ("colours", lambda x: x + 1e9, "is possible"),
        ("means", lambda x: x[:0].clone(), "'means' is empty"),
    ],
)
def test_numbers_that_no_avatar_has_are_refused(path, name, change, message):
    rewritten(path, lambda tensors: tensors | {name: change(tensors[name])})
    with pytest.raises(UserError, match=message) as error:
        load_avatar(path)
    assert f"'{name}'" in str(error.value)
    assert "train the avatar again" in str(error.value)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_another_precision_is_read(path, avatar, dtype):
    rewritten(path, lambda tensors: {name: value.to(dtype) for name, value in tensors.items()})
    loaded, _ = load_avatar(path)
    for name, value in state(loaded).items():
        assert value.dtype == torch.float32
        assert torch.allclose(value, state(avatar)[name], atol=0.05), name


def test_all_that_is_wrong_with_a_file_is_told_at_once(path):
    rewritten(path, lambda tensors: {"means": tensors["means"]})
    with pytest.raises(UserError, match=r"'quats' is missing; .*; and 2 more: train the avatar"):
        load_avatar(path)


def test_a_failed_write_keeps_the_old_file(path, avatar, monkeypatch):
    before = path.read_bytes()

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gaussianmotion.avatar.file.save_file", fail)
    with pytest.raises(UserError, match="no space left"):
        save_avatar(path, avatar, METADATA)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]
