"""Where a training's random numbers come from."""

import torch

# One generator per purpose: with other density control or another prior, a training still sees
# the same views, so that ablations differ in what they ablate only.
GENERATORS = ("start", "views", "noise", "density")


def generators_of(seed: int) -> dict[str, torch.Generator]:
    """The CPU generators of a training, by purpose; those of two seeds have nothing in common."""
    return {
        name: torch.Generator().manual_seed(len(GENERATORS) * seed + index)
        for index, name in enumerate(GENERATORS)
    }
