"""The page holds the avatar as it is, plays motions as they are, and takes any text as text."""

import base64
import errno
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from gaussianmotion.avatar.file import load_avatar, save_avatar
from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.body.model import skin
from gaussianmotion.body.rotation import to_quaternion
from gaussianmotion.cli import main
from gaussianmotion.config import Config, RenderConfig
from gaussianmotion.export.viewer.clips import camera_path, pack_motion
from gaussianmotion.export.viewer.document import inline_json, write_viewer
from gaussianmotion.export.viewer.facts import variant_of
from gaussianmotion.export.viewer.packing import MOST_JOINTS, pack, pack_influences
from gaussianmotion.pose.motion import BUNDLED, bundled_motions, load_motion
from gaussianmotion.runtime import atomic
from gaussianmotion.scores.pose.mannequin import save_mannequin

COUNT = 300
PROMPT = "a \"man\" in </script><b>jeans</b> & 'boots' <!-- \u2028 ü"


@pytest.fixture(scope="module")
def saved(open_body, tmp_path_factory) -> Path:
    """A run's avatar with a learnt skinning field and a prompt that tries to be HTML."""
    path = tmp_path_factory.mktemp("results") / "ours/man-jeans/7/avatar.safetensors"
    save_mannequin(path, open_body, Config(), COUNT)
    _, metadata = load_avatar(path)
    generator = torch.Generator().manual_seed(0)
    avatar = Avatar.on_body(open_body, COUNT, 0.7, generator)
    with torch.no_grad():
        avatar.quats += torch.randn(COUNT, 4, generator=generator)
        avatar.log_scales += torch.randn(COUNT, 3, generator=generator)
        avatar.logit_opacities += torch.randn(COUNT, generator=generator)
        avatar.colours += torch.randn(COUNT, 3, generator=generator)
        assert avatar.skinning is not None
        for weight in avatar.skinning.layers[-1].parameters():
            weight += 0.02 * torch.randn(weight.shape, generator=generator)
    update = {"prompt": PROMPT, "prompt_id": "man-jeans", "seed": 7}
    save_avatar(path, avatar, metadata.model_copy(update=update))
    return path


def scene_of(page: Path) -> dict:
    found = re.search(r'id="scene">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return json.loads(found[1])


def test_packed_gaussians_unpack_to_themselves(saved):
    avatar, _ = load_avatar(saved)
    pixels = torch.linspace(0.001, 0.016, len(avatar))
    with torch.no_grad():
        records = pack(avatar, avatar.weights(), pixels)
    halves = records.words.view("<u2").astype(np.float64)
    low, high = np.array(records.low), np.array(records.high)
    means = low + halves[:, :3] / 65535 * (high - low)
    np.testing.assert_allclose(means, avatar.means.detach().numpy(), atol=3e-5)
    least, most = records.log_scales
    log_scales = least + halves[:, 4:7] / 65535 * (most - least)
    np.testing.assert_allclose(log_scales, avatar.log_scales.detach().numpy(), atol=2e-4)
    quats = torch.nn.functional.normalize(avatar.quats.detach(), dim=1).numpy()
    np.testing.assert_allclose((halves[:, 8:12] - 32767) / 32767, quats, atol=2e-5)
    assert records.trained_pixel == pytest.approx(0.016)
    trained = halves[:, 7] / 65535 * records.trained_pixel
    np.testing.assert_allclose(trained, pixels.numpy(), atol=1e-6)
    np.testing.assert_allclose(halves[:, 3] / 65535, avatar.opacities.detach().numpy(), atol=1e-5)
    np.testing.assert_allclose(halves[:, 12:15] / 65535, avatar.rgb.detach().numpy(), atol=1e-5)


def test_eight_influences_move_the_body_as_all_do(open_body):
    packed, empty = pack_influences(open_body.weights)
    weights = torch.zeros_like(open_body.weights)
    for k in range(MOST_JOINTS):
        joint = torch.from_numpy((packed[:, k] & 31).astype(np.int64))[:, None]
        weights.scatter_add_(
            1, joint, torch.from_numpy((packed[:, k] >> 5) / 2047.0).float()[:, None]
        )
    weights /= weights.sum(dim=1, keepdim=True)
    assert not empty.any()
    for name in ("cartwheel", "spinkick"):
        transforms = open_body.transforms(load_motion(name).poses[::8])
        moved = skin(open_body.vertices, weights, transforms) - skin(
            open_body.vertices, open_body.weights, transforms
        )
        assert float(moved.norm(dim=-1).max()) < 1e-3


def test_a_gaussian_without_weights_is_hidden(saved):
    avatar, _ = load_avatar(saved)
    with torch.no_grad():
        weights = avatar.weights()
        weights[3] = 0.0
        records = pack(avatar, weights, torch.full((len(avatar),), 0.01))
    opacities = records.words.view("<u2")[:, 3]
    assert opacities[3] == 0
    assert (np.delete(opacities, 3) > 0).all()


@pytest.mark.parametrize("name", ["walk", "kick"])
def test_a_clip_is_the_motion(open_body, name):
    motion = load_motion(name)
    clip = pack_motion(motion, open_body)
    quats = np.frombuffer(base64.b64decode(clip["quats"]), "<i2").reshape(-1, 24, 4) / 32767
    np.testing.assert_allclose(quats, to_quaternion(motion.poses).numpy(), atol=2e-5)
    translation = np.frombuffer(base64.b64decode(clip["translation"]), "<f4").reshape(-1, 3)
    np.testing.assert_array_equal(translation, motion.translation.numpy())
    assert clip["fps"] * motion.seconds == pytest.approx(clip["frames"] - 1)
    assert clip["cyclic"] is motion.cyclic
    # The body stands on the floor that the page draws.
    assert clip["floor"] == pytest.approx(open_body.floor, abs=0.1)
    low, high = clip["box"]
    assert 1.2 < high[1] - low[1] < 2.6


def test_the_camera_follows_a_cycle_at_constant_speed(open_body):
    motion = load_motion("walk")
    path = camera_path(motion.translation, motion.fps, cyclic=True)
    steps = path[1:] - path[:-1]
    assert torch.allclose(steps, steps[:1].expand_as(steps), atol=1e-5)
    assert torch.allclose(path[[0, -1], ::2], motion.translation[[0, -1], ::2], atol=1e-5)
    assert (path[:, 1] == 0).all()


def test_the_page_says_what_it_shows_and_takes_text_as_text(saved, tmp_path):
    page = tmp_path / "avatar.html"
    size = write_viewer(saved, page, ["kick", "walk"], RenderConfig())
    assert size == page.stat().st_size
    scene = scene_of(page)
    assert scene["prompt"] == PROMPT
    assert (scene["variant"], scene["seed"]) == ("ours", 7)
    assert [clip["name"] for clip in scene["clips"]][:2] == ["kick", "walk"]
    assert "<b>jeans" not in page.read_text(encoding="utf-8")
    assert scene["gaussians"]["count"] == COUNT


def test_an_own_motion_of_a_clips_name_is_not_replaced_by_the_clip(saved, tmp_path, capsys):
    own, page = tmp_path / "walk.npz", tmp_path / "avatar.html"
    own.write_bytes((BUNDLED / "kick.npz").read_bytes())
    command = ["viewer", "--config", "config.yaml", "--set", f"motions=[{own}]", "--out", str(page)]
    assert main([*command, "--avatar", str(saved)]) == 0
    names = [clip["name"] for clip in scene_of(page)["clips"]]
    assert names[0] == "walk"
    assert len(set(names)) == len(names)
    assert scene_of(page)["clips"][0]["frames"] == len(load_motion("kick"))
    assert main([*command, "--avatar", str(saved), "--motions", str(own), "walk"]) == 2
    assert "two motions are called 'walk'" in capsys.readouterr().err


def test_a_training_by_two_methods_says_both(saved, tmp_path):
    avatar, metadata = load_avatar(saved)
    late = {"late_method": "sdedit", "late_scale": 4.0, "anneal_at": 0.4}
    config = Config.model_validate({"train": {"score": late}})
    path = tmp_path / "avatar.safetensors"
    update = {"config": config.model_dump(mode="json")}
    save_avatar(path, avatar, metadata.model_copy(update=update))
    write_viewer(path, tmp_path / "avatar.html", ["walk"], RenderConfig())
    score = dict(scene_of(tmp_path / "avatar.html")["facts"])["Score"]
    assert score.endswith("; after 40 % of the steps SDEdit, guidance scale 4")


def test_sixteen_thousand_gaussians_and_all_motions_stay_below_three_megabytes(saved, tmp_path):
    page = tmp_path / "avatar.html"
    size = write_viewer(saved, page, bundled_motions(), RenderConfig())
    words = len(scene_of(page)["gaussians"]["words"])
    assert size + (16_000 / COUNT - 1) * words < 3e6


def test_inline_json_cannot_end_its_element():
    text = inline_json({"prompt": PROMPT})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text)["prompt"] == PROMPT


def test_the_variant_is_that_of_the_folder_or_not_known(saved, tmp_path):
    _, metadata = load_avatar(saved)
    assert variant_of(saved, metadata) == "ours"
    assert variant_of(tmp_path / "avatar.safetensors", metadata) is None


def test_mistakes_are_one_line_and_leave_the_old_page(saved, tmp_path, capsys, monkeypatch):
    page = tmp_path / "avatar.html"
    page.write_text("old")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(saved.read_bytes()[:500])
    common = ["viewer", "--config", "config.yaml", "--out", str(page), "--avatar"]
    for arguments, words in (
        ([str(saved), "--motions", "wlak"], "did you mean 'walk'"),
        ([str(broken)], "damaged"),
        ([str(tmp_path / "none.safetensors")], "there is no avatar"),
    ):
        assert main([*common, *arguments]) == 2
        said = capsys.readouterr().err.strip().splitlines()
        assert len(said) == 1
        assert words in said[0]

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic.os, "replace", full)
    assert main([*common, str(saved), "--motions", "walk"]) == 2
    assert "no space left" in capsys.readouterr().err
    assert page.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["avatar.html", "broken.safetensors"]
