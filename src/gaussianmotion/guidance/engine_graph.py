"""A prior's network as OpenVINO's graph: traced for one set of shapes, kept in a cache folder."""

import hashlib
import json
import shutil
import tempfile
import warnings
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gaussianmotion.guidance.networks import copy_of
from gaussianmotion.runtime.user_cache import user_cache

#: Layers of a UNet that torch keeps, in the order in which they follow the graph's.
LAST_LAYERS = ("conv_norm_out", "conv_act", "conv_out")
#: Graphs that are kept, of tens of megabytes each.
KEPT = 8
#: Timesteps that a graph knows: those of all models in diffusers' layout so far.
TIMESTEPS = 1000


class UNetGraph(nn.Module):
    """A UNet without its last layers, with tensors alone as arguments.

    The order is that of :meth:`arguments`.
    """

    def __init__(self, unet: Any) -> None:
        super().__init__()
        self.network = _float32(unet)
        for name in LAST_LAYERS:
            setattr(self.network, name, nn.Identity())
        self.pooled = unet.config.get("class_embed_type") is not None

    @staticmethod
    def arguments(
        x: Tensor,
        timesteps: Tensor,
        encoder_hidden_states: Tensor,
        class_labels: Tensor | None = None,
        down_block_additional_residuals: list[Tensor] | None = None,
        mid_block_additional_residual: Tensor | None = None,
        return_dict: bool = False,
    ) -> list[Tensor]:
        pooled = [] if class_labels is None else [class_labels]
        control = [*(down_block_additional_residuals or [])]
        if mid_block_additional_residual is not None:
            control.append(mid_block_additional_residual)
        return [x, timesteps, encoder_hidden_states, *pooled, *control]

    def forward(self, x: Tensor, timesteps: Tensor, text: Tensor, *others: Tensor) -> Any:
        pooled, control = others[: self.pooled], others[self.pooled :]
        return self.network(
            x,
            timesteps,
            encoder_hidden_states=text,
            class_labels=pooled[0] if pooled else None,
            down_block_additional_residuals=list(control[:-1]) or None,
            mid_block_additional_residual=control[-1] if control else None,
            return_dict=False,
        )

    @staticmethod
    def answer(unet: Any, outputs: list[Tensor], dtype: torch.dtype) -> tuple[Tensor]:
        x = outputs[0]
        for name in LAST_LAYERS:
            x = getattr(unet, name)(x)
        return (x,)


class ControlNetGraph(nn.Module):
    """A ControlNet with tensors alone as arguments and results."""

    def __init__(self, controlnet: Any) -> None:
        super().__init__()
        self.network = _float32(controlnet)

    @staticmethod
    def arguments(
        x: Tensor, timesteps: Tensor, text: Tensor, pose: Tensor, return_dict: bool = False
    ) -> list[Tensor]:
        return [x, timesteps, text, pose]

    def forward(self, x: Tensor, timesteps: Tensor, text: Tensor, pose: Tensor) -> Any:
        down, mid = self.network(x, timesteps, text, pose, return_dict=False)
        return (*down, mid)

    @staticmethod
    def answer(_: Any, outputs: list[Tensor], dtype: torch.dtype) -> tuple[list[Tensor], Tensor]:
        *down, mid = (output.to(dtype) for output in outputs)
        return down, mid


class _TimeTable(nn.Module):
    """Sinusoids of all timesteps, looked up.

    An engine that computes in bfloat16 would round 999 to 1000 before it takes the sine.
    """

    def __init__(self, time_proj: nn.Module) -> None:
        super().__init__()
        self.sinusoids = nn.Buffer(time_proj(torch.arange(TIMESTEPS)))

    def forward(self, timesteps: Tensor) -> Tensor:
        return self.sinusoids[timesteps]


def _float32(network: Any) -> Any:
    network = copy_of(network).float().eval()
    network.time_proj = _TimeTable(network.time_proj)
    return network


@lru_cache
def core() -> Any:
    """OpenVINO itself, one for the process and for as long as it runs.

    Its processor plugin gives signal handlers a stack, whose memory goes with the plugin, while the
    kernel keeps the address: once a second core was made, or the last has gone, the next Ctrl-C
    would be a crash.
    """
    import openvino

    return openvino.Core()


def graph_of(network: Any, kind: Any, inputs: list[Tensor]) -> Any:
    """The graph of a network for the shapes of inputs, from the cache folder where it is there.

    Args:
        network: diffusers' UNet or ControlNet.
        kind: :class:`UNetGraph` or :class:`ControlNetGraph`.
        inputs: As ``kind.arguments`` orders them.
    """
    kept = _folder() / _key(network, inputs) / "network.xml"
    if kept.exists():
        with suppress(Exception):  # damaged: made anew
            return core().read_model(kept)
    graph = _convert(kind(network).eval(), inputs)
    with suppress(OSError, RuntimeError):  # no cache is no reason to stop
        _keep(graph, kept.parent)
    return graph


def forget(network: Any, inputs: list[Tensor]) -> None:
    """Take the graph of a network out of the cache folder: it does not compute what it should."""
    shutil.rmtree(_folder() / _key(network, inputs), ignore_errors=True)


def _convert(network: nn.Module, inputs: list[Tensor]) -> Any:
    """OpenVINO's graph of a network, for the shapes of inputs.

    By the frontend itself: ``openvino.convert_model`` does the same and reports statistics of use.
    """
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    example = tuple(v.float() if v.is_floating_point() else v for v in inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tracing: shapes become constants, as they shall
        # The trace is not checked by running it again: whoever asked compares the first answer.
        unchecked = {"check_trace": False}
        decoder = TorchScriptPythonDecoder(network, example_input=example, trace_kwargs=unchecked)
        frontend = FrontEndManager().load_by_framework("pytorch")
        model = frontend.convert(frontend.load(decoder))
    model.reshape({k: list(value.shape) for k, value in enumerate(inputs)})
    return model


def _folder() -> Path:
    return user_cache() / "engine"


def _key(network: Any, inputs: list[Tensor]) -> str:
    """Digest of all that decides a converted network: weights, settings, shapes, versions."""
    digest = hashlib.sha256()
    facts = [
        {k: str(v) for k, v in sorted(network.config.items())},
        [(list(value.shape), value.is_floating_point()) for value in inputs],
        [version(name) for name in ("openvino", "torch", "diffusers")],
        Path(__file__).read_text(encoding="utf-8"),
    ]
    digest.update(json.dumps(facts, sort_keys=True).encode())
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()[:24]


def _keep(model: Any, folder: Path) -> None:
    """Write a converted network as a whole or not at all; of many, the oldest go."""
    import openvino

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as made:
        openvino.save_model(model, Path(made) / "network.xml", compress_to_fp16=False)
        with suppress(OSError):  # another process was first
            Path(made).rename(folder)
            Path(made).mkdir()  # for the one that removes it
    others = sorted(folder.parent.glob("[0-9a-f]*"), key=lambda path: path.stat().st_mtime)
    for old in others[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
