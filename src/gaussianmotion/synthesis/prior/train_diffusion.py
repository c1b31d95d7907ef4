"""Training of the embedded prior: UNet and ControlNet together, from nothing.

The schedule is a warm-up, a constant rate, and a tail that falls to zero. Just before the tail, the
state is kept as ``before_tail.pt``: a later session goes on from there with more steps, which a
training that ended at rate zero would not allow.
"""

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from gaussianmotion.errors import UserError
from gaussianmotion.synthesis.prior.checkpoint import (
    load_checkpoint,
    load_to_resume,
    save_checkpoint,
)
from gaussianmotion.synthesis.prior.diffusion_trainer import DiffusionSettings, Trainer
from gaussianmotion.synthesis.prior.encoded_data import EncodedData

KIND = "diffusion"


def train_diffusion(
    data: EncodedData,
    out: Path,
    steps: int,
    tail: int,
    settings: DiffusionSettings | None = None,
    resume: Path | None = None,
    save_every: int = 200,
    stop_after: int | None = None,
    report: Callable[[str], None] = print,
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
        save_every: Steps between checkpoints.
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
    path = out / "diffusion.pt"
    trainer = Trainer(settings)
    state = load_to_resume(path, KIND, trainer.digest(data), asdict(settings))
    if state is not None:
        trainer.restore(state)
        report(f"going on from {path} at step {trainer.step}")
    if resume is not None:
        _extend(trainer, resume, path, steps)
    losses: list[float] = []
    last = min(steps, stop_after or steps)
    tick = time.monotonic()
    while trainer.step < last:
        if trainer.step == steps - tail and trainer.step > 0:
            save_checkpoint(out / "before_tail.pt", KIND, trainer.state(data))
        losses.append(trainer.advance(data, learning_rate(trainer.step, steps, tail, settings)))
        now = time.monotonic()
        trainer.seconds, tick = trainer.seconds + now - tick, now
        done = trainer.step
        if done % 20 == 0 or done == last:
            recent = losses[-200:]
            report(
                f"step {done}/{steps} loss {sum(recent) / len(recent):.4f} "
                f"{done * settings.batch} samples {trainer.seconds:.0f} s"
            )
        if done % save_every == 0 or done == last:
            save_checkpoint(path, KIND, trainer.state(data))
    return path


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
