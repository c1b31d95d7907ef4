"""Animations: whole person, smooth camera, loops that close."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from looking import difference, is_person, row, touches_border

from gaussianmotion.body.joints import INDEX
from gaussianmotion.body.poses import a_pose
from gaussianmotion.pose.motion import Motion
from gaussianmotion.rendering import animate as animate_module
from gaussianmotion.rendering.animate import render_motion
from gaussianmotion.rendering.filming import film, heading, prepare
from gaussianmotion.rendering.video import decode
from gaussianmotion.runtime.errors import UserError


def walking(metres: float, seconds: float = 1.0, cyclic: bool = True) -> Motion:
    """Legs and translation of a walk along +z, 8 frames per second."""
    count = round(seconds * 8) + 1
    phase = torch.linspace(0.0, 1.0, count)
    poses = a_pose().repeat(count, 1, 1)
    poses[:, INDEX["left_hip"], 0] = 0.5 * torch.sin(2 * torch.pi * phase)
    poses[:, INDEX["right_hip"], 0] = -0.5 * torch.sin(2 * torch.pi * phase)
    translation = torch.zeros(count, 3)
    translation[:, 2] = metres * phase
    return Motion("walking", 8.0, poses, translation, "made here", cyclic)


def frames_of(avatar_path, motion, settings, tmp_path) -> list[np.ndarray]:
    path = render_motion(avatar_path, motion, tmp_path / "m.mp4", settings, progress=False)
    return list(decode(path))


def test_cycle_is_repeated_and_the_video_loops(avatar_path, settings, tmp_path):
    longer = settings.model_copy(update={"motion_seconds": 1.5})
    frames = frames_of(avatar_path, walking(1.0), longer, tmp_path)
    facts = json.loads((tmp_path / "m.json").read_text())
    assert (facts["cycles"], facts["frames"], len(frames)) == (2, 16, 16)
    assert frames[0].shape == (96, 96, 3)
    step = max(difference(a, b) for a, b in pairwise(frames))
    assert difference(frames[-1], frames[0]) < 1.3 * step


def test_other_motions_are_played_once_and_cut(settings):
    short = prepare(walking(1.0, seconds=0.5, cyclic=False), settings)
    assert (len(short), short.cycles) == (5, 0)
    long = prepare(walking(1.0, seconds=9.0, cyclic=False), settings)
    assert len(long) == settings.motion_seconds_max * settings.fps


def test_motion_is_brought_to_the_videos_rate(settings):
    fast = replace(walking(1.0, cyclic=False), fps=16.0)  # half a second
    assert len(prepare(fast, settings)) == 5


@pytest.mark.parametrize("cyclic", [True, False])
def test_camera_walks_along_and_keeps_the_whole_person(avatar_path, settings, tmp_path, cyclic):
    motion = walking(9.0, seconds=2.0, cyclic=cyclic)
    frames = frames_of(avatar_path, motion, settings, tmp_path)
    heights = []
    for frame in frames:
        person = is_person(frame, 90)
        assert not touches_border(person)
        heights.append(np.ptp(np.flatnonzero(person.any(axis=1))))
    assert min(heights) > 0.55 * 96
    assert max(heights) < 1.25 * min(heights)


def test_standing_camera_sees_a_jump_as_one(avatar_path, settings, tmp_path):
    motion = walking(0.0, seconds=1.0, cyclic=False)
    motion.translation[4, 1] += 0.5
    frames = frames_of(avatar_path, motion, settings, tmp_path)
    low, high = is_person(frames[0], 90), is_person(frames[4], 90)
    assert row(high) < row(low) - 0.08
    assert not touches_border(high)


def test_camera_follows_the_heading(open_body, settings):
    motion = walking(1.0)
    turned = motion.poses.clone()
    turned[:, 0, 1] = torch.pi / 2  # walks toward +x
    assert heading(motion.poses) == pytest.approx(0.0, abs=1e-3)
    assert heading(turned) == pytest.approx(90.0, abs=1e-3)
    ahead, _ = film(prepare(motion, settings), open_body, 96, settings)
    aside, _ = film(prepare(replace(motion, poses=turned), settings), open_body, 96, settings)
    assert float(aside.azimuth[0] - ahead.azimuth[0]) == pytest.approx(90.0, abs=1e-2)


def test_floor_is_under_the_feet(open_body, settings):
    motion = walking(0.0)
    motion.translation[:, 1] += 3.0
    _, floor = film(prepare(motion, settings), open_body, 96, settings)
    lowest = float(open_body.posed_vertices(a_pose()[None])[..., 1].min()) + 3.0
    assert floor == pytest.approx(lowest, abs=0.02)


def test_bundled_walk_has_its_feet_down(avatar_path, settings, tmp_path):
    frames = frames_of(avatar_path, "walk", settings, tmp_path)
    for frame in frames:
        assert row(is_person(frame) & (frame.max(axis=2) < 50)) > 0.7
        assert not touches_border(is_person(frame, 90))
    facts = json.loads((tmp_path / "m.json").read_text())
    assert facts["motion"] == "walk"
    assert facts["source"]


def test_unknown_motion_is_one_line(avatar_path, settings, tmp_path):
    with pytest.raises(UserError, match="walk"):
        render_motion(avatar_path, "wlak", tmp_path / "m.mp4", settings, progress=False)


def test_failure_on_the_way_keeps_the_old_video(avatar_path, settings, tmp_path, monkeypatch):
    (tmp_path / "m.mp4").write_bytes(b"old video")
    (tmp_path / "m.json").write_bytes(b"{}")
    real = animate_module.draw_sequence

    def failing(*arguments, **named):
        frames = real(*arguments, **named)
        yield next(frames)
        raise KeyboardInterrupt

    monkeypatch.setattr(animate_module, "draw_sequence", failing)
    with pytest.raises(KeyboardInterrupt):
        render_motion(avatar_path, walking(1.0), tmp_path / "m.mp4", settings, progress=False)
    assert (tmp_path / "m.mp4").read_bytes() == b"old video"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.json", "m.mp4"]
