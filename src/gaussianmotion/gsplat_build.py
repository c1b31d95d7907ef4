"""gsplat's kernels, compiled once, before any training starts.

gsplat compiles itself where it is first imported, and removes its build folder first: jobs that
start together would take each other's half-built kernels away.
"""

import fcntl
import importlib
import importlib.metadata
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gaussianmotion.errors import UserError


@dataclass(frozen=True)
class Build:
    """What was compiled: versions, GPUs, their compute capabilities, the seconds that it took."""

    gsplat: str
    torch: str
    cuda: str
    gpus: list[str]
    capabilities: list[str]
    seconds: float


def build_gsplat() -> Build:
    """Compile gsplat for the GPUs of this computer, or find it compiled.

    Raises:
        UserError: there is no GPU or no compiler, or compiling failed.
    """
    import torch

    advice = "`gaussianmotion doctor` says what is missing; `rasteriser: numba` draws on the CPU"
    devices = range(torch.cuda.device_count())
    if not devices:  # What to compile for is asked of the GPUs.
        raise UserError(f"gsplat is compiled for GPUs, and torch can use none here: {advice}")
    # gsplat would start ten compilers, some of which take 3 GB.
    os.environ.setdefault("MAX_JOBS", str(max(1, min(4, os.cpu_count() or 1))))
    began = time.monotonic()
    with _alone():
        try:
            kernels = importlib.import_module("gsplat.cuda._backend")._C
        except (ImportError, OSError, RuntimeError) as error:  # ninja's output is in the message
            lines = [line for line in str(error).splitlines() if "error" in line.lower()]
            reason = (lines or [str(error)])[0].strip()[:300]
            raise UserError(f"gsplat could not be compiled ({reason}): {advice}") from error
    if kernels is None:
        raise UserError(f"gsplat found no CUDA toolkit to compile itself with: {advice}")
    capabilities = [torch.cuda.get_device_capability(device) for device in devices]
    return Build(
        gsplat=importlib.metadata.version("gsplat"),
        torch=torch.__version__,
        cuda=torch.version.cuda or "",
        gpus=[torch.cuda.get_device_name(device) for device in devices],
        capabilities=[f"{major}.{minor}" for major, minor in capabilities],
        seconds=round(time.monotonic() - began, 1),
    )


@contextmanager
def _alone() -> Iterator[None]:
    """One build at a time on this computer, of whichever experiment."""
    path = Path(tempfile.gettempdir()) / "gaussianmotion-gsplat.lock"
    try:
        handle = path.open("a")
    except OSError:  # another user's: theirs builds in a folder of their own
        yield
        return
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
