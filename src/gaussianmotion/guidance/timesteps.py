"""Which noise levels are asked about: uniform timesteps whose maximum drops during training.

The two-stage annealing of ProlificDreamer, which GaussianMotion takes over: large timesteps settle
the shape, and would blur detail later.
"""

import math

import torch
from jaxtyping import Int
from torch import Tensor

from gaussianmotion.config import DistillationConfig

LAST_TIMESTEP = 999


def largest_timestep(step: int, steps: int, config: DistillationConfig) -> int:
    """The largest timestep that may be drawn at ``step`` of ``steps`` (counted from 0)."""
    late = annealed(config, step, steps)
    return min(config.t_max_late if late else config.t_max, LAST_TIMESTEP)


def annealed(config: DistillationConfig, step: int, steps: int) -> bool:
    """Whether ``step`` of ``steps`` comes after ``anneal_at``."""
    return step >= config.anneal_at * steps


def first_annealed(config: DistillationConfig, steps: int) -> int:
    """The first step, from 0, that comes after ``anneal_at``; ``steps`` where none does."""
    return math.ceil(config.anneal_at * steps)


def late(config: DistillationConfig, step: int, steps: int) -> bool:
    """Whether ``late_method`` holds at ``step`` of ``steps``."""
    return config.late_method is not None and annealed(config, step, steps)


def looks_again(config: DistillationConfig, step: int, steps: int) -> bool:
    """Whether ``step`` looks at the views of the step before.

    Groups of ``late_repeats`` steps begin at the multiples of it, the first whole one after
    ``anneal_at``.
    """
    first = late(config, step - step % config.late_repeats, steps)
    return first and step % config.late_repeats > 0


def sample_timesteps(
    step: int, steps: int, batch: int, config: DistillationConfig, generator: torch.Generator
) -> Int[Tensor, " B"]:
    """Draw one timestep per sample, uniform over t_min to the largest allowed, both included.

    Args:
        step: Step of the training, from 0.
        steps: Steps of the whole training.
        batch: Samples B.
        config: Limits and the moment of annealing.
        generator: Source of randomness; the result is on its device.
    """
    high = largest_timestep(step, steps, config) + 1
    return torch.randint(config.t_min, high, (batch,), generator=generator, device=generator.device)
