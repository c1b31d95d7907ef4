"""gsplat's kernels, compiled once, before any training starts."""

import importlib.metadata
import time
from dataclasses import dataclass

from gaussianmotion.errors import UserError


@dataclass(frozen=True)
class Build:
    """What was compiled: versions, the GPU and its compute capability, the seconds that it took."""

    gsplat: str
    torch: str
    cuda: str
    gpu: str
    capability: str
    seconds: float


def build_gsplat() -> Build:
    """Compile gsplat for the GPU of this job, or find it compiled.

    GPUs of other types are compiled for by the first job that gets one.

    Raises:
        UserError: there is no GPU or no compiler, or compiling failed.
    """
    import torch

    from gaussianmotion.splat.gsplat_kernels import ADVICE, load_kernels

    if not torch.cuda.device_count():  # What to compile for is asked of the GPU.
        raise UserError(f"gsplat is compiled for GPUs, and torch can use none here: {ADVICE}")
    began = time.monotonic()
    load_kernels(0)
    major, minor = torch.cuda.get_device_capability(0)
    return Build(
        gsplat=importlib.metadata.version("gsplat"),
        torch=torch.__version__,
        cuda=torch.version.cuda or "",
        gpu=torch.cuda.get_device_name(0),
        capability=f"{major}.{minor}",
        seconds=round(time.monotonic() - began, 1),
    )
