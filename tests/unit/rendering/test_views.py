"""Still views and the turntable: what a stranger sees first."""

import json
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from looking import column, difference, is_green, is_person, is_red, row, touches_border
from PIL import Image

from gaussianmotion.config import RenderConfig
from gaussianmotion.rendering import views as views_module
from gaussianmotion.rendering.video import decode
from gaussianmotion.rendering.views import render_views
from gaussianmotion.runtime.errors import UserError


@pytest.fixture(scope="module")
def rendered(avatar_path, settings, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("views")
    render_views(avatar_path, folder, settings, progress=False)
    return folder


def picture(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def at(folder: Path, azimuth: float) -> np.ndarray:
    facts = json.loads((folder / "views.json").read_text())
    return next(picture(folder / v["file"]) for v in facts["views"] if v["azimuth"] == azimuth)


def test_views_go_around_without_repeating_the_end(rendered):
    facts = json.loads((rendered / "views.json").read_text())
    assert [view["azimuth"] for view in facts["views"]] == [-180.0, -90.0, 0.0, 90.0]
    images = [picture(path) for path in sorted((rendered / "views").glob("*.png"))]
    assert [image.shape for image in images] == [(96, 96, 3)] * 4
    for index, image in enumerate(images):
        assert min(difference(image, other) for other in images[index + 1 :] or [255 - image]) > 1.0


def test_json_says_whose_pictures_these_are(rendered):
    facts = json.loads((rendered / "views.json").read_text())
    assert facts["prompt"] == "a painted person"
    assert (facts["seed"], facts["gaussians"], facts["backend"]) == (3, 4000, "numba")
    assert len(facts["avatar_sha256"]) == 16
    assert np.array(facts["front"]["viewmat"]).shape == (4, 4)


def test_front_shows_the_chest_and_back_does_not(rendered):
    front, back = picture(rendered / "front.png"), at(rendered, -180.0)
    assert is_red(front).sum() > 40
    assert is_red(back).sum() == 0
    np.testing.assert_array_equal(front, at(rendered, 0.0))


def test_left_arm_is_at_the_right_in_front_and_at_the_left_behind(rendered):
    front, back = picture(rendered / "front.png"), at(rendered, -180.0)
    assert column(is_green(front)) > 0.6
    assert column(is_green(back)) < 0.4


def test_azimuth_90_looks_at_the_persons_left(rendered):
    assert is_green(at(rendered, 90.0)).sum() > 2 * is_green(at(rendered, -90.0)).sum()


def test_feet_are_down_and_nothing_is_cut_off(rendered):
    front = picture(rendered / "front.png")
    person = is_person(front)
    rows = np.flatnonzero(person.any(axis=1))
    shoes = person & (front.max(axis=2) < 50)
    assert row(shoes) > 0.8
    assert rows[-1] - rows[0] > 0.6 * len(front)
    for path in (rendered / "views").glob("*.png"):
        assert not touches_border(is_person(picture(path)))


def test_turntable_turns_once_and_closes(rendered, settings):
    frames = list(decode(rendered / "turntable.mp4"))
    assert len(frames) == settings.turntable_frames
    step = np.mean([difference(a, b) for a, b in pairwise(frames)])
    assert difference(frames[-1], frames[0]) < 1.5 * step
    assert is_red(frames[0]).sum() > 40
    assert is_red(frames[len(frames) // 2]).sum() == 0
    # A quarter of the way the camera stands at the person's left.
    assert is_green(frames[3]).sum() > is_green(frames[9]).sum()


def test_fewer_views_leave_no_old_ones_behind(rendered, avatar_path, settings, tmp_path):
    shutil.copytree(rendered, tmp_path, dirs_exist_ok=True)
    two = settings.model_copy(update={"views": 2, "turntable_frames": 2})
    render_views(avatar_path, tmp_path, two, progress=False)
    assert sorted(path.name for path in (tmp_path / "views").iterdir()) == ["00.png", "01.png"]


def test_interruption_leaves_the_old_pictures(
    rendered, avatar_path, settings, tmp_path, monkeypatch
):
    shutil.copytree(rendered, tmp_path, dirs_exist_ok=True)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def interrupted(path, frames, fps):
        next(iter(frames))
        raise KeyboardInterrupt

    monkeypatch.setattr(views_module, "write_video", interrupted)
    red = settings.model_copy(update={"background": (1.0, 0.0, 0.0)})
    with pytest.raises(KeyboardInterrupt):
        render_views(avatar_path, tmp_path, red, progress=False)
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before


def test_truncated_avatar_is_one_line_and_loses_nothing(avatar_path, settings, tmp_path):
    broken = tmp_path / "avatar.safetensors"
    broken.write_bytes(avatar_path.read_bytes()[:5000])
    (tmp_path / "front.png").write_bytes(b"old")
    with pytest.raises(UserError, match="damaged"):
        render_views(broken, tmp_path, settings, progress=False)
    assert (tmp_path / "front.png").read_bytes() == b"old"


def test_background_is_the_one_asked_for(avatar_path, tmp_path):
    blue = RenderConfig(size=32, views=1, turntable_frames=1, background=(0.0, 0.0, 1.0))
    render_views(avatar_path, tmp_path, blue, progress=False)
    assert picture(tmp_path / "front.png")[0, 0].tolist() == [0, 0, 255]
