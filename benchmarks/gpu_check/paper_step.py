"""One step of the paper's training: its stages, its memory, and its arithmetic floor.

The networks have Stable Diffusion 1.5's real shapes and random weights; in miniature, those of the
embedded prior.
"""

from typing import Any

import guidance_step
import torch
import training_step
from sections import Note, Sizes

from gaussianmotion.config import Config, TrainConfig
from gaussianmotion.config.stages import TrainSettings
from gaussianmotion.guidance.diffusion import DiffusionPrior
from gaussianmotion.guidance.execution import run_as_asked
from gaussianmotion.pipeline.stage import narrow
from gaussianmotion.testing.stable_diffusion import random_stable_diffusion
from gaussianmotion.training.memory import peak_gib


def run(sizes: Sizes, note: Note) -> None:
    """Note the whole step, its stages, and the guidance alone with its floor."""
    prior, config = the_prior(sizes), the_config(sizes)
    # First: the clocks of the other two stay in place, and wait for the GPU.
    note_whole(sizes, note, config, prior)
    stages = training_step.measure(settings_of(config), prior, prior.device)["stages_ms"]
    note(stages=[{"stage": name, "milliseconds": value} for name, value in stages.items()])
    guidance = guidance_step.measure(prior, sizes.batch, sizes.size, max(2, sizes.steps // 2))
    note(guidance=guidance)


def note_whole(sizes: Sizes, note: Note, config: Config, prior: DiffusionPrior) -> None:
    """Note the time of a whole step, what a training takes with it, and its memory."""
    if sizes.real:
        torch.cuda.reset_peak_memory_stats()
    step = training_step.measure(settings_of(config), prior, prior.device, stages=False)
    minutes = Config().train.steps * step["step_ms"] / 6e4
    note(step_ms=step["step_ms"], minutes_of_3600_steps=round(minutes, 2))
    if sizes.real:
        note(peak_gib=step["peak_gib"], peak_gib_by_count=round(peak_gib(config), 1))


def the_prior(
    sizes: Sizes, checkpoint_encoder: bool = False, compiled: bool = False
) -> DiffusionPrior:
    """SD1.5's shapes in half precision on the GPU; the embedded prior's on the CPU."""
    prior = (
        random_stable_diffusion(sizes.device, torch.float16)
        if sizes.real
        else guidance_step.random_embedded()
    )
    asked = TrainConfig(checkpoint_encoder=checkpoint_encoder, compile=compiled)
    return run_as_asked(prior, asked)


def the_config(sizes: Sizes, **train: Any) -> Config:
    """The paper's training, as long as it is timed; in miniature also as small."""
    keys = {
        "steps": training_step.WARM_UP + sizes.steps,
        "batch": sizes.batch,
        "size": sizes.size,
        "gaussians": sizes.gaussians,
        "preview_every": 10_000,
        "checkpoint_every": 10_000,
    }
    return Config.model_validate({"device": sizes.device, "train": keys | train})


def settings_of(config: Config) -> TrainSettings:
    """What a training reads of it."""
    return narrow(config, TrainSettings)
