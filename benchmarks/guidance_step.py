"""How long one step of score distillation takes, stage by stage, against the arithmetic it needs.

    python benchmarks/guidance_step.py             # embedded on the CPU; SD1.5 where CUDA is
    python benchmarks/guidance_step.py --prior sd15 --device cuda --batch 4 --size 512

The floor is the step's floating-point operations, counted by torch, over the rate of large matrix
products in the same precision on the same device, measured in the same run. SD1.5 has random
weights of its real sizes; so has the embedded prior where resources/prior is not there.
"""

import argparse
import json
import statistics
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from gaussianmotion.camera import orbit
from gaussianmotion.config import DistillationConfig, FramingWords, PriorConfig
from gaussianmotion.guidance.distillation import ScoreDistillation
from gaussianmotion.guidance.prior import DiffusionPrior, load_prior, network_dtype
from gaussianmotion.testing.stable_diffusion import random_stable_diffusion

PROMPT = "a man with short brown hair wearing a red t-shirt and blue jeans"
EMBEDDED = PriorConfig(
    model="resources/prior",
    controlnet="resources/prior/controlnet",
    dtype="bfloat16",
    framing_words=FramingWords(head="head"),
)


class Stages:
    """Seconds per stage, from hooks around the prior's networks."""

    def __init__(self, prior: DiffusionPrior) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self._cuda = prior.device.type == "cuda"
        self._began: dict[str, float] = {}
        for name, network in (
            ("autoencoder, forward", getattr(prior._vae, "encoder", None)),  # pixel patches: none
            ("ControlNet", prior._controlnet),
            ("UNet", prior._unet),
        ):
            if network is None:
                continue
            network.register_forward_pre_hook(lambda *_, name=name: self.begin(name))
            network.register_forward_hook(lambda *_, name=name: self.end(name))

    def begin(self, name: str) -> None:
        self._began[name] = self._now()

    def end(self, name: str) -> None:
        self.seconds[name].append(self._now() - self._began[name])

    def _now(self) -> float:
        if self._cuda:
            torch.cuda.synchronize()
        return time.perf_counter()


def matmul_rate(device: torch.device, dtype: torch.dtype, side: int | None = None) -> float:
    """Floating-point operations per second of large matrix products."""
    usual, repeats = (8192, 20) if device.type == "cuda" else (2048, 5)
    side = side or usual
    a = torch.randn(side, side, device=device).to(dtype)
    best = float("inf")
    for _ in range(repeats):
        began = time.perf_counter()
        _ = a @ a
        if device.type == "cuda":
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - began)
    return 2.0 * side**3 / best


def random_embedded(dtype: torch.dtype | None = None) -> DiffusionPrior:
    """The embedded prior's networks as they are before training, on the CPU."""
    from diffusers.utils import logging

    from gaussianmotion.guidance.load import alpha_bar_of
    from gaussianmotion.guidance.text import MiniLMEncoder
    from gaussianmotion.synthesis.prior import networks as networks

    logging.set_verbosity_error()
    dtype = dtype or network_dtype(EMBEDDED.dtype, torch.device("cpu"))
    parts = (networks.new_autoencoder(), networks.new_unet(), networks.new_controlnet())
    vae, unet, controlnet = (part.to(dtype) for part in parts)
    alpha_bar = alpha_bar_of(networks.SCHEDULER)
    return DiffusionPrior(vae, unet, controlnet, MiniLMEncoder(), alpha_bar)


def measure(prior: DiffusionPrior, batch: int, size: int, steps: int) -> dict[str, Any]:
    """Time steps of ASD; the first two warm up."""
    device = prior.device
    generator = torch.Generator().manual_seed(0)
    rgb = torch.rand(batch, size, size, 3, generator=generator).to(device).requires_grad_()
    channels = prior.condition_channels
    pose = torch.rand(batch, channels, size, size, generator=generator).to(device)
    each = torch.ones(batch)
    azimuth = torch.linspace(-180.0, 180.0, batch + 1)[:batch]
    cameras = orbit(azimuth, 0.0 * each, 3.0 * each, 50.0 * each, torch.zeros(batch, 3), size)
    distil = ScoreDistillation(prior, DistillationConfig(), EMBEDDED, PROMPT)

    def forward() -> torch.Tensor:
        return distil(rgb, cameras.to(device), pose, 0, steps, generator)[0]

    with FlopCounterMode(display=False) as counter:
        forward().backward()
    forward().backward()
    stages = Stages(prior)
    for _ in range(steps):
        stages.begin("step")
        loss = forward()
        stages.begin("autoencoder, backward")
        loss.backward()
        stages.end("autoencoder, backward")
        stages.end("step")
    rate = matmul_rate(device, prior.dtype)
    floor = counter.get_total_flops() / rate
    median = {name: statistics.median(values) for name, values in stages.seconds.items()}
    result: dict[str, Any] = {
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
        "threads": torch.get_num_threads(),
        "dtype": str(prior.dtype).removeprefix("torch."),
        "batch": batch,
        "size": size,
        "milliseconds": {name: round(1e3 * value, 1) for name, value in median.items()},
        "fastest_step_ms": round(1e3 * min(stages.seconds["step"]), 1),
        "gflop": round(counter.get_total_flops() / 1e9, 1),
        "matmul_gflop_per_s": round(rate / 1e9),
        "floor_ms": round(1e3 * floor, 1),
        "times_floor": round(median["step"] / floor, 2),
    }
    if device.type == "cuda":
        result["peak_gib"] = round(torch.cuda.max_memory_allocated() / 2**30, 2)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prior", choices=["embedded", "sd15"], action="append")
    parser.add_argument("--device", default=None, help="cpu or cuda; the usual one if not given")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--size", type=int, help="pixels; 128 (embedded), 512 (sd15)")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    able = torch.cuda.is_available()
    for name in options.prior or (["embedded", "sd15"] if able else ["embedded"]):
        if name == "sd15":
            device = torch.device(options.device or ("cuda" if able else "cpu"))
            prior = random_stable_diffusion(device, network_dtype("float16", device))
        else:
            device = torch.device(options.device or "cpu")
            here = Path(EMBEDDED.model, "model_index.json").is_file()
            prior = load_prior(EMBEDDED, device) if here else random_embedded()
        size = options.size or (512 if name == "sd15" else 128)
        result = {"prior": name, **measure(prior, options.batch, size, options.steps)}
        print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
