"""What a training of the prior learns in equal time, one change at a time.

    python benchmarks/prior_learning.py --minutes 10               # CPU minutes, all variants
    python benchmarks/prior_learning.py --minutes 1 --device cuda --batch 1024
    python benchmarks/prior_learning.py --only base "no layout head"

Same data, same seed. Written: a CSV of held-out errors of the clean picture at timestep 600 (with
the own text and pose, another's text, another's pose) by time, and a plot. Errors are taken with
the averaged weights at 128 px, whatever the size of the training's pictures then. On a CPU the time
is the process's own, so that others on the machine do not count; on a GPU it is the wall's.
"""

import argparse
import csv
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import torch

from gaussianmotion.guidance.text import MiniLMEncoder
from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.synthesis.prior.batches import View
from gaussianmotion.synthesis.prior.binding import averaged, binding
from gaussianmotion.synthesis.prior.caption_states import encode
from gaussianmotion.synthesis.prior.patch_networks import POSE_PIXELS
from gaussianmotion.synthesis.prior.patch_settings import PatchSettings, Phase
from gaussianmotion.synthesis.prior.patch_trainer import PatchTrainer
from gaussianmotion.synthesis.prior.resident import ResidentSet
from gaussianmotion.synthesis.prior.shards import TrainingSet

#: Name -> changes of the settings, and the share of the time that is spent at 64 px.
VARIANTS: dict[str, tuple[dict[str, Any], float]] = {
    "base": ({}, 0.5),
    "no layout head": ({"regions": 0.0}, 0.5),
    "skeletons alone": ({"condition": 3}, 0.5),
    "patches of 8 pixels": (
        {"patch": 8, "widths": (160, 224, 224), "heads": (5, 7, 7), "scaling": 0.3},
        0.5,
    ),
    "normals, too": ({"normals": 0.1}, 0.5),
    "faces as the rest": ({"face_weight": 0.0}, 0.5),
    "128 px from the start": ({}, 0.0),
    "not mirrored": ({"mirror": False}, 0.5),
    "two layers a block": ({"layers": 2}, 0.5),
    "half the learning rate": ({"lr": 1e-3}, 0.5),
}
#: Those changes that are of the networks' shape.
SIZES = ("layers", "condition", "patch", "widths", "heads")
POINTS = 6
FIELDS = ("variant", "seconds", "samples", "own", "other_text", "other_pose", "regions")


def trained(
    name: str, data: TrainingSet, held_out: TrainingSet, empty: torch.Tensor, options: Any
) -> list[dict[str, Any]]:
    """Rows of a variant: a measurement at each of :data:`POINTS` equal parts of the time."""
    changes, share = VARIANTS[name]
    changes = dict(changes)
    settings = PatchSettings(seed=options.seed, warmup=20 * options.batch)
    sizes = {name: changes.pop(name) for name in SIZES if name in changes}
    shape = replace(settings.shape, **sizes)
    settings = replace(settings, shape=shape, **changes)
    far, device = 10**12, torch.device(options.device)
    small, large = (Phase(far, size, shape.patch, options.batch) for size in (64, 128))
    clock: Callable[[], float] = time.process_time if device.type == "cpu" else time.monotonic
    first = (small if share else large,)
    trainer = PatchTrainer(data, settings, first, far, 0, device, empty)
    rows, total = [], 60.0 * options.minutes
    spent = 0.0
    for point in range(1, POINTS + 1):
        while spent < total * point / POINTS:
            if share and spent >= share * total and trainer.phases[0] is small:
                trainer.phases = (large,)
            began = clock()
            trainer.advance()
            spent += clock() - began
        with averaged(trainer.networks, trainer.averages):
            shown = (settings.face_weight, False, settings.normals > 0, shape.condition)
            view = View(128, shape.patch, POSE_PIXELS, *shown)
            parts = (trainer.networks, trainer.tap, held_out, view, trainer.scaling)
            found = binding(*parts, options.items, device)
        rows.append({"variant": name, "seconds": round(spent), "samples": trainer.done, **found})
        print(", ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
    return rows


def write(rows: list[dict[str, Any]], out: Path) -> None:
    """The CSV, and beside it a plot of the own error and of what another's pose costs."""
    with atomic_path(out) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    figure, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
    for name in dict.fromkeys(row["variant"] for row in rows):
        mine = [row for row in rows if row["variant"] == name]
        seconds = [row["seconds"] for row in mine]
        axes[0].plot(seconds, [row["own"] for row in mine], label=name)
        for axis, other in ((axes[1], "other_text"), (axes[2], "other_pose")):
            axis.plot(seconds, [row[other] / row["own"] for row in mine])
    titles = ("error", "another's text over own", "another's pose over own")
    for axis, title in zip(axes, titles, strict=True):
        axis.set(title=title, xlabel="seconds")
    axes[0].legend(fontsize=7)
    with atomic_path(out.with_suffix(".png")) as temporary:
        figure.savefig(temporary, dpi=90)
    plt.close(figure)


def main() -> None:
    """Train the variants one after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dataset", type=Path, default=Path("results/synthesis/train"))
    parser.add_argument("--held-out", type=Path, default=Path("results/synthesis/held_out"))
    parser.add_argument("--out", type=Path, default=Path("results/synthesis/prior_learning.csv"))
    parser.add_argument("--minutes", type=float, default=10.0, help="for each variant")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--items", type=int, default=96, help="held-out items of a measurement")
    parser.add_argument("--shards", type=int, default=8, help="of the data set")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    options = parser.parse_args()
    data, held_out = TrainingSet(options.dataset, options.shards), TrainingSet(options.held_out)
    device = torch.device(options.device)
    if device.type == "cuda":
        data = ResidentSet(data, device, normals=True)
    for part in (data, held_out):
        part.take_up(report=lambda _: None)
    empty = encode([""], MiniLMEncoder())[0].float()
    rows: list[dict[str, Any]] = []
    for name in options.only:
        rows += trained(name, data, held_out, empty, options)
        write(rows, options.out)


if __name__ == "__main__":
    main()
