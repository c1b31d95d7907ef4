"""A training small enough for tests: seconds, with the oracle in place of the diffusion prior."""

import torch

from gaussianmotion.config import Config
from gaussianmotion.training.loop import train
from gaussianmotion.training.oracle import OraclePrior, coloured_body, target_images


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
    return Config.model_validate({"device": "cpu", "threads": 1, "train": keys | train_keys})


def run(body, folder, config=None, **keys):
    """Train toward a coloured body."""
    target = coloured_body(body, 600, torch.Generator().manual_seed(7))
    return train(
        config or small_config(),
        "someone",
        'a person in "red"',
        0,
        folder,
        **({"prior": OraclePrior(), "condition": target_images(target), "progress": False} | keys),
    )


class Recorder:
    """A tracker that remembers; ``at`` maps finished steps to what happens there."""

    def __init__(self, at=None):
        self.at = at or {}
        self.metrics, self.images = {}, {}

    def log_metrics(self, step, metrics):
        self.metrics[step] = metrics
        if step in self.at:
            self.at[step]()

    def log_image(self, name, path):
        self.images[name] = path.read_bytes()
