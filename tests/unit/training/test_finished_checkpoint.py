"""A finished checkpoint outlives the training until the workflow has noted its end."""

import os

import pytest
from small_training import run, small_config

from gaussianmotion.training.checkpoint import forget_finished


@pytest.mark.parametrize("every", [8, 7, 100])
def test_results_that_were_taken_away_are_written_again_without_a_step(tmp_path, open_body, every):
    """As Snakemake does where the disk is full just after the training."""
    config = small_config(checkpoint_every=every)
    run(open_body, tmp_path, config, keep=True)
    before = (tmp_path / "avatar.safetensors").read_bytes()
    for name in ("avatar.safetensors", "run.json"):
        (tmp_path / name).unlink()

    def step():
        pytest.fail("a step was trained again")

    run(open_body, tmp_path, config, at=dict.fromkeys(range(24), step))
    assert (tmp_path / "avatar.safetensors").read_bytes() == before
    assert (tmp_path / "run.json").is_file()


def test_the_checkpoint_of_finished_results_is_forgotten(tmp_path):
    checkpoint, results = tmp_path / "checkpoint.pt", tmp_path / "run.json"
    forget_finished(tmp_path)  # nothing is there
    checkpoint.write_text("of a training that goes on")
    forget_finished(tmp_path)
    results.write_text("{}")
    os.utime(results, ns=(1, checkpoint.stat().st_mtime_ns - 1))
    forget_finished(tmp_path)  # the results are of an earlier training
    assert checkpoint.exists()
    os.utime(results)
    forget_finished(tmp_path)
    assert not checkpoint.exists()
