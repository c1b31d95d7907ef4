"""A prior's networks run by OpenVINO in place of torch, on processors.

A training asks UNet and ControlNet for nothing but their output, the same shapes each time. An
inference engine that knows the whole graph needs about .7 of torch's time for it, and its threads
do not spin while another process has the processor. The UNet's last layers stay torch's, in
float32, as everywhere (:mod:`gaussianmotion.guidance.diffusion`).

A network is converted at its first call with new shapes, which takes seconds, and kept in the
cache folder. The first answer is compared with torch's: an engine that computes something else is
not used.
"""

import logging
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from gaussianmotion.config import PriorConfig
from gaussianmotion.guidance.diffusion import DiffusionPrior
from gaussianmotion.guidance.engine_graph import (
    TIMESTEPS,
    ControlNetGraph,
    UNetGraph,
    core,
    forget,
    graph_of,
)
from gaussianmotion.runtime.errors import UserError, first_sentence

log = logging.getLogger(__name__)

#: How far an engine's answer may lie from torch's, as a share of its size: several times what two
#: orders of the same sums differ by in that precision.
TOLERANCE = {torch.bfloat16: 0.06, torch.float32: 1e-3}


def engine_of(config: PriorConfig, device: torch.device) -> str:
    """What runs a prior's networks: ``openvino`` or ``torch``.

    Args:
        config: Of which ``engine`` is read; ``auto`` means OpenVINO on CPUs, where it is installed.
        device: Of the networks.

    Raises:
        UserError: OpenVINO is asked for by name on a GPU, or not installed.
    """
    here = find_spec("openvino") is not None
    match config.engine:
        case "torch":
            return "torch"
        case "auto":
            return "openvino" if here and device.type == "cpu" else "torch"
    if device.type != "cpu":
        raise UserError(
            f"prior.engine: openvino runs on the CPU, and the device is {device.type}: set "
            "prior.engine: auto"
        )
    if not here:
        raise UserError(
            "prior.engine: openvino is not installed: run `make env`, or set prior.engine: auto"
        )
    return "openvino"


def run_by_openvino(prior: DiffusionPrior, required: bool = False) -> DiffusionPrior:
    """Let OpenVINO run a prior's UNet and ControlNet from now on; returns the prior.

    Args:
        prior: On the CPU; changed in place.
        required: Whether a network that OpenVINO cannot run is an error, and not torch's again.

    Raises:
        UserError: it is required, and cannot run a network (said at its first call), or the prior
            has more timesteps than a graph knows.
    """
    if (steps := len(prior.alpha_bar)) > TIMESTEPS:
        if required:
            raise UserError(
                f"prior.engine: openvino knows {TIMESTEPS} timesteps, and the prior's scheduler "
                f"has {steps}: set prior.engine: torch"
            )
        return prior
    threads = torch.get_num_threads()
    prior._controlnet.forward = _Engine(prior._controlnet, ControlNetGraph, threads, required)
    prior._unet.forward = _Engine(prior._unet, UNetGraph, threads, required)
    prior.engine = f"openvino {version('openvino')}"
    return prior


class _Engine:
    """What is called in place of a network's ``forward``."""

    def __init__(self, network: Any, kind: Any, threads: int, required: bool) -> None:
        self._network, self._kind = network, kind
        self._by_torch: Callable[..., Any] = network.forward
        self._threads, self._required = threads, required
        self._dtype: torch.dtype = network.dtype
        self._compiled: dict[tuple[torch.Size, ...], Any] = {}
        self._works = True

    @torch.no_grad()
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self._works:
            return self._by_torch(*args, **kwargs)
        inputs = self._kind.arguments(*args, **kwargs)
        shapes = tuple(value.shape for value in inputs)
        if shapes in self._compiled:
            return self._run(self._compiled[shapes], inputs)
        asked = self._by_torch(*args, **kwargs)
        try:
            compiled = self._compile(inputs)
            answered = self._run(compiled, inputs)
        except Exception as error:  # of any kind: a converter's faults are as many as networks
            self._give_up(f"cannot run it ({first_sentence(error)})")
            return asked
        if (far := _distance(asked, answered)) > TOLERANCE[self._dtype]:
            forget(self._network, inputs)
            self._give_up(f"computes something else ({far:.1%} from torch's answer)")
            return asked
        self._compiled[shapes] = compiled
        return answered

    def _give_up(self, why: str) -> None:
        self._works = False
        name = type(self._network).__name__
        if self._required:
            raise UserError(f"prior.engine: openvino {why}: {name}; set prior.engine: torch")
        log.warning("%s runs by torch: OpenVINO %s", name, why)

    def _run(self, compiled: Any, inputs: list[Tensor]) -> Any:
        arrays = [
            value.float().contiguous().numpy() if value.is_floating_point() else value.numpy()
            for value in inputs
        ]
        results = compiled(arrays)
        # Copied: the engine writes its next results to the same memory.
        outputs = [torch.from_numpy(results[k].copy()) for k in range(len(compiled.outputs))]
        return self._kind.answer(self._network, outputs, self._dtype)

    def _compile(self, inputs: list[Tensor]) -> Any:
        """The network for the shapes of inputs."""
        return core().compile_model(
            graph_of(self._network, self._kind, inputs),
            "CPU",
            {
                "INFERENCE_NUM_THREADS": self._threads,
                "INFERENCE_PRECISION_HINT": "bf16" if self._dtype == torch.bfloat16 else "f32",
                "PERFORMANCE_HINT": "LATENCY",
                "ENABLE_CPU_PINNING": False,
            },
        )


def _distance(one: Any, other: Any) -> float:
    """Of two answers: size of their difference over that of the first; infinite if not finite."""
    a, b = (torch.cat([t.float().flatten() for t in _tensors(x)]) for x in (one, other))
    far = float((a - b).norm() / a.norm().clamp(min=1e-12))
    # What torch itself computes as NaN is not the engine's fault, and is told elsewhere.
    if not a.isfinite().all():
        return 0.0
    return far if far == far else float("inf")


def _tensors(nested: Any) -> list[Tensor]:
    if isinstance(nested, Tensor):
        return [nested]
    return [tensor for part in nested for tensor in _tensors(part)]
