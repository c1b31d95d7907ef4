"""Every tensor of a training is on its device, from the first step to the resumed one."""

import csv

import pytest
import torch
from elsewhere import ELSEWHERE, READS, elsewhere
from small_training import Interrupted, small_config

from gaussianmotion.avatar.file import load_avatar
from gaussianmotion.testing.oracle import OraclePrior, coloured_body, target_images
from gaussianmotion.training import loop


@pytest.fixture(scope="module")
def train(open_body):
    """Trains elsewhere, toward the coloured body."""
    target = coloured_body(open_body, 600, torch.Generator().manual_seed(7))

    def run(folder, at=None):
        with elsewhere() as device, pytest.MonkeyPatch.context() as patch:
            patch.setattr(loop, "choose_device", lambda name: ELSEWHERE)
            condition = target_images(target.to(device))
            return loop.train(
                small_config(),
                "someone",
                'a person in "red"',
                0,
                folder,
                prior=OraclePrior(device),
                condition=Interrupted(condition, at or {}),
                progress=False,
            )

    return run


@pytest.fixture(scope="module")
def whole(train, tmp_path_factory):
    """The folder of an uninterrupted training, elsewhere."""
    folder = tmp_path_factory.mktemp("whole")
    train(folder)
    return folder


def rows(folder):
    with open(folder / "curves.csv", newline="") as handle:
        return [
            {name: float(text) for name, text in row.items() if name != "seconds"}
            for row in csv.DictReader(handle)
        ]


def test_it_learns_as_on_the_cpu(whole, finished):
    ours, expected = rows(whole), rows(finished)
    assert ours[0] == pytest.approx(expected[0], rel=1e-3)
    # Later the two may part by what other kernels round.
    assert ours[-1]["gaussians"] == pytest.approx(expected[-1]["gaussians"], rel=0.02)
    assert ours[-1]["score"] == pytest.approx(expected[-1]["score"], rel=0.1)
    avatar, _ = load_avatar(whole / "avatar.safetensors")
    assert avatar.means.device.type == "cpu"
    assert len(avatar) == ours[-1]["gaussians"]


def test_a_stopped_training_goes_on(train, whole, tmp_path):
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "stopped", {11: stop})
    assert (tmp_path / "stopped/checkpoint.pt").exists()
    train(tmp_path / "stopped")
    assert rows(tmp_path / "stopped") == rows(whole)


def test_a_step_waits_for_its_device_once(open_body, monkeypatch, tmp_path):
    """On a GPU each other reading would leave it without work until the CPU has found some."""
    monkeypatch.setattr(loop, "choose_device", lambda name: ELSEWHERE)
    quiet = {"enabled": False}
    waited = []
    with elsewhere() as device:
        for steps in (3, 7):
            READS.clear()
            loop.train(
                small_config(steps=steps, preview_every=100, checkpoint_every=100, density=quiet),
                *("someone", 'a person in "red"', 0, tmp_path / str(steps)),
                prior=OraclePrior(device),
                progress=False,
            )
            # gsplat's stand-in copies gradients back and forth.
            waited.append([read for read in READS if not read.endswith(": loss.backward()")])
    # What is the same for all lengths is not of the steps.
    each = [f"{waited[1].count(r) - waited[0].count(r)} {r}" for r in dict.fromkeys(waited[1])]
    assert len(waited[1]) - len(waited[0]) == 4, "\n".join(each)
