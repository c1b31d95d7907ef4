"""How long one step of an avatar's training takes, stage by stage, and so how long a prompt takes.

    python benchmarks/training_step.py --config config.yaml config/laptop.yaml    # on the CPU
    python benchmarks/training_step.py --random-sd15                  # the paper's sizes, on CUDA

The real training loop runs, in a temporary folder; clocks are put around the functions that it
calls. Stages nest: "guidance" contains "autoencoder", "ControlNet" and "UNet". With --random-sd15
the prior has Stable Diffusion 1.5's sizes and random weights, so that no download is needed.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.config.file import load_config
from gaussianmotion.config.stages import TrainSettings
from gaussianmotion.guidance.diffusion import DiffusionPrior
from gaussianmotion.guidance.distillation import ScoreDistillation
from gaussianmotion.guidance.prior import load_prior, network_dtype
from gaussianmotion.pipeline.stage import narrow
from gaussianmotion.testing.stable_diffusion import random_stable_diffusion
from gaussianmotion.training import lookahead, loop
from gaussianmotion.training.environment import choose_device

PROMPT = "a man with short brown hair wearing a red t-shirt and blue jeans"
# The first steps compile kernels and fill caches.
WARM_UP = 3


class Clocks:
    """Seconds per call of what was wrapped, in the order of the calls."""

    def __init__(self, device: torch.device) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self._cuda = device.type == "cuda"
        self._before: list[tuple[Any, str, Any]] = []

    def wrap(self, owner: Any, name: str, stage: str) -> None:
        """Time every call of an attribute that is a function."""
        called: Callable[..., Any] = getattr(owner, name)
        self._before.append((owner, name, called))

        def timed(*args: Any, **kwargs: Any) -> Any:
            began = self.now()
            result = called(*args, **kwargs)
            self.seconds[stage].append(self.now() - began)
            return result

        setattr(owner, name, timed)

    def take_off(self) -> None:
        """Put back what was wrapped."""
        for owner, name, called in reversed(self._before):
            setattr(owner, name, called)

    def now(self) -> float:
        """The time, once the device has done what it was asked for."""
        if self._cuda:
            torch.cuda.synchronize()
        return time.perf_counter()


def measure(
    config: TrainSettings, prior: DiffusionPrior, device: torch.device, stages: bool = True
) -> dict[str, Any]:
    """Train for ``config.train.steps`` steps; returns milliseconds of each stage, memory, a prompt.

    Timing a stage waits for the device, which a training never does: without ``stages`` a step
    takes the time that it takes.

    Args:
        config: Its ``train.steps`` are the steps to measure, those that warm up included.
        prior: On the device.
        device: Where the training runs.
    """
    clocks = Clocks(device)
    for owner, name, stage in (
        (lookahead, "sample_views", "poses and cameras"),
        (lookahead, "condition_image", "pose picture"),
        (Avatar, "weights", "blend weights"),
        (Avatar, "render", "posing and drawing"),
        (ScoreDistillation, "__call__", "guidance"),
        (prior, "encode_image", "autoencoder"),
        (prior._controlnet, "forward", "ControlNet"),
        (prior._unet, "forward", "UNet"),
        (torch.Tensor, "backward", "backward"),
        (torch.optim.Adam, "step", "Adam"),
    ):
        if stages:
            clocks.wrap(owner, name, stage)

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        try:
            loop.train(config, "benchmark", PROMPT, 0, out, prior=prior)
        finally:
            clocks.take_off()
        rows = (out / "curves.csv").read_text().splitlines()
        column = rows[0].split(",").index("seconds")
        steps = [float(row.split(",")[column]) for row in rows[1:]][WARM_UP:]
    median = {
        stage: round(1e3 * statistics.median(values[WARM_UP:]), 1)
        for stage, values in clocks.seconds.items()
    }
    step = statistics.median(steps)
    result: dict[str, Any] = {
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
        "threads": torch.get_num_threads(),
        "dtype": str(prior.dtype).removeprefix("torch."),
        "batch": config.train.batch,
        "size": config.train.size,
        "gaussians": config.train.gaussians,
        "steps_measured": len(steps),
        "step_ms": round(1e3 * step, 1),
        "stages_ms": median,
    }
    if device.type == "cuda":
        result["peak_gib"] = round(torch.cuda.max_memory_allocated() / 2**30, 2)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, nargs="+", default=[Path("config.yaml")])
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--steps", type=int, default=20, help="to measure, after the warm-up")
    parser.add_argument(
        "--random-sd15", action="store_true", help="random weights of SD1.5's sizes"
    )
    parser.add_argument(
        "--whole-steps", action="store_true", help="no stages, whose timing slows a GPU down"
    )
    options = parser.parse_args()
    config = narrow(load_config(options.config, options.set), TrainSettings)
    whole = config.train.steps
    train = config.train.model_copy(update={"steps": WARM_UP + options.steps})
    config = config.model_copy(update={"train": train})
    device = choose_device(config.device)
    if options.random_sd15:
        prior = random_stable_diffusion(device, network_dtype(config.prior.dtype, device))
    else:
        prior = load_prior(config.prior, device)
    result = measure(config, prior, device, stages=not options.whole_steps)
    result["prompt_minutes"] = round(whole * result["step_ms"] / 6e4, 2)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
