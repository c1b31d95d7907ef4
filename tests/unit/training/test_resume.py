"""A training that is stopped, however rudely, goes on to the same avatar."""

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from small_training import run, small_config

from gaussianmotion.config import BodyConfig
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.testing.oracle import OraclePrior
from gaussianmotion.training import tidy
from gaussianmotion.training.process import only_run_in, stop_on_signal

KILLED_RUN = """
import os, signal, sys
from pathlib import Path
from gaussianmotion.body import load_body
from small_training import run
kill = lambda: signal.raise_signal(signal.SIGKILL)
run(load_body(Path(sys.argv[1])), Path(sys.argv[2]), at={21: kill})
"""
HERE = Path(__file__).parent
ROOT = HERE.parents[2]


def rows(folder):
    """Rows of the curves without the column that no two runs share."""
    with open(folder / "curves.csv", newline="") as handle:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(handle)]


def assert_same(folder, other):
    assert (folder / "avatar.safetensors").read_bytes() == (
        other / "avatar.safetensors"
    ).read_bytes()
    assert rows(folder) == rows(other)


def test_kill_9_then_resume_is_bit_for_bit_the_uninterrupted_run(tmp_path, open_body, finished):
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_RUN, "resources/body/open_body.npz", str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    # Killed in step 21, with the checkpoint of step 16: four steps are done again.
    assert (tmp_path / "checkpoint.pt").exists()
    assert not (tmp_path / "avatar.safetensors").exists()
    assert len(rows(tmp_path)) == 20
    run(open_body, tmp_path)
    assert_same(tmp_path, finished)
    assert not (tmp_path / "checkpoint.pt").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_finishes_the_step_and_leaves_a_resumable_state(
    tmp_path, open_body, finished, capsys, number
):
    stop = {10: lambda: signal.raise_signal(number)}
    before = signal.getsignal(number)
    with pytest.raises(SystemExit) as stopped:
        run(open_body, tmp_path, at=stop)
    assert stopped.value.code == 130
    assert signal.getsignal(number) is before
    message = capsys.readouterr().err.strip()
    assert "\n" not in message
    assert "stopped after step 10 of 24: the same command goes on from there" in message
    run(open_body, tmp_path)
    assert_same(tmp_path, finished)


class StoppedAt(OraclePrior):
    """Ctrl-C comes in one of the steps."""

    def __init__(self, step):
        super().__init__()
        self.left = step

    def encode_image(self, rgb):
        self.left -= 1
        if self.left == 0:
            signal.raise_signal(signal.SIGINT)
        return super().encode_image(rgb)


def test_views_that_are_looked_at_again_are_seen_through_before_a_stop(
    tmp_path, open_body, capsys, monkeypatch
):
    monkeypatch.setattr(tidy, "EVERY", 5)  # before the stop, too
    score = {"late_method": "sdedit", "late_steps": 2, "late_repeats": 3}
    config = small_config(
        score=score,
        checkpoint_every=10,
        skirt=0.2,
        smooth_weights=True,
        even_start=True,
        close_gaps=0.6,
        keep_outside=True,
        smooth_surface=True,
        garments=True,
        light=0.35,
        gaussians=1500,
        face={"contrast": 1.2, "tone": 1.0},
    )
    config = config.model_copy(update={"body": BodyConfig(of_sentence=True)})
    run(open_body, tmp_path / "whole", config)
    with pytest.raises(SystemExit):
        run(open_body, tmp_path / "cut", config, prior=StoppedAt(17))
    assert "stopped after step 18 of 24" in capsys.readouterr().err
    run(open_body, tmp_path / "cut", config)
    assert_same(tmp_path / "cut", tmp_path / "whole")


def test_a_second_signal_ends_at_once():
    with stop_on_signal() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.requested
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_a_checkpoint_of_other_settings_is_kept_and_not_resumed(
    tmp_path, open_body, finished, capsys
):
    stop = {10: lambda: signal.raise_signal(signal.SIGINT)}
    other = small_config(opacity=0.5)
    with pytest.raises(SystemExit):
        run(open_body, tmp_path, other, stop)
    theirs = (tmp_path / "checkpoint.pt").read_bytes()
    capsys.readouterr()
    run(open_body, tmp_path)
    assert "belongs to other settings" in capsys.readouterr().err
    assert_same(tmp_path, finished)
    kept = list(tmp_path.glob("checkpoint-*.pt"))
    assert [path.read_bytes() for path in kept] == [theirs]


def test_how_often_something_is_written_does_not_matter(tmp_path, open_body, finished):
    stop = {10: lambda: signal.raise_signal(signal.SIGINT)}
    with pytest.raises(SystemExit):
        run(open_body, tmp_path, small_config(preview_every=3, checkpoint_every=3), at=stop)
    run(open_body, tmp_path)
    assert rows(tmp_path) == rows(finished)


def test_a_second_run_in_the_same_folder_is_refused(tmp_path, open_body):
    with (
        only_run_in(tmp_path),
        pytest.raises(UserError, match=f"another training runs in {tmp_path}"),
    ):
        run(open_body, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path, open_body):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="is not a folder"):
        run(open_body, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"
