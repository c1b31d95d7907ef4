"""gsplat's kernels, compiled once, before any training starts."""

import importlib.metadata
import time
from dataclasses import dataclass

from gaussianmotion.runtime.errors import UserError


@dataclass(frozen=True)
class Build:
    """What was compiled: versions, the GPU and its compute capability, the seconds that it took.

    ``absent`` is why nothing was, and that the CPU draws; empty where gsplat does.
    """

    gsplat: str
    torch: str
    cuda: str
    gpu: str
    capability: str
    seconds: float
    absent: str = ""


def build_gsplat(or_cpu: bool = False) -> Build:
    """Compile gsplat for the GPU of this job, or find it compiled.

    What failed before is tried again. GPUs of other types are compiled for by the first job that
    gets one.

    Args:
        or_cpu: Where it cannot be compiled, say that the CPU draws, as ``rasteriser: auto`` has it.

    Raises:
        UserError: there is no GPU, or (without ``or_cpu``) it could not be compiled.
    """
    import torch

    from gaussianmotion.splat.cpu.elsewhere import cost_in_words
    from gaussianmotion.splat.gsplat_kernels import load_kernels

    if not torch.cuda.device_count():  # What to compile for is asked of the GPU.
        raise UserError(
            "gsplat is compiled for GPUs, and torch can use none here: `gaussianmotion doctor` "
            "says why"
        )
    began, absent = time.monotonic(), ""
    try:
        load_kernels(0, again=True)
    except UserError as error:
        if not or_cpu:
            raise
        absent = cost_in_words(str(error))
    major, minor = torch.cuda.get_device_capability(0)
    return Build(
        gsplat=importlib.metadata.version("gsplat"),
        torch=torch.__version__,
        cuda=torch.version.cuda or "",
        gpu=torch.cuda.get_device_name(0),
        capability=f"{major}.{minor}",
        seconds=round(time.monotonic() - began, 1),
        absent=absent,
    )
