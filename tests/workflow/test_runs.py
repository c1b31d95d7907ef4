"""How a run looks: dry runs, the jobs' own errors, locks, strange prompts (stages are fakes)."""

import json
import subprocess
import sys
import threading
import time

import pytest
import yaml
from workflow_copy import Workflow, listed_jobs, run

TARGET = "results/laptop/ours/man-jeans/0/sheet.png"


# The jobs of every experiment's summary.
SUMMARY = {
    "prompts": 1,
    "models": 1,  # of the prior
    "tracking_store": 1,
    "experiment_sheet": 1,
    "collect": 1,
    "table": 4,
    "study_pairs": 1,
    "table2": 1,
    "figure": 5,
    "report": 1,
    "notebook": 1,
    "log_parents": 1,
    "log_experiment": 1,
}


def test_the_papers_dry_run_lists_every_job_of_every_table_and_figure(workflow: Workflow) -> None:
    done = workflow.by_hand("-n", "--cores", "all", "--resources", "gpu=4")
    assert done.returncode == 0, done.stderr
    config = yaml.safe_load((workflow.folder / "config.yaml").read_text(encoding="utf-8"))
    variants = len(config["ablation"]["variants"])
    assert variants >= 21
    runs = 30 + variants * 3 * 3 - 3  # ours; all variants; what is in both
    each = ("render", "score_avatar")
    assert listed_jobs(done.stdout + done.stderr) == {
        **dict.fromkeys(each, runs),
        # A network is loaded once for a variant: ours has all prompts, the others the ablations'.
        **dict.fromkeys(("score_clip", "score_hps", "log_runs"), 1),
        **dict.fromkeys(("score_clip_1", "score_hps_1", "log_runs_1"), variants - 1),
        "gsplat": 1,
        "train": runs - 2 * 9,
        "reuse_training": 2 * 9,  # tau_400 and scale_reg train as ours
        "reference": 30,
        "noised_sample": 3,
        "pooled_fid": variants * 3,
        **SUMMARY,
        "models": 4,  # of the prior and of CLIP, Inception, HPS
    }


def test_the_gallery_is_made_of_pages_alone(workflow: Workflow) -> None:
    """It waits for the front views, too, but its command takes no pictures."""
    asked = ("results/laptop/gallery.html", "-n", "-p", "--config", "export=[viewer]")
    done = workflow.snakemake(*asked)
    assert done.returncode == 0, done.stderr
    said = (done.stdout + done.stderr).splitlines()
    (command,) = (line for line in said if "gaussianmotion" in line and " gallery results" in line)
    pages = command.partition(" gallery ")[2].partition(" --code")[0].split()
    assert len(pages) == 12
    assert {page.rpartition("/")[2] for page in pages} == {"avatar.html"}


def test_the_laptops_dry_run_lists_every_job_of_every_table_and_figure(workflow: Workflow) -> None:
    prompts = len((workflow.folder / "config/prompts/laptop.tsv").read_text().splitlines()) - 1
    assert prompts >= 12
    config = yaml.safe_load((workflow.folder / "config/laptop.yaml").read_text(encoding="utf-8"))
    variants = len(config["ablation"]["variants"])
    assert variants >= 21
    runs = prompts + variants * 3 * 3 - 3
    assert workflow.jobs() == {
        **dict.fromkeys(("render", "score_avatar"), runs),
        # Their libraries load for seconds: once for a variant.
        **dict.fromkeys(("score_alignment", "log_runs"), 1),
        **dict.fromkeys(("score_alignment_1", "log_runs_1"), variants - 1),
        "train": runs - 9,
        "reuse_training": 9,  # tau_100 trains as ours
        "reference": prompts,
        "noised_sample": 3,
        "pooled_features": variants * 3,
        **SUMMARY,
    }


def test_the_small_scale_has_all_of_it_and_few_trainings(workflow: Workflow) -> None:
    jobs = workflow.jobs("--config", "scale=small")
    assert jobs["train"] == 12
    assert SUMMARY.items() <= jobs.items()


def test_the_models_of_a_variants_own_prior_are_checked_before_its_trainings(
    workflow: Workflow,
) -> None:
    workflow.edit(
        "config/variants.yaml", "ours: {}", "ours: {}\nlarger: {prior: {model: some/one}}"
    )
    workflow.edit("config/laptop.yaml", "    - asd_literal\n", "    - larger\n")
    avatar = "results/laptop/{}/man-jeans/0/avatar.safetensors"
    own, shared = (f"results/laptop/models/{name}.json" for name in ("larger/prior", "prior"))
    for variant, wanted, other in (("larger", own, shared), ("csd", shared, own)):
        done = workflow.snakemake("-n", "-p", avatar.format(variant))
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        assert listed_jobs(said)["models"] == 1
        assert wanted in said
        assert other not in said


def test_on_gpus_gsplat_is_compiled_once_before_the_first_training(workflow: Workflow) -> None:
    done = workflow.snakemake("-n", TARGET, CUDA_VISIBLE_DEVICES="0,1")
    assert done.returncode == 0, done.stderr
    assert listed_jobs(done.stdout + done.stderr)["gsplat"] == 1
    workflow.section("rasteriser", "numba")
    done = workflow.snakemake("-n", TARGET, CUDA_VISIBLE_DEVICES="0,1")
    assert "gsplat" not in listed_jobs(done.stdout + done.stderr)


def test_a_failed_job_is_one_line_and_the_others_go_on(workflow: Workflow) -> None:
    done = workflow.snakemake(TARGET, TARGET.replace("jeans", "shorts"), FAKE_FAILURE="man-jeans")
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if not line.startswith(("[", "Using"))]
    assert [line for line in lines if "jobs to do" not in line] == [
        "gaussianmotion: what went wrong and what to do",
        "failed: train: man-jeans (ours, seed 0); "
        "log: results/laptop/ours/man-jeans/0/logs/train.log",
    ]
    assert (workflow.folder / TARGET.replace("jeans", "shorts")).exists()


def test_a_second_run_in_the_same_folder_is_one_line(workflow: Workflow) -> None:
    end = workflow.folder / "the second has ended"

    command = [sys.executable, "-m", "snakemake", "--profile", "profiles/laptop", "--cores", "2"]

    def first() -> None:
        awaited = {"FAKE_UNTIL": str(end)}
        done.append(run(workflow.folder, [*command, TARGET, "--until", "models"], awaited))

    done: list[subprocess.CompletedProcess[str]] = []
    thread = threading.Thread(target=first)
    thread.start()
    waited = time.monotonic() + 60
    while not (workflow.folder / ".snakemake/incomplete").exists():
        assert time.monotonic() < waited
        time.sleep(0.2)
    time.sleep(1.0)
    second = workflow.snakemake(TARGET, "--until", "models")
    end.touch()
    thread.join()
    assert second.returncode != 0
    assert "another run is working in this folder" in second.stderr.splitlines()[-1]
    assert done[0].returncode == 0, done[0].stderr


@pytest.mark.parametrize(
    "prompt",
    [
        'it\'s a "man" in a green suit',
        "a man / woman in ../../etc; $(touch pwned) `touch pwned` $HOME & {wildcards.prompt} \\n",
        "<script>alert('x')</script> <b>a man</b> & -- --log x",
        "eine Frau im grünen Kleid, 緑のドレスの女性 👗",
        "a man in a green suit " * 90,
    ],
    ids=["quotes", "shell", "html", "unicode", "2000 characters"],
)
def test_a_strange_prompt_arrives_unchanged(workflow: Workflow, prompt: str) -> None:
    prompt = " ".join(prompt[:2000].split())
    (workflow.folder / "own.yaml").write_text(json.dumps({"prompt": prompt}))
    done = workflow.snakemake("--configfile", "config/laptop.yaml", "own.yaml", "--until", "train")
    assert done.returncode == 0, done.stderr
    (record,) = workflow.folder.glob("results/laptop/ours/*/0/run.json")
    assert json.loads(record.read_text())["prompt"] == prompt
    assert not list(workflow.folder.rglob("pwned"))


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("config/laptop.yaml", "steps: 250", "stepps: 250", "did you mean `train: {steps: 250}"),
        ("config/laptop.yaml", "threads: 2", "threads: two", "must be a whole number"),
        ("config/laptop.yaml", "device: auto", "device: auto\nvariants: [tau_99]", "no variant"),
        ("config/variants.yaml", "{score: {tau: 100}}", "{score: {taau: 1}}", "score: {tau: 1}"),
        ("config/prompts/laptop.tsv", "man-jeans\t", "man-shorts\t", "is used twice"),
        ("config/prompts/laptop.tsv", "man-jeans\t", "\t", "the id is empty"),
    ],
)
def test_a_mistake_in_a_file_is_one_line_before_anything_runs(
    workflow: Workflow, name: str, old: str, new: str, message: str
) -> None:
    workflow.edit(name, old, new)
    if "variants" in name:
        workflow.edit("config/laptop.yaml", "device: auto", "device: auto\nvariants: [tau_100]")
    done = workflow.snakemake("-n")
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if line.startswith("gaussianmotion:")]
    assert len(lines) == 1
    assert message in lines[0]
    assert "Traceback" not in done.stderr


def test_motions_that_are_none_are_all_told_before_anything_runs(workflow: Workflow) -> None:
    """A dry run opens them: after hours of training would be late."""
    (workflow.folder / "notes.bvh").write_text("hello")
    (workflow.folder / "poses.npz").write_bytes(b"PK\x03\x04 cut short")
    own = {"motions": ["walk", "notes.bvh", {"path": "poses.npz", "fps": 30}, "absent.pkl"]}
    (workflow.folder / "own.yaml").write_text(json.dumps(own))
    done = workflow.snakemake("--configfile", "config/laptop.yaml", "own.yaml", "-n")
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("gaussianmotion:")]
    for words in ("notes.bvh is damaged", "poses.npz is damaged", "no file absent.pkl"):
        assert words in line
    assert "Traceback" not in done.stderr


def test_the_scheduler_looks_for_work_when_a_job_ends_and_not_every_second(
    workflow: Workflow,
) -> None:
    """A limit on jobs a second makes Snakemake look again and again, the more jobs have ended."""
    path = workflow.folder / "Snakefile"
    line = "print('limiter:', workflow.scheduler.job_rate_limiter)"
    path.write_text(f"{path.read_text()}\n\nonsuccess:\n    {line}\n")
    done = workflow.snakemake("results/laptop/prompts.tsv")
    assert done.returncode == 0, done.stderr
    assert "limiter: None" in done.stdout + done.stderr
