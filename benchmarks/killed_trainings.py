"""Twelve trainings, killed at random, end alike: ``python killed_trainings.py``.

Each prompt of ``config/prompts/laptop.tsv`` is trained twice by ``config/people.yaml`` and the
prior that ships (fewer steps and Gaussians): undisturbed, and killed with SIGKILL at ``--kills``
random moments, each time started again by the same command. The avatars must be the same bytes. The
table says in which steps the kills came and after which checkpoint the next start went on.
"""

import argparse
import csv
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from gaussianmotion.pipeline.prompts import Prompt, read_prompts

REPOSITORY = Path(__file__).resolve().parents[1]
AVATAR, CHECKPOINT, CURVES = "avatar.safetensors", "checkpoint.pt", "curves.csv"
EVERY = 6
SMALLER = ("train.steps=40", "train.gaussians=4000", f"train.checkpoint_every={EVERY}")


def main() -> int:
    """Train, kill, train on and compare; returns 1 where two avatars differ."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=2, help="of each training (default: 2)")
    parser.add_argument("--prompts", nargs="+", metavar="ID", help="in place of all")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    options = parser.parse_args()
    moments, failed = random.Random(options.seed), 0
    print("| prompt | killed in step | went on after | same bytes |\n|---|---|---|---|")
    for prompt in read_prompts(REPOSITORY / "config/prompts/laptop.tsv"):
        if options.prompts and prompt.id not in options.prompts:
            continue
        with tempfile.TemporaryDirectory(prefix="killed-") as folder:
            whole, killed = Path(folder, "whole"), Path(folder, "killed")
            command = train(prompt, options.threads)
            seconds = run(command, whole)
            struck, resumed = [], []
            for _ in range(options.kills):
                struck.append(strike(command, killed, moments.uniform(0.4, 0.95) * seconds))
                resumed.append(kept_step(killed))
            run(command, killed)
            same = (whole / AVATAR).read_bytes() == (killed / AVATAR).read_bytes()
            failed += not same
            steps, after = (", ".join(map(str, values)) for values in (struck, resumed))
            print(f"| {prompt.id} | {steps} | {after} | {'yes' if same else 'NO'} |", flush=True)
    return int(failed > 0)


def train(prompt: Prompt, threads: int) -> list[str]:
    """The command, without its folder."""
    files = ("config.yaml", "config/laptop.yaml", "config/people.yaml")
    settings = [part for key in SMALLER for part in ("--set", key)]
    return [
        *(sys.executable, "-m", "gaussianmotion", "--threads", str(threads), "train"),
        *("--config", *files, *settings, "--prompt-id", prompt.id, "--prompt", prompt.text),
    ]


def run(command: list[str], folder: Path) -> float:
    """Train to the end; returns seconds."""
    began = time.monotonic()
    quiet = subprocess.DEVNULL
    subprocess.run([*command, "--out", folder], cwd=REPOSITORY, check=True, stderr=quiet)
    return time.monotonic() - began


def strike(command: list[str], folder: Path, after: float) -> int | None:
    """Kill a training that long after its start; returns the last step that it told, if any."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([*command, "--out", folder], cwd=REPOSITORY, stderr=quiet)
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.wait()
    curves = folder / CURVES
    rows = list(csv.DictReader(curves.open(encoding="utf-8"))) if curves.exists() else []
    steps = [row["step"] for row in rows if row["step"]]
    return int(float(steps[-1])) if steps else None


def kept_step(folder: Path) -> int | str:
    """The step of the checkpoint that a killed training left, from which the next start goes on.

    Without one it begins anew: before the first checkpoint, or where the kill came after the end.
    """
    try:
        return int(torch.load(folder / CHECKPOINT, weights_only=True)["state"]["finished"])
    except FileNotFoundError:
        return "ended" if (folder / AVATAR).exists() else 0


if __name__ == "__main__":
    sys.exit(main())
