"""What a change makes again, and what it leaves alone (on the DAG; stages are fakes)."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from workflow_copy import REPOSITORY, Workflow, clean_environment

CLIPS = REPOSITORY / "resources/motions"
# What is made of all runs together, once anything of them changed.
SUMMARY = {"collect": 1, "table": 4, "report": 1, "notebook": 1, "log_experiment": 1}
# What each avatar is made again with.
OF_A_RUN = ("render", "score_avatar")


def test_a_finished_experiment_has_nothing_to_do(finished: Workflow) -> None:
    again = finished.snakemake()
    assert again.returncode == 0
    assert "everything is up to date" in again.stderr


def test_changing_one_variants_tau_reruns_that_variants_jobs_only(finished: Workflow) -> None:
    finished.edit("config/variants.yaml", "{score: {tau: 100}}", "{score: {tau: 150}}")
    assert finished.jobs() == {
        "train": 2,
        **dict.fromkeys(OF_A_RUN, 2),
        # Of the variant's avatars together.
        **dict.fromkeys(("score_clip_1", "log_runs_1"), 1),
        "pooled_fid": 2,
        "figure": 1,
        "study_pairs": 1,
        "table2": 1,
        "log_parents": 1,
        **SUMMARY,
    }
    assert finished.jobs("results/laptop/ours/ann/0/logged.json") == {}


def test_editing_the_fid_code_scores_again_and_nothing_else(finished: Workflow) -> None:
    append(finished, "src/gaussianmotion/scores/distances/fid_score.py")
    # Of ours and of tau_100 with two seeds each, and of the other system.
    again = {"pooled_fid": 4, "baseline_pooled": 1, "log_parents": 1}
    assert finished.jobs() == {**again, **SUMMARY}


def test_editing_a_table_makes_tables_only(finished: Workflow) -> None:
    append(finished, "src/gaussianmotion/tables/table1.py")
    others = {key: SUMMARY[key] for key in SUMMARY if key != "collect"}
    assert finished.jobs() == {**others, "table": 2}  # the win rates read its list of systems


def test_editing_a_renderer_renders_again_and_trains_nothing(finished: Workflow) -> None:
    append(finished, "src/gaussianmotion/rendering/views.py")
    jobs = finished.jobs()
    assert "train" not in jobs
    assert "reference" not in jobs
    assert jobs["render"] == 5
    assert (jobs["score_clip"], jobs["score_clip_1"]) == (1, 1)  # of a variant's avatars together


def test_editing_the_training_trains_again(finished: Workflow) -> None:
    append(finished, "src/gaussianmotion/training/loop.py")
    jobs = finished.jobs()
    assert (jobs["train"], jobs["reuse_training"]) == (3, 2)
    assert "reference" not in jobs


def test_another_prior_is_checked_and_all_that_it_made_is_made_again(finished: Workflow) -> None:
    finished.edit("config/laptop.yaml", "prior:\n", "prior:\n  prompt_suffix: a photo\n")
    jobs = finished.jobs()
    assert (jobs["models"], jobs["train"], jobs["reuse_training"]) == (1, 3, 2)
    assert jobs["reference"] == 2


def test_another_score_checks_its_weights_and_leaves_the_others_alone(finished: Workflow) -> None:
    finished.edit("config/laptop.yaml", "clip, fid, geometry", "clip, fid, geometry, hps")
    jobs = finished.jobs()
    assert (jobs["models"], jobs["score_hps"], jobs["score_hps_1"]) == (1, 1, 1)
    assert jobs["baseline_score"] == 1
    assert not {"train", "score_clip", "score_clip_1", "score_avatar", "pooled_fid"} & set(jobs)


def test_a_variant_that_trains_as_ours_is_a_copy_of_it(finished: Workflow) -> None:
    finished.edit("config/prompts/laptop.tsv", "a woman in a red dress", "a woman in a blue dress")
    jobs = finished.jobs("results/laptop/tau_100/ann/1/sheet.png")
    assert jobs == {"train": 1, "reuse_training": 1, "render": 1}
    done = finished.snakemake("results/laptop/tau_100/ann/1/sheet.png")
    assert done.returncode == 0, done.stderr
    texts = {
        (finished.folder / f"results/laptop/{name}/ann/1/avatar.safetensors").read_text()
        for name in ("ours", "tau_100")
    }
    assert texts == {"a woman in a blue dress"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  fps: 24", "  fps: 24\n  motion_azimuth: 40.0"),
        ("[walk]", "[walk, jump]"),
        ("[walk]", "[jump]"),
        ("[walk]", "[walk, mine.npz]"),
    ],
    ids=["a camera", "one motion more", "another one", "an own file"],
)
def test_other_videos_render_each_avatar_again_and_train_nothing(
    finished: Workflow, old: str, new: str
) -> None:
    bring_motion(finished)
    finished.edit("config/laptop.yaml", old, new)
    jobs = finished.jobs()
    assert {"train", "reuse_training", "reference"} & set(jobs) == set()
    assert jobs["render"] == 5


def test_an_own_motion_that_changed_renders_again(finished: Workflow) -> None:
    source = bring_motion(finished)
    finished.edit("config/laptop.yaml", "[walk]", "[walk, mine.npz]")
    sheet = "results/laptop/ours/ann/0/sheet.png"
    assert finished.snakemake(sheet).returncode == 0
    assert (finished.folder / sheet).with_name("motions").joinpath("mine.mp4").exists()
    assert finished.jobs(sheet) == {}
    time.sleep(0.01)
    shutil.copy(CLIPS / "kick.npz", source)
    assert finished.jobs(sheet) == {"render": 1}


def test_editing_one_prompt_touches_that_prompt_only(finished: Workflow) -> None:
    finished.edit("config/prompts/laptop.tsv", "a man in a blue suit", "a man in a red suit")
    jobs = finished.jobs()
    assert jobs["train"] == jobs["render"] == jobs["score_clip"] == jobs["reference"] == 1
    # Pooled over all prompts are the first seed of ours and the other system.
    assert (jobs["pooled_fid"], jobs["baseline_pooled"]) == (1, 1)


def test_adding_a_prompt_and_a_variant_leaves_the_others_alone(finished: Workflow) -> None:
    finished.edit("config/prompts/laptop.tsv", "bob\t", "eve\tan old woman in jeans\nbob\t")
    with (finished.folder / "config/variants.yaml").open("a") as file:
        file.write("my_variant:\n  train:\n    steps: 500\n")
    finished.edit("config/laptop.yaml", "[ours, tau_100]", "[ours, tau_100, my_variant]")
    jobs = finished.jobs()
    assert jobs["train"] == 1 + 2  # eve; my_variant of ann with two seeds
    assert jobs["prompts"] == jobs["reference"] == 1


def test_one_prompt_is_made_again_alone(finished: Workflow) -> None:
    jobs = finished.jobs("results/laptop/ours/ann/0/sheet.png", "--forcerun", "train")
    assert jobs == {"train": 1, "render": 1}


def test_other_renders_of_another_system_are_imported_and_scored_again(
    finished: Workflow,
) -> None:
    time.sleep(0.01)
    (finished.folder / "renders/ann/00.png").write_text("another picture")
    assert finished.jobs() == {
        "baseline": 1,
        "baseline_score": 1,
        "baseline_pooled": 1,
        "figure": 1,  # fig3 shows them beside ours
        **SUMMARY,
    }


def test_where_runs_are_logged_and_how_many_threads_they_get_reruns_nothing(
    finished: Workflow,
) -> None:
    finished.edit("config/laptop.yaml", "threads: 2", "threads: 1\ntracking: {artifacts: other}")
    assert finished.jobs() == {}


def test_another_experiment_of_the_same_name_is_refused(finished: Workflow) -> None:
    (finished.folder / "mine.yaml").write_text("train: {steps: 7}\n")
    done = finished.snakemake("--configfile", "config/laptop.yaml", "mine.yaml", "-n")
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("gaussianmotion:")]
    assert "results/laptop holds another experiment of this name" in line
    assert "write `experiment: another-name` there" in line


@pytest.mark.slow
def test_killed_anywhere_it_goes_on_and_then_has_nothing_to_do(finished: Workflow) -> None:
    finished.edit("config/variants.yaml", "{score: {tau: 100}}", "{score: {tau: 150}}")
    command = [sys.executable, "-m", "snakemake", "--profile", "profiles/laptop", "--cores", "2"]
    process = subprocess.Popen(
        command,
        cwd=finished.folder,
        env=clean_environment({"FAKE_SECONDS": "0.3"}),
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
    first = finished.folder / "results/laptop/tau_100/ann/0/avatar.safetensors"
    began, waited = first.stat().st_mtime_ns, time.monotonic() + 400
    while not first.exists() or first.stat().st_mtime_ns == began:
        assert process.poll() is None
        assert time.monotonic() < waited
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert finished.snakemake("--unlock").returncode == 0
    again = finished.snakemake()
    assert again.returncode == 0, again.stderr
    assert finished.jobs() == {}


def bring_motion(workflow: Workflow) -> Path:
    """A file of the user's own, and the body that it is read with: a real one, as old as before."""
    body = workflow.folder / "resources/body/open_body.npz"
    before = body.stat().st_mtime_ns
    shutil.copy(REPOSITORY / "resources/body/open_body.npz", body)
    os.utime(body, ns=(before, before))
    return Path(shutil.copy(CLIPS / "jump.npz", workflow.folder / "mine.npz"))


def append(workflow: Workflow, name: str) -> None:
    path = workflow.folder / name
    path.write_text(path.read_text() + "\n\ndef added() -> None:\n    return\n")


def test_snakemakes_own_report_holds_tables_and_figures(finished: Workflow) -> None:
    done = finished.snakemake("--report", "jobs.html")
    assert done.returncode == 0, done.stderr
    page = (finished.folder / "jobs.html").read_text(encoding="utf-8")
    for name in ("table1.csv", "table2.csv", "verdicts.csv", "fig5.png", "sheet.png"):
        assert name in page, name


def test_a_key_of_the_command_line_does_not_overwrite_the_experiment(finished: Workflow) -> None:
    done = finished.snakemake("-n", "--config", "train={steps: 7}")
    assert done.returncode == 2
    (line,) = [text for text in done.stderr.splitlines() if text.startswith("gaussianmotion:")]
    assert "add `experiment=another-name` to --config" in line
    assert (
        finished.snakemake("-n", "--config", "experiment=mine", "train={steps: 7}").returncode == 0
    )
