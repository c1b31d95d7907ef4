"""All pictures of an avatar in one call."""

from pathlib import Path

import pytest

from gaussianmotion.config import RenderConfig
from gaussianmotion.rendering import render as render_module
from gaussianmotion.rendering.animate import render_motion
from gaussianmotion.rendering.render import render_avatar
from gaussianmotion.rendering.sheet import avatar_sheet
from gaussianmotion.rendering.views import render_views
from gaussianmotion.runtime.errors import UserError

MOTIONS = {"walk": "walk", "second": '{"path": "resources/motions/jump.npz"}'}


@pytest.fixture(scope="module")
def small(settings: RenderConfig) -> RenderConfig:
    return settings.model_copy(update={"turntable_frames": 3, "motion_seconds_max": 0.5})


def test_it_writes_what_the_single_commands_write(
    avatar_path: Path, small: RenderConfig, tmp_path: Path
) -> None:
    at_once, one_by_one = tmp_path / "at_once", tmp_path / "one_by_one"
    render_avatar(avatar_path, at_once, MOTIONS, small, "csd", progress=False)
    render_views(avatar_path, one_by_one, small, progress=False)
    for name, motion in MOTIONS.items():
        out_path = one_by_one / "motions" / f"{name}.mp4"
        render_motion(avatar_path, motion, out_path, small, progress=False)
    avatar_sheet(one_by_one, one_by_one / "sheet.png", list(MOTIONS), "csd")
    made = files_of(at_once)
    assert made == files_of(one_by_one)
    assert {"front.png", "views/03.png", "turntable.mp4", "motions/second.json"} < set(made)


def test_the_avatar_is_loaded_once(
    avatar_path: Path, small: RenderConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []
    load = render_module.load_subject
    monkeypatch.setattr(
        render_module, "load_subject", lambda *given: loaded.append(given) or load(*given)
    )
    for module in ("animate", "views"):
        monkeypatch.setattr(f"gaussianmotion.rendering.{module}.load_subject", None)
    render_avatar(avatar_path, tmp_path, {"walk": "walk"}, small, progress=False)
    assert loaded == [(avatar_path, "cpu")]


def test_a_motion_that_cannot_be_read_is_told_before_anything_is_drawn(
    avatar_path: Path, small: RenderConfig, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="unknown motion 'wlak'"):
        render_avatar(avatar_path, tmp_path, {"walk": "walk", "wlak": "wlak"}, small)
    assert files_of(tmp_path) == {}


def test_a_video_that_is_no_longer_asked_for_is_not_on_the_sheet(
    avatar_path: Path, small: RenderConfig, tmp_path: Path
) -> None:
    render_avatar(avatar_path, tmp_path, {"walk": "walk", "jump": "jump"}, small, progress=False)
    both = (tmp_path / "sheet.png").read_bytes()
    render_avatar(avatar_path, tmp_path, {"walk": "walk"}, small, progress=False)
    assert (tmp_path / "motions/jump.mp4").exists()
    avatar_sheet(tmp_path, tmp_path / "walk.png", ["walk"])
    assert (tmp_path / "sheet.png").read_bytes() == (tmp_path / "walk.png").read_bytes() != both


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
