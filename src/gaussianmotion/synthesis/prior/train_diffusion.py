"""Training of the embedded prior: UNet and ControlNet together, from nothing.

The schedule is a warm-up, a constant rate, and a tail that falls to zero. Just before the tail, the
state is kept as ``before_tail.pt``: a later session goes on from there with more steps, which a
training that ended at rate zero would not allow.
"""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.prior.checkpoint import load_checkpoint
from gaussianmotion.synthesis.prior.diffusion_trainer import DiffusionSettings, Trainer
from gaussianmotion.synthesis.prior.encoded_data import EncodedData
from gaussianmotion.synthesis.reporting import Report, log_line
from gaussianmotion.synthesis.resumable import Keeping, alone_in, run
from gaussianmotion.synthesis.resumable import resume as resume_training

KIND = "diffusion"


def train_diffusion(
    data: EncodedData,
    out: Path,
    steps: int,
    tail: int,
    settings: DiffusionSettings | None = None,
    resume: Path | None = None,
    stop_after: int | None = None,
    report: Report = log_line,
) -> Path:
    """Train, or go on training, UNet and ControlNet.

    Args:
        data: The encoded training set.
        out: Folder for ``diffusion.pt``; a run that was interrupted there is resumed.
        steps: Optimiser steps in all.
        tail: The last steps, over which the learning rate falls to zero.
        settings: See :class:`DiffusionSettings`.
        resume: Checkpoint of another training to begin from: ``before_tail.pt`` of a finished one,
            to extend it. Its data may differ, its settings may not.
        stop_after: Stop at this step, as if interrupted.
        report: Receives a progress line now and then.

    Returns:
        The checkpoint's path.

    Raises:
        UserError: a checkpoint is damaged or belongs to another training.
    """
    settings = settings or DiffusionSettings()
    if len(data) < settings.batch:
        raise UserError(f"{len(data)} training items are fewer than a batch of {settings.batch}")
    facts = {"items": len(data), "origin": data.origin}
    keeping = Keeping(out / "diffusion.pt", KIND, asdict(settings), facts)
    training = _Training(Trainer(settings), data, steps, tail)
    with alone_in(out):
        resume_training(training, keeping, report)
        if resume is not None:
            _extend(training.trainer, resume, keeping.path, steps)
        last = min(steps, stop_after or steps)

        def after_step() -> None:
            if training.done == steps - tail:
                before_tail = replace(keeping, path=out / "before_tail.pt")
                before_tail.save(training)
            if training.done % 20 == 0 or training.done == last:
                training.tell(report)

        run(training, keeping, last, after_step, report)
    return keeping.path


class _Training:
    """A trainer, its data and its schedule; ``done`` counts steps."""

    def __init__(self, trainer: Trainer, data: EncodedData, steps: int, tail: int) -> None:
        self.trainer, self.data, self.steps, self.tail = trainer, data, steps, tail
        self.losses: list[float] = []

    @property
    def done(self) -> int:
        return self.trainer.step

    @done.setter
    def done(self, step: int) -> None:
        self.trainer.step = step

    @property
    def seconds(self) -> float:
        return self.trainer.seconds

    @seconds.setter
    def seconds(self, seconds: float) -> None:
        self.trainer.seconds = seconds

    def advance(self) -> None:
        rate = learning_rate(self.done, self.steps, self.tail, self.trainer.settings)
        self.losses.append(self.trainer.advance(self.data, rate))

    def tell(self, report: Report) -> None:
        recent = self.losses[-200:]
        report(
            f"step {self.done}/{self.steps} loss {sum(recent) / len(recent):.4f} "
            f"{self.done * self.trainer.settings.batch} samples {self.seconds:.0f} s"
        )

    def state(self) -> dict[str, Any]:
        return self.trainer.state(self.data)

    def restore(self, state: dict[str, Any]) -> None:
        self.trainer.restore(state)


def _extend(trainer: Trainer, resume: Path, path: Path, steps: int) -> None:
    """Begin from the checkpoint ``resume``, unless ``path`` is what already began from it."""
    state = load_checkpoint(resume, KIND)
    if trainer.step > 0:
        if trainer.began_at != state["step"]:
            raise UserError(
                f"{path} holds a training that did not begin from {resume}: "
                "choose another folder, or leave --resume out to go on with it"
            )
        return
    if state["settings"] != asdict(trainer.settings):
        raise UserError(f"{resume} was trained with other settings: begin from it with the same")
    if state["step"] >= steps:
        raise UserError(
            f"{resume} is at step {state['step']} already: give --steps, which counts from the "
            "beginning, a larger number"
        )
    trainer.restore(state)
    trainer.began_at = trainer.step


def learning_rate(step: int, steps: int, tail: int, settings: DiffusionSettings) -> float:
    """Factor of the learning rate at ``step``."""
    warm = min(1.0, (step + 1) / settings.warmup)
    left = min(1.0, (steps - step) / max(tail, 1))
    return warm * left
