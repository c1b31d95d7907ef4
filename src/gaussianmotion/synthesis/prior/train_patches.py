"""The training of the prior on pixel patches as one command.

Written into its folder: ``patches.pt`` (the checkpoint), ``curves.csv`` (losses, binding) and
``grids/`` (samples, by the averaged weights). Logged every 20,000 samples, kept every ten minutes.
"""

import functools
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from gaussianmotion.guidance.text import MiniLMEncoder
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.torch_device import usable_device
from gaussianmotion.synthesis.prior.binding import averaged, binding
from gaussianmotion.synthesis.prior.caption_states import Encoder, encode
from gaussianmotion.synthesis.prior.curves_file import add_row
from gaussianmotion.synthesis.prior.grids import write_training_grid
from gaussianmotion.synthesis.prior.mlflow_log import PriorLog
from gaussianmotion.synthesis.prior.patch_settings import PatchSettings, Phase, phases_of
from gaussianmotion.synthesis.prior.patch_trainer import PatchTrainer
from gaussianmotion.synthesis.prior.resident import ResidentSet
from gaussianmotion.synthesis.prior.shards import TrainingSet
from gaussianmotion.synthesis.reporting import Report, log_line
from gaussianmotion.synthesis.resumable import SAVE_EVERY, Keeping, alone_in, finished, resume, run

KIND = "patches"
CHECKPOINT = "patches.pt"
CURVES = "curves.csv"
# Shards whose captions are encoded before the first step, and at each line of progress: training
# begins with the first pictures and takes up the others as it goes.
_AT_START, _AT_ONCE = 4, 2


@dataclass(frozen=True)
class Logging:
    """What is logged how often.

    Attributes:
        every: Samples between two measurements.
        items: Held-out items of a measurement.
        grid: Samples in a grid; 0 draws none.
        lines: Seconds between two lines of progress.
        mlflow: Whether MLflow gets the curves and grids.
    """

    every: int = 20_000
    items: int = 192
    grid: int = 24
    lines: float = 60.0
    mlflow: bool = False


def train_patches(
    dataset: Path,
    held_out: Path,
    out: Path,
    until: int,
    tail: int,
    settings: PatchSettings | None = None,
    phases: Sequence[Phase] = (),
    device: torch.device | None = None,
    logging: Logging | None = None,
    save_every: float = SAVE_EVERY,
    shards: int | None = None,
    encoder: Callable[[], Encoder] | None = None,
    workers: int = 1,
    rate: float = 1.0,
    report: Report = log_line,
) -> Path:
    """Train, or go on training.

    Args:
        dataset: Folder of shards of version 4; more may come while it trains.
        held_out: Shards of people and outfits that the training does not see.
        out: Folder of the training.
        until: Samples in all.
        tail: The last samples, over which the learning rate falls to zero.
        settings: Settings that decide the result and must not change on resuming.
        phases: Sizes and batches, which may change; those of :func:`phases_of` where not given.
        device: Device of the training; a GPU where there is one and none is given.
        logging: What is measured how often.
        save_every: Seconds between checkpoints.
        shards: Largest number of shards of the data set that are used.
        encoder: Makes the text encoder; MiniLM on the device where not given.
        workers: Processes that share a step on a CPU, a core each.
        rate: Factor of the settings' learning rate, which may change on resuming.
        report: Receives progress lines.

    Returns:
        The checkpoint's path.

    Raises:
        UserError: data or checkpoint are missing, damaged, or do not belong together; or another
            process trains in ``out``.
    """
    phases = phases or phases_of(small=45_000, batch=32)
    settings, logging = settings or PatchSettings(), logging or Logging()
    device = device or torch.device(usable_device("auto"))
    keeping = patch_keeping(out, settings, save_every)
    with alone_in(out):
        if finished(keeping, until):
            return keeping.path
        encoder = encoder or functools.partial(MiniLMEncoder, device)
        mapped = TrainingSet(dataset, shards, encoder)
        on_gpu = device.type == "cuda"
        data = ResidentSet(mapped, device, settings.normals > 0) if on_gpu else mapped
        data.take_up(_AT_START, report)
        measured = TrainingSet(held_out, None, encoder)
        measured.take_up(report=report)
        if len(data) < phases[0].batch:
            raise UserError(f"{dataset} holds {len(data)} pictures, fewer than a batch")
        empty = encode([""], encoder())[0].float()
        shared = 1 if on_gpu else workers
        trainer = PatchTrainer(data, settings, phases, until, tail, device, empty, shared, rate)
        resume(trainer, keeping, report)
        log = _Log(trainer, measured, out, logging, report)
        with data.following() if isinstance(data, ResidentSet) else nullcontext():
            run(trainer, keeping, until, log, report)
    return keeping.path


def patch_keeping(out: Path, settings: PatchSettings, every: float = SAVE_EVERY) -> Keeping:
    """Where a training in ``out`` is kept."""
    return Keeping(out / CHECKPOINT, KIND, _plain(asdict(settings)), every=every)


def _plain(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings as JSON has them, with lists for tuples, so that they equal a checkpoint's."""
    return {
        key: _plain(value)
        if isinstance(value, dict)
        else list(value)
        if isinstance(value, tuple)
        else value
        for key, value in settings.items()
    }


def _params(trainer: PatchTrainer) -> dict[str, Any]:
    settings = asdict(trainer.settings)
    shape = settings.pop("shape")
    phases = [f"{p.size} px to {p.until:,}, batch {p.batch}" for p in trainer.phases]
    return settings | shape | {"phases": "; ".join(phases), "device": str(trainer.device)}


class _Log:
    """Called after each step: lines of progress, new shards, measurements and grids."""

    def __init__(
        self,
        trainer: PatchTrainer,
        held_out: TrainingSet,
        out: Path,
        logging: Logging,
        report: Report,
    ) -> None:
        self.trainer, self.held_out, self.out = trainer, held_out, out
        self.logging, self.report = logging, report
        self.mlflow = PriorLog(out, _params(trainer), report=report) if logging.mlflow else None
        self.started, self.first = time.monotonic(), trainer.done
        self.said = time.monotonic()
        self.measured = trainer.done // logging.every

    def __call__(self) -> None:
        trainer = self.trainer
        now = time.monotonic()
        if now - self.said >= self.logging.lines:
            losses = trainer.recent()
            self.report(
                f"{trainer.done:,} samples, {self._rate(now):.1f} a second, loss "
                f"{losses['loss']:.4f} (picture {losses['picture']:.4f}, regions "
                f"{losses['regions']:.3f}), {trainer.phase.size} px, {len(trainer.data):,} pictures"
            )
            self.said = now
            # Before half of the pictures were seen, encoding more captions would only cost time.
            needed = 2 * trainer.done > len(trainer.data)
            if needed and isinstance(trainer.data, TrainingSet):
                trainer.data.take_up(_AT_ONCE, lambda text: None)
        due = trainer.done // self.logging.every
        if due > self.measured or trainer.done >= trainer.until:
            self.measured = due
            self._measure(now)

    def _rate(self, now: float) -> float:
        return (self.trainer.done - self.first) / max(now - self.started, 1e-9)

    def _measure(self, now: float) -> None:
        trainer, losses = self.trainer, self.trainer.recent(200)
        with averaged(trainer.networks, trainer.averages):
            found = binding(
                trainer.networks, trainer.tap, self.held_out, trainer.view(mirror=False),
                trainer.scaling, self.logging.items, trainer.device,
            )  # fmt: skip
            if self.logging.grid:
                path = self.out / "grids" / f"{trainer.done:08d}.png"
                write_training_grid(path, trainer, self.held_out, self.logging.grid)
        row = {
            "step": trainer.done,
            "seconds": round(trainer.seconds),
            "size": trainer.phase.size,
            "per_second": self._rate(now),
            "rate": trainer.optimiser.param_groups[0]["lr"],
            "loss": losses["loss"],
            "picture": losses["picture"],
            "regions_loss": losses["regions"],
            **found,
        }
        add_row(self.out / CURVES, row)
        if self.mlflow is not None:
            self.mlflow.send()
        self.report(
            f"{trainer.done:,} samples: error {found['own']:.4f}, with another's text "
            f"{found['other_text']:.4f}, with another's pose {found['other_pose']:.4f}, regions "
            f"{found['regions']:.2f}"
        )
