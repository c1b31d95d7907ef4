"""Trainings of one network in a number of steps that is known before: one skeleton for them.

Step n draws from generators seeded by n, so that a resumed training draws what an uninterrupted one
would have.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gaussianmotion.synthesis.prior.optimiser import new_optimiser
from gaussianmotion.synthesis.reporting import Report
from gaussianmotion.synthesis.resumable import Keeping, alone_in, finished, resume, run


@dataclass(frozen=True)
class StepSettings:
    """What decides the result of every such training; each adds its own.

    Attributes:
        steps: Optimiser steps.
        batch: Samples per step.
        lr: Peak learning rate of Muon.
        seed: Of everything random.
    """

    steps: int = 1000
    batch: int = 16
    lr: float = 2e-3
    seed: int = 0


Settings = TypeVar("Settings", bound=StepSettings)
Network = TypeVar("Network", bound=nn.Module)


class SteppedTraining(ABC, Generic[Settings, Network]):
    """A network and its optimiser; ``done`` counts steps.

    Args:
        network: What is trained.
        settings: Of the training.
        weight_decay: Of the optimiser.
        warmup: Steps over which the learning rate rises.
        least: Share of the peak rate at the end.
    """

    def __init__(
        self, network: Network, settings: Settings, weight_decay: float, warmup: int, least: float
    ) -> None:
        self.network, self.settings = network, settings
        self.warmup, self.least = warmup, least
        self.optimiser = new_optimiser([network], settings.lr, weight_decay)
        self.done, self.seconds = 0, 0.0

    @abstractmethod
    def loss(self) -> Float[Tensor, ""]:
        """The loss of step ``done``."""

    @abstractmethod
    def tell(self, last: int, report: Report) -> None:
        """Report now and then, and at step ``last``."""

    def advance(self) -> None:
        """One optimiser step."""
        rate = cosine_rate(self.done, self.settings.steps, self.warmup, self.least)
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.lr * rate
        self.loss().backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.done += 1

    def state(self) -> dict[str, Any]:
        """What the next step depends on."""
        return {"network": self.network.state_dict(), "optimiser": self.optimiser.state_dict()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state of :meth:`state`."""
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])


def train_by_steps(
    path: Path,
    kind: str,
    settings: Settings,
    begin: Callable[[], SteppedTraining],
    stop_after: int | None,
    report: Report,
) -> Path:
    """Train, or go on training, until all steps are done.

    Args:
        path: The checkpoint; a run that was interrupted there is resumed.
        kind: See :func:`~gaussianmotion.synthesis.prior.checkpoint.load_checkpoint`.
        settings: Must be those of the interrupted run.
        begin: Reads the data and makes the training; not called where all is done.
        stop_after: Stop at this step, as if interrupted.
        report: Receives a progress line now and then.

    Returns:
        ``path``.

    Raises:
        UserError: the data or the checkpoint is damaged, or the checkpoint has other settings.
    """
    keeping = Keeping(path, kind, asdict(settings))
    last = min(settings.steps, stop_after or settings.steps)
    with alone_in(path.parent):
        if finished(keeping, last):
            return path
        training = begin()
        resume(training, keeping, report)
        run(training, keeping, last, lambda: training.tell(last, report), report)
    return path


def cosine_rate(step: int, steps: int, warmup: int, least: float) -> float:
    """Factor of the learning rate: a warm-up, then a half cosine down to ``least``."""
    warm = min(1.0, (step + 1) / warmup)
    return warm * (least + (1.0 - least) * 0.5 * (1.0 + math.cos(math.pi * step / steps)))
