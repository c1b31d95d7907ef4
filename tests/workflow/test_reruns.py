"""What a change makes again, and what it leaves alone (on the DAG; stages are fakes)."""

import pytest
from workflow_copy import Workflow


def test_a_finished_experiment_has_nothing_to_do(finished: Workflow) -> None:
    assert finished.jobs() == {}
    again = finished.snakemake()
    assert again.returncode == 0
    assert "everything is up to date" in again.stderr


def test_changing_one_variants_tau_reruns_that_variants_jobs_only(finished: Workflow) -> None:
    finished.edit("config/variants.yaml", "{score: {tau: 200}}", "{score: {tau: 250}}")
    assert finished.jobs() == {
        "train": 2,
        "views": 2,
        "animate": 2,
        "avatar_sheet": 2,
        "log_run": 2,
        "experiment_sheet": 1,
    }
    assert finished.jobs("results/laptop/ours/ann/0/sheet.png") == {}


@pytest.mark.parametrize("source", ["views.py", "frame.py"])
def test_editing_a_renderer_renders_again_and_trains_nothing(
    finished: Workflow, source: str
) -> None:
    path = finished.folder / "src/gaussianmotion/rendering" / source
    path.write_text(path.read_text() + "\n# edited\n")
    jobs = finished.jobs()
    assert "train" not in jobs
    assert jobs["views"] == 4


def test_editing_the_training_trains_again(finished: Workflow) -> None:
    path = finished.folder / "src/gaussianmotion/training/loop.py"
    path.write_text(path.read_text() + "\n# edited\n")
    assert finished.jobs()["train"] == 4


def test_a_video_setting_renders_videos_only(finished: Workflow) -> None:
    finished.edit("config/laptop.yaml", "  fps: 24", "  fps: 24\n  motion_azimuth: 40.0")
    jobs = finished.jobs()
    assert "train" not in jobs
    assert "views" not in jobs
    assert jobs["animate"] == 4


def test_editing_one_prompt_trains_that_prompt_only(finished: Workflow) -> None:
    finished.edit("config/prompts/laptop.tsv", "a red dress", "a green dress")
    assert finished.jobs()["train"] == 2
    assert finished.jobs("results/laptop/ours/bob/0/avatar.safetensors") == {}


def test_adding_a_prompt_leaves_the_others_alone(finished: Workflow) -> None:
    finished.edit("config/prompts/laptop.tsv", "bob\t", "eve\tan old woman in jeans\nbob\t")
    jobs = finished.jobs()
    assert jobs["train"] == 2
    assert jobs["prompts"] == 1


def test_a_variant_is_added_with_three_lines_of_yaml(finished: Workflow) -> None:
    with (finished.folder / "config/variants.yaml").open("a") as file:
        file.write("my_variant:\n  train:\n    steps: 500\n")
    finished.edit("config/laptop.yaml", "[ours, tau_200]", "[ours, tau_200, my_variant]")
    assert finished.jobs()["train"] == 2


def test_one_prompt_is_made_again_alone(finished: Workflow) -> None:
    jobs = finished.jobs("results/laptop/ours/ann/0/sheet.png", "--forcerun", "train")
    assert jobs == {"train": 1, "views": 1, "animate": 1, "avatar_sheet": 1}


def test_where_runs_are_logged_and_how_many_threads_they_get_reruns_nothing(
    finished: Workflow,
) -> None:
    finished.edit("config/laptop.yaml", "threads: 2", "threads: 1\ntracking: {artifacts: other}")
    assert finished.jobs() == {}


def test_a_seed_adds_runs(finished: Workflow) -> None:
    finished.edit("config/laptop.yaml", "device: auto", "device: auto\nseeds: [0, 1, 2]")
    assert finished.jobs()["train"] == 8
