"""What the faults are done to: a small experiment, its MLflow store, the workflow of fakes."""

import os
import shutil
import signal
from pathlib import Path

from faults.case import COLLECT, CONFIG, LOG, RENDER, RUN, SCORE, TRAIN
from faults.processes import PATIENCE, REPOSITORY, Running
from faults.steps import in_step, killed


def make_experiment(folder: Path) -> None:
    """A finished avatar with pictures and scores, a training that was killed, a store."""
    from bad_input import SETTINGS
    from tiny_priors import write_embedded

    folder.mkdir(parents=True)
    for name in ("config", "config.yaml", "resources"):
        (folder / name).symlink_to(REPOSITORY / name)
    write_embedded(folder / "prior")
    (folder / "tiny.yaml").write_text(SETTINGS)
    (folder / "prompts.tsv").write_text("id\tprompt\nann\ta woman in a sparkling dress\n")
    words = ("--prompt", "a woman in a sparkling dress", "--prompt-id", "ann", "--out", RUN)
    score = (*SCORE[:6], "--out", f"{RUN}/scores/geometry.json")
    here = os.getcwd()
    os.chdir(folder)
    from gaussianmotion.cli import main as command

    # In this process: what is compiled and loaded here, its copies have.
    for arguments in (
        ("train", *CONFIG, *words),
        (*RENDER[:5], "--out", RUN),
        score,
        ("prompts", *CONFIG, "--out", "results/tiny/prompts.tsv"),
        (*COLLECT[:-1], "scores.csv"),
    ):
        if command(list(arguments)) != 0:
            raise SystemExit(f"the small experiment itself failed in {arguments[0]}")
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.chdir(here)
    half = Running(folder)
    half.fork(TRAIN, {}, in_step(6, killed))
    half.end(PATIENCE)
    (folder / "new").rename(folder / "half")


def make_store(folder: Path) -> None:
    """A store in which the experiment's run is logged, and an empty one."""
    import mlflow.tracking  # noqa: F401  # loaded only: a store that is open here would be theirs

    for arguments in (("tracking-init", *CONFIG), LOG[:4]):
        out = ("--out", f"logged/{arguments[0]}.json", *LOG[6:])
        logged = Running(folder)
        logged.fork((*arguments, *out), {})
        if logged.end(PATIENCE) != 0:
            raise SystemExit(f"the small experiment itself failed: {logged.said()}")
        if arguments[0] == "tracking-init":  # a store in which nothing is logged is kept, too
            shutil.copytree(folder / "results/mlflow", folder / "logged/mlflow")
    (folder / "results/mlflow").rename(folder / "logged/full")
    (folder / RUN / "mlflow.json").rename(folder / "logged/mlflow.json")


def make_workflow(folder: Path) -> None:
    """The workflow with fast fakes for its stages."""
    from workflow_copy import copy_workflow

    folder.mkdir(parents=True)
    copy_workflow(folder)
