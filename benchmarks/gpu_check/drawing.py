"""gsplat's pictures and gradients against those of the rasterisers that are tested elsewhere.

On the CPU, in miniature, the Numba kernels take gsplat's place and plain torch theirs.
"""

import time
from typing import Any

import torch
from rasteriser import scene
from sections import Note, Sizes

from gaussianmotion.splat import rasterise

GRADIENTS = ("means", "covars", "colours", "opacities")
_VIEWS = 4


def run(sizes: Sizes, note: Note) -> None:
    """Note errors of values and gradients, and times of both."""
    tested, trusted = ("gsplat", "numba") if sizes.real else ("numba", "torch")
    note(tested=tested, against=trusted)
    case = scene(sizes.gaussians, sizes.size, _VIEWS)
    weights = torch.randn(_VIEWS, sizes.size, sizes.size, 3, generator=_seeded())
    if sizes.real:
        began = time.perf_counter()
        _draw(scene(100, 32, 1), "cuda", tested, None)
        note(seconds_to_compile_or_load=round(time.perf_counter() - began, 1))
    found = _draw(case, sizes.device, tested, weights)
    expected = _draw(case, "cpu", trusted, weights)
    note(errors=[_error(name, found[name], expected[name]) for name in expected])
    milliseconds = {
        backend: _time(case, device, backend, weights)
        for backend, device in ((tested, sizes.device), (trusted, "cpu"))
    }
    # What `rasteriser: auto` does on a GPU without a compiler.
    if sizes.real:
        milliseconds["numba, for the GPU"] = _time(case, "cuda", "numba", weights)
    note(milliseconds_of_4_views=milliseconds)


def _seeded() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def _draw(
    case: dict[str, Any], device: str, backend: Any, weights: torch.Tensor | None
) -> dict[str, torch.Tensor]:
    """Picture, cover, and gradients of a weighted sum of it."""
    inputs = {k: v.detach().to(device) if torch.is_tensor(v) else v for k, v in case.items()}
    for name in GRADIENTS:
        inputs[name].requires_grad_()
    drawn = rasterise(**inputs, backend=backend)
    drawn.info["means2d"].retain_grad()
    weighted = drawn.rgb if weights is None else drawn.rgb * weights.to(device)
    (weighted.sum() + drawn.alpha.square().sum()).backward()
    if device == "cuda":
        torch.cuda.synchronize()
    values = {"rgb": drawn.rgb, "alpha": drawn.alpha, "means2d": drawn.info["means2d"].grad}
    values |= {name: inputs[name].grad for name in GRADIENTS}
    return {name: value.detach().cpu() for name, value in values.items()}


def _error(name: str, found: torch.Tensor, expected: torch.Tensor) -> dict[str, object]:
    """Errors over the largest expected value; single pixels may take one splat more or less."""
    error = (found - expected).abs() / expected.abs().max()
    return {
        "of": name,
        "largest": float(error.max()),
        "mean": float(error.mean()),
        "share above 1e-3": float((error > 1e-3).float().mean()),
    }


def _time(case: dict[str, Any], device: str, backend: Any, weights: torch.Tensor) -> float:
    """Least milliseconds of drawing and differentiating, of five times."""
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        _draw(case, device, backend, weights)
        best = min(best, time.perf_counter() - began)
    return round(1e3 * best, 1)
