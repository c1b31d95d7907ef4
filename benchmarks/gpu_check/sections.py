"""The sections of the check, in the order of what is wanted first, and how large each is."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

Note = Callable[..., None]


@dataclass(frozen=True)
class Sizes:
    """How large everything is: the paper's sizes, or a miniature of them on the CPU."""

    device: str = "cuda"
    size: int = 512
    batch: int = 4
    gaussians: int = 50_000
    steps: int = 20  # that are timed
    learning: int = 150  # after which gradients are compared
    matrix: int = 8192
    batches: tuple[int, ...] = (16, 64, 256)  # of the embedded prior's training

    @property
    def real(self) -> bool:
        """Whether these are the paper's sizes."""
        return self.device == "cuda"

    @classmethod
    def miniature(cls) -> "Sizes":
        """Seconds on a CPU."""
        return cls("cpu", 64, 1, 300, 2, 2, 256, (2,))


@dataclass(frozen=True)
class Section:
    """One part of the page.

    Attributes:
        title: What it answers.
        module: Has ``run(sizes, note)``.
        seconds: Its limit of time.
    """

    title: str
    module: str
    seconds: float

    def run(self, sizes: Sizes, note: Note) -> Any:
        """Find out, and note each thing once it is known."""
        return import_module(self.module).run(sizes, note)


SECTIONS = {
    "machine": Section("The machine, and how fast it multiplies", "machine", 60),
    "drawing": Section("gsplat against the CPU's rasteriser", "drawing", 300),
    "step": Section("One step of the paper's training", "paper_step", 150),
    "balance": Section("Regularisers against the score, by gradient", "balance", 120),
    "precision": Section("Half precision against float32", "precision", 60),
    "prior": Section("Training of the embedded prior", "prior_training", 60),
    "compiled": Section("One step with compiled networks", "compiled_step", 240),
    "checkpointed": Section("One step with a checkpointed encoder", "checkpointed_step", 90),
}
