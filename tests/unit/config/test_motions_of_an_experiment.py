"""Motions in the configuration: names, paths, and mappings with what a file does not say."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gaussianmotion.config.file import validate
from gaussianmotion.config.motion import MotionFile, motion_file, motion_text
from gaussianmotion.pipeline.experiment import load_experiment
from gaussianmotion.pipeline.experiment_files import motion_inputs, motion_names
from gaussianmotion.pose.motion import load_motion
from gaussianmotion.runtime.errors import UserError

sys.path.append(str(Path(__file__).parents[1] / "pose"))
from motion_writers import wham


def test_a_mapping_names_a_file_and_says_what_it_does_not(tmp_path: Path) -> None:
    path = wham(load_motion("walk"), tmp_path / "In The Street")
    entry = {"path": str(path), "fps": 25, "name": "street"}
    experiment = load_experiment({"motions": ["walk", entry]}, "here", opened=True)
    assert list(experiment.motions) == ["walk", "street"]
    text = experiment.motions["street"]
    assert json.loads(text) == {"path": str(path), "fps": 25.0, "name": "street"}
    assert motion_inputs(text) == [str(path)]
    assert load_motion(text).fps == 25.0
    assert load_motion(text).name == "street"


def test_an_argument_means_the_same_as_the_entry() -> None:
    file = MotionFile(path=Path("a b.npy"), up="-y", unit="cm", take=3)
    assert motion_file(motion_text(file)) == file
    assert motion_text("walk") == "walk"
    assert motion_text(MotionFile(path=Path("/x/y.bvh"))) == "/x/y.bvh"
    assert motion_file("walk") is None
    assert motion_file("walk.bvh") == MotionFile(path=Path("walk.bvh"))


def test_a_table_of_joint_names_is_an_input_of_its_video() -> None:
    file = MotionFile(path=Path("x.bvh"), joint_names=Path("mine.yaml"))
    assert motion_inputs(file)[:2] == ["x.bvh", "mine.yaml"]
    assert motion_inputs(file)[2].endswith("config/joint_names.yaml")


def test_two_takes_of_a_file_need_names(tmp_path: Path) -> None:
    takes: list[Any] = [{"path": "r.npy", "take": 0}, {"path": "r.npy", "take": 1}]
    with pytest.raises(UserError, match=r"would both be written to r\.mp4; give one a name"):
        motion_names([MotionFile(**take) for take in takes])
    takes[1]["name"] = "second"
    assert list(motion_names([MotionFile(**take) for take in takes])) == ["r", "second"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (3, "3 is no motion; write a clip's name, a path, or {path: x.bvh, fps: 30}"),
        ({"fps": 30}, "path is missing; write for example"),
        ({"path": "x.bvh", "fsp": 30}, "fsp is no key of a motion; .* keys are path, name, fps"),
        ({"path": "x.bvh", "fps": "quick"}, "fps is 'quick'"),
        ({"path": "x.bvh", "fps": -1}, "fps is -1"),
        ({"path": "x.bvh", "up": "x"}, "up is 'x'"),
        ({"path": "x.bvh", "name": "A B"}, "name is 'A B'"),
    ],
)
def test_a_wrong_entry_is_explained(entry: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        validate({"motions": [entry]}, "here")


def test_all_wrong_motions_are_told_at_once_before_anything_runs(tmp_path: Path) -> None:
    np.save(tmp_path / "shape.npy", np.zeros((4, 5)))
    (tmp_path / "text.bvh").write_text("hello")
    silent = wham(load_motion("walk"), tmp_path / "silent")
    motions = ["wlak", str(tmp_path / "none.npz"), *map(str, tmp_path.glob("*.*"))]
    with pytest.raises(UserError) as error:
        load_experiment({"motions": motions}, "here", opened=True)
    said = str(error.value)
    for words in ("no clip 'wlak'", "no file", "shape (4, 5)", "text.bvh is damaged", "frame rate"):
        assert words in said
    assert "\n" not in said
    # A job of the workflow does not read them again.
    load_experiment({"motions": [str(silent)]}, "here")
