"""What runs the prior's networks fastest on a processor: ``python benchmarks/engines.py``.

One prediction of a training's step (four views with and without the prompt, pose and surface map
beside them), asked of the same networks in turn, several rounds: torch in both precisions, compiled
by ``torch.compile`` (``--compile``: two minutes of compiling), OpenVINO in both, and ONNX Runtime
where it is installed (``pip install onnx onnxruntime``). Milliseconds, each engine's share of
torch's time in the same precision, and how far its noise lies from torch's in float32.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import torch

from gaussianmotion.config import PriorConfig
from gaussianmotion.guidance.diffusion import DiffusionPrior
from gaussianmotion.guidance.engine_graph import ControlNetGraph, UNetGraph
from gaussianmotion.guidance.execution import compile_networks
from gaussianmotion.guidance.prior import load_prior

VIEWS, CELLS, PIXELS = 4, 32, 128
PROMPT = "a woman with long blonde hair in a red dress, side view"
DTYPES = ("bfloat16", "float32")


def load(dtype: str, engine: str = "torch") -> DiffusionPrior:
    """The shipped prior."""
    folder = Path("resources/prior")
    config = PriorConfig(
        model=str(folder), controlnet=str(folder / "controlnet"), dtype=dtype, engine=engine
    )
    return load_prior(config, "cpu")


def by_onnx_runtime(prior: DiffusionPrior, threads: int) -> DiffusionPrior:
    """The same prior, in float32, whose networks ONNX Runtime runs."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    for network, kind in ((prior._controlnet, ControlNetGraph), (prior._unet, UNetGraph)):
        sessions: dict[int, onnxruntime.InferenceSession] = {}

        def forward(*args, network=network, kind=kind, sessions=sessions, **kwargs):
            inputs = [value.contiguous() for value in kind.arguments(*args, **kwargs)]
            if not sessions:
                with tempfile.TemporaryDirectory() as folder:
                    path = str(Path(folder) / "network.onnx")
                    graph = kind(network).eval()
                    names = [f"input_{k}" for k in range(len(inputs))]
                    export = {"dynamo": False, "opset_version": 17, "input_names": names}
                    torch.onnx.export(graph, tuple(inputs), path, **export)
                    sessions[0] = onnxruntime.InferenceSession(path, options)
            # A ControlNet without text leaves out that input.
            given = [int(i.name.removeprefix("input_")) for i in sessions[0].get_inputs()]
            results = sessions[0].run(None, {f"input_{k}": inputs[k].numpy() for k in given})
            return kind.answer(network, [torch.from_numpy(r) for r in results], torch.float32)

        network.forward = forward
    return prior


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--compile", action="store_true", help="torch.compile, too")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    generator = torch.Generator().manual_seed(0)
    latents = torch.randn(VIEWS, 48, CELLS, CELLS, generator=generator)
    timesteps = torch.randint(50, 900, (VIEWS,), generator=generator)
    pose = torch.rand(VIEWS, 6, PIXELS, PIXELS, generator=generator)

    engines = {("torch", dtype): load(dtype) for dtype in DTYPES}
    engines |= {("OpenVINO", dtype): load(dtype, "openvino") for dtype in DTYPES}
    if options.compile:
        compiled = load("bfloat16")
        compile_networks(compiled)
        engines["torch.compile", "bfloat16"] = compiled
    if find_spec("onnxruntime") and find_spec("onnx"):
        engines["ONNX Runtime", "float32"] = by_onnx_runtime(load("float32"), options.threads)
    text = engines["torch", "float32"].encode_text([""] * VIEWS + [PROMPT] * VIEWS)

    def ask(prior: DiffusionPrior) -> Callable[[], torch.Tensor]:
        return lambda: prior.predict_noise(latents, timesteps, text, pose)

    first = {name: ask(prior)() for name, prior in engines.items()}
    seconds: dict[tuple[str, str], list[float]] = {name: [] for name in engines}
    for _ in range(options.rounds):
        for name, prior in engines.items():
            began = time.perf_counter()
            ask(prior)()
            seconds[name].append(time.perf_counter() - began)
    print(f"| {options.threads} threads | precision | ms | of torch's | noise from float32's |")
    print("|---|---|---|---|---|")
    exact = first["torch", "float32"]
    for (engine, dtype), times in seconds.items():
        share = statistics.median(
            a / b for a, b in zip(times, seconds["torch", dtype], strict=True)
        )
        error = (first[engine, dtype] - exact).norm() / exact.norm()
        median = 1e3 * statistics.median(times)
        print(f"| {engine} | {dtype} | {median:.0f} | {share:.2f} | {float(error):.1e} |")


if __name__ == "__main__":
    main()
