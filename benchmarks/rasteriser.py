"""How fast do the CPU kernels draw and differentiate, and how much faster than plain torch?

    python benchmarks/rasteriser.py [--threads 1 2] [--repeats 20] [--baseline 1] [--out FILE.json]

The scene is a figure of capsules that fills most of the image's height, seen from four sides: its
Gaussians lie on the skin, as far apart as they are wide, opacity 0.9, the start of a training.
Prints the least wall time of the repeats (other work on the machine only ever adds), the least
processor time of a single thread, and, from the same run, the ratio to a vectorised torch
implementation (``splat/reference.py`` in tiles) for one view.
"""

import os

# Threads of torch that spin while they wait would take the cores from the kernels' threads.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from gaussianmotion.camera import orbit
from gaussianmotion.splat import rasterise
from gaussianmotion.splat.covariance import covariances
from gaussianmotion.splat.skinned import skin_gaussians, skin_gaussians_torch

VIEWS = 4
CASES = ((5_000, 128), (20_000, 128), (20_000, 256), (20_000, 512), (100_000, 128), (100_000, 512))
# Milliseconds for 4 views, forward + backward, on two idle cores.
TARGETS = {(20_000, 128): 20.0, (20_000, 256): 30.0, (100_000, 512): 160.0}
# Ends of the axis and radius of each capsule, metres.
CAPSULES = (
    ((0.0, 0.95, 0.0), (0.0, 1.42, 0.0), 0.15),
    ((0.0, 1.62, 0.0), (0.0, 1.65, 0.0), 0.10),
    ((0.10, 0.9, 0.0), (0.13, 0.06, 0.0), 0.075),
    ((-0.10, 0.9, 0.0), (-0.13, 0.06, 0.0), 0.075),
    ((0.20, 1.4, 0.0), (0.65, 1.2, 0.0), 0.045),
    ((-0.20, 1.4, 0.0), (-0.65, 1.2, 0.0), 0.045),
)


def figure(count: int, generator: torch.Generator) -> tuple[torch.Tensor, float]:
    """Points on the capsules (about ``count``, 3), metres, and their spacing."""
    areas = [2 * math.pi * r * (math.dist(a, b) + 2 * r) for a, b, r in CAPSULES]
    points = []
    for (a, b, radius), area in zip(CAPSULES, areas, strict=True):
        low, high = torch.tensor(a), torch.tensor(b)
        share = round(count * area / sum(areas))
        axis = torch.nn.functional.normalize(high - low, dim=0)
        outward = torch.nn.functional.normalize(torch.randn(share, 3, generator=generator), dim=-1)
        along = outward @ axis
        side = torch.nn.functional.normalize(outward - along[:, None] * axis, dim=-1)
        ends = 4 * math.pi * radius**2 / area
        on_end = (torch.rand(share, generator=generator) < ends)[:, None]
        place = low + torch.rand(share, 1, generator=generator) * (high - low)
        cap = torch.where(along[:, None] > 0, high, low)
        points.append(torch.where(on_end, cap + radius * outward, place + radius * side))
    return torch.cat(points), math.sqrt(sum(areas) / count)


def scene(count: int, size: int, views: int) -> dict[str, Any]:
    """Arguments of rasterise."""
    generator = torch.Generator().manual_seed(0)
    points, spacing = figure(count, generator)
    count = len(points)
    cameras = orbit(
        azimuth=torch.arange(views) * (360.0 / views),
        elevation=torch.zeros(views),
        distance=torch.full((views,), 2.6),
        fov_y=torch.full((views,), 45.0),
        target=torch.tensor([0.0, 0.88, 0.0]).expand(views, 3),
        size=size,
    )
    quats = torch.randn(count, 4, generator=generator)
    covars = covariances(quats, torch.full((count, 3), spacing))
    return {
        "means": points.expand(views, count, 3).contiguous().requires_grad_(),
        "covars": covars.expand(views, count, 3, 3).contiguous().requires_grad_(),
        "colours": torch.rand(count, 3, generator=generator).requires_grad_(),
        "opacities": torch.full((count,), 0.9).requires_grad_(),
        "viewmats": cameras.viewmats,
        "Ks": cameras.Ks,
        "width": size,
        "height": size,
        "backgrounds": torch.ones(views, 3),
    }


def least(
    repeats: int, forward: Callable[[], tuple[torch.Tensor, ...]], inputs: list[torch.Tensor]
) -> dict[str, float]:
    """Least milliseconds of forward, of forward + backward, and of the latter's processor time."""
    outputs = forward()
    weights = [torch.randn_like(output) for output in outputs]
    torch.autograd.grad(outputs, inputs, weights)
    best = {"forward": math.inf, "both": math.inf, "processor": math.inf}
    for _ in range(repeats):
        started, processor = time.perf_counter(), time.thread_time()
        outputs = forward()
        drawn = time.perf_counter()
        torch.autograd.grad(outputs, inputs, weights)
        best["processor"] = min(best["processor"], 1e3 * (time.thread_time() - processor))
        best["forward"] = min(best["forward"], 1e3 * (drawn - started))
        best["both"] = min(best["both"], 1e3 * (time.perf_counter() - started))
    return best


def time_rasteriser(case: dict[str, Any], backend: Any, repeats: int) -> dict[str, float]:
    """Times of drawing ``case`` and differentiating it in means, covars, colours, opacities."""
    inputs = [case[name] for name in ("means", "covars", "colours", "opacities")]
    return least(repeats, lambda: (rasterise(**case, backend=backend).rgb,), inputs)


def time_skinning(count: int, function: Callable[..., Any], repeats: int) -> dict[str, float]:
    """Times of posing ``count`` Gaussians with 24 joints in VIEWS poses."""
    generator = torch.Generator().manual_seed(0)
    shapes = ((count, 3), (count, 4), (count, 3), (count, 24), (VIEWS, 24, 4, 4))
    inputs = [torch.randn(*shape, generator=generator).requires_grad_() for shape in shapes]
    return least(repeats, lambda: function(*inputs), inputs)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--baseline", type=int, default=1, help="repeats of plain torch; 0: none")
    parser.add_argument("--out", type=Path, help="also write the numbers as JSON")
    arguments = parser.parse_args()

    results = []
    print(f"milliseconds for {VIEWS} views; forward / forward + backward (least of repeats)")
    for count, size in CASES:
        case = scene(count, size, VIEWS)
        row: dict[str, Any] = {"gaussians": count, "size": size}
        for threads in arguments.threads:
            torch.set_num_threads(threads)
            row[f"threads_{threads}"] = time_rasteriser(case, "numba", arguments.repeats)
        target = TARGETS.get((count, size))
        cells = [
            f"{threads} threads {t['forward']:6.1f} / {t['both']:6.1f}"
            + (f" (cpu {t['processor']:.1f})" if threads == 1 else "")
            for threads in arguments.threads
            for t in [row[f"threads_{threads}"]]
        ]
        goal = f"   target on two idle cores {target:.0f}" if target else ""
        print(f"{count:>7} at {size:>3} px: {'; '.join(cells)}{goal}", flush=True)
        results.append(row)

    if arguments.baseline:
        torch.set_num_threads(arguments.threads[-1])
        for count, size in ((5_000, 128), (20_000, 256)):
            case = scene(count, size, 1)
            ours = time_rasteriser(case, "numba", arguments.repeats)
            plain = time_rasteriser(case, "torch", arguments.baseline)
            ratio = plain["both"] / ours["both"]
            print(
                f"one view of {count} at {size} px: kernels {ours['both']:.1f} ms, "
                f"vectorised torch {plain['both']:.0f} ms: {ratio:.0f} times"
            )
            results.append({"gaussians": count, "size": size, "ours": ours, "torch": plain})

    for threads in arguments.threads:
        torch.set_num_threads(threads)
        ours = time_skinning(20_000, skin_gaussians, arguments.repeats)
        plain = time_skinning(20_000, skin_gaussians_torch, arguments.repeats)
        print(
            f"skinning 20000 Gaussians in {VIEWS} poses, {threads} threads: fused "
            f"{ours['both']:.1f} ms, torch {plain['both']:.1f} ms: "
            f"{plain['both'] / ours['both']:.1f} times"
        )
        results.append({"skinning": threads, "ours": ours, "torch": plain})
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
