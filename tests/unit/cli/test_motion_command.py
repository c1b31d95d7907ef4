"""Motion files on the command line: looked at, converted, refused."""

import itertools
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gaussianmotion.cli import main
from gaussianmotion.pose.motion import bundled_motions, load_motion

sys.path.append(str(Path(__file__).parents[1] / "pose"))
from motion_writers import amass_smplh, wham


def test_a_picture_shows_a_body_that_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = amass_smplh(load_motion("kick"), tmp_path / "my kick")
    assert main(["motion", "look", str(path)]) == 0
    assert "AMASS, SMPL-H: 1.5 s, 47 frames at 30 a second" in capsys.readouterr().err
    pixels = np.asarray(Image.open(tmp_path / "my kick.png").convert("L")).astype(int)
    frames = [pixels[90:310, 28 + 240 * i : 268 + 240 * i] for i in range(8)]
    for frame in frames:
        assert 0.02 < (frame < 190).mean() < 0.3  # a person, not a blot, not nothing
    changed = [(abs(a - b) > 40).mean() for a, b in itertools.pairwise(frames)]
    assert min(changed) > 0.01


def test_what_a_file_does_not_say_can_be_said(tmp_path: Path) -> None:
    motion = load_motion("walk")
    path, out = wham(motion, tmp_path / "video"), tmp_path / "walk_again.npz"
    assert main(["motion", "convert", str(path), "--fps", "30", "--out", str(out)]) == 0
    again = load_motion(out)
    torch.testing.assert_close(again.poses[:, :22], motion.poses[:, :22], atol=1e-5, rtol=0)
    torch.testing.assert_close(again.translation, motion.translation, atol=0.01, rtol=0)
    # What was converted stays what it is.
    second = tmp_path / "second.npz"
    assert main(["motion", "convert", str(out), "--out", str(second)]) == 0
    torch.testing.assert_close(
        load_motion(second).translation, again.translation, atol=1e-5, rtol=0
    )
    mapping = f"{{path: {path}, fps: 60, take: 0}}"
    assert main(["motion", "convert", mapping, "--fps", "15", "--out", str(second)]) == 0
    assert load_motion(second).fps == 15


CLIP = Path(__file__).parents[3] / "resources/motions/walk.npz"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["{file}"], "does not say its frame rate: add `fps: 30`"),
        (["{file}", "--fps", "0"], "fps is '0'"),
        (["{file}", "--fps", "fast"], "fps is 'fast'"),
        (["{file}", "--fps", "nan"], "fps is 'nan'"),
        (["{file}", "--fps", "30", "--up", "sideways"], "up is 'sideways'"),
        (["{file}", "--fps", "30", "--unit", "miles"], "unit is 'miles'"),
        (["{file}", "--fps", "30", "--take", "9"], "there is no person 9"),
        (["{{path: {file}, fsp: 30}}"], "fsp is no key of a motion"),
        (["{{path: {file}"], "is no mapping"),
        (["walk", "--fps", "30"], "is a bundled clip"),
        (["wlak"], "did you mean 'walk'?"),
        (["absent.bvh"], "no motion file absent.bvh"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = wham(load_motion("walk"), tmp_path / "video", people=(0, 1) if "9" in options else (0,))
    out = tmp_path / "out.npz"
    out.write_bytes(b"what was there")
    filled = [option.format(file=path) for option in options]
    assert main(["motion", "convert", *filled, "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert out.read_bytes() == b"what was there"


def test_bundled_clips_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["motion", "list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == bundled_motions()


def test_a_motion_is_not_written_over_the_file_that_it_is_read_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.npz").write_bytes(CLIP.read_bytes())
    before = Path("mine.npz").read_bytes()
    assert main(["motion", "convert", "./mine.npz", "--out", str(tmp_path / "mine.npz")]) == 2
    assert "mine.npz is the file that is read: give another name" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        main(["motion", "look", "./mine.npz", "--out", "mine.npz"])
    assert stopped.value.code == 2
    assert "'mine.npz': a .png is written; name it mine.png" in capsys.readouterr().err
    assert Path("mine.npz").read_bytes() == before
