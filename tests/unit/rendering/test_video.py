"""Videos are what went into them, and appear whole or not at all."""

import subprocess
import weakref

import imageio_ffmpeg
import numpy as np
import pytest

from gaussianmotion.rendering.video import decode, read_frames, write_video
from gaussianmotion.runtime.errors import UserError

COLOURS = np.array([[255, 255, 255], [220, 40, 40], [30, 160, 60], [40, 60, 200], [0, 0, 0]])


def flat(colour, height=48, width=64) -> np.ndarray:
    return np.broadcast_to(np.asarray(colour, np.uint8), (height, width, 3)).copy()


def test_size_count_rate_and_colours_survive(tmp_path):
    facts = write_video(tmp_path / "v.mp4", (flat(c) for c in COLOURS), 12.0)
    assert (facts.frames, facts.width, facts.height, facts.fps) == (5, 64, 48, 12.0)
    frames = list(decode(tmp_path / "v.mp4"))
    assert len(frames) == 5
    for frame, colour in zip(frames, COLOURS, strict=True):
        assert frame.shape == (48, 64, 3)
        np.testing.assert_allclose(frame[24, 32], colour, atol=6)


def test_odd_sizes_are_padded_by_one(tmp_path):
    facts = write_video(tmp_path / "v.mp4", [flat(COLOURS[1], 33, 51)] * 3, 10.0)
    assert (facts.width, facts.height) == (52, 34)
    np.testing.assert_allclose(next(decode(tmp_path / "v.mp4"))[-1, -1], COLOURS[1], atol=6)


def test_index_comes_first_so_that_browsers_start_at_once(tmp_path):
    write_video(tmp_path / "v.mp4", [flat(COLOURS[1])] * 3, 10.0)
    data = (tmp_path / "v.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_colours_are_said_whole_so_that_no_browser_guesses(tmp_path):
    path = tmp_path / "video.mp4"
    write_video(path, np.full((3, 16, 16, 3), (196, 38, 44), np.uint8), 10.0)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", str(path)]
    said = subprocess.run(command, capture_output=True, text=True).stderr
    # Matrix, primaries and transfer are one word where all are the same.
    assert "yuv420p(tv, bt709, progressive)" in said


def test_same_frames_give_the_same_bytes(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        write_video(tmp_path / name, [flat(c) for c in COLOURS], 10.0)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_frames_are_streamed_not_collected(tmp_path):
    passed: list[weakref.ref[np.ndarray]] = []
    alive = []

    def frames():
        for colour in (*COLOURS, *COLOURS):
            frame = flat(colour)
            passed.append(weakref.ref(frame))
            yield frame
            del frame
            alive.append(sum(one() is not None for one in passed))

    write_video(tmp_path / "v.mp4", frames(), 10.0)
    # The first, whose size is that of all, and the one that is written.
    assert max(alive) <= 2


def test_no_frame_and_changing_sizes_are_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one"):
        write_video(tmp_path / "v.mp4", [], 10.0)
    with pytest.raises(ValueError, match="frame 1 is"):
        write_video(tmp_path / "v.mp4", [flat(COLOURS[0]), flat(COLOURS[0], 32, 32)], 10.0)
    assert list(tmp_path.iterdir()) == []


def test_failing_frames_leave_the_old_video(tmp_path):
    (tmp_path / "v.mp4").write_bytes(b"old")

    def frames():
        yield flat(COLOURS[0])
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        write_video(tmp_path / "v.mp4", frames(), 10.0)
    assert [path.name for path in tmp_path.iterdir()] == ["v.mp4"]
    assert (tmp_path / "v.mp4").read_bytes() == b"old"


def test_single_frames_are_found(tmp_path):
    write_video(tmp_path / "v.mp4", [flat(c) for c in COLOURS], 10.0)
    last, second = read_frames(tmp_path / "v.mp4", [-1, 1])
    np.testing.assert_allclose(last[24, 32], COLOURS[-1], atol=6)
    np.testing.assert_allclose(second[24, 32], COLOURS[1], atol=6)
    with pytest.raises(UserError, match="has 5 frames"):
        read_frames(tmp_path / "v.mp4", [7])


@pytest.mark.parametrize("data", [b"", b"not a video", None])
def test_damaged_video_is_one_line(tmp_path, data):
    path = tmp_path / "v.mp4"
    if data is None:
        write_video(path, [flat(c) for c in COLOURS], 10.0)
        data = path.read_bytes()[:200]
    path.write_bytes(data)
    with pytest.raises(UserError, match="truncated"):
        list(decode(path))
    with pytest.raises(UserError, match="missing"):
        list(decode(tmp_path / "none.mp4"))
