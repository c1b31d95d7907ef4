"""A training small enough for tests: seconds, with the oracle in place of the diffusion prior."""

import torch

from gaussianmotion.config.stages import TrainSettings
from gaussianmotion.testing.oracle import OraclePrior, coloured_body, target_images
from gaussianmotion.training.loop import train


def small_config(**train_keys):
    """24 steps of two 32 px views of 300 Gaussians, with density control at work."""
    keys = {
        "steps": 24,
        "batch": 2,
        "size": 32,
        "gaussians": 300,
        "opacity": 0.9,
        "preview_every": 10,
        "checkpoint_every": 8,
        "density": {"start": 0.0, "stop": 0.9, "every": 6, "grow_quantile": 0.9},
    }
    return TrainSettings.model_validate({"device": "cpu", "train": keys | train_keys})


def run(body, folder, config=None, at=None, **keys):
    """Train toward a coloured body; ``at`` maps the number of a step to what happens during it."""
    target = target_images(coloured_body(body, 600, torch.Generator().manual_seed(7)))
    condition = target if at is None else Interrupted(target, at)
    usual = {"prior": OraclePrior(), "condition": condition, "progress": False, "threads": 1}
    return train(
        config or small_config(),
        "someone",
        'a person in "red"',
        0,
        folder,
        **(usual | keys),
    )


class Interrupted:
    """Draws the condition of each step and, in some steps, does something else as well.

    A step draws the next one's; the first draws its own, too.
    """

    def __init__(self, condition, at):
        self.condition, self.at = condition, at
        self.step = -1

    def __call__(self, body, views):
        self.step += 1
        if self.step in self.at:
            self.at[self.step]()
        return self.condition(body, views)
