"""gsplat's CUDA kernels: compiled once for each type of GPU, by one job at a time.

gsplat compiles itself where it is first imported, into one folder of the user's whatever the GPU,
and removes that folder first. Jobs on a cluster with several types of GPU and a shared home would
take each other's kernels away, or run those of another type. So each compute capability, torch and
gsplat has a folder of its own here, locked around the import.
"""

import importlib
import importlib.metadata
import os
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import torch

from gaussianmotion.errors import UserError
from gaussianmotion.runtime.file_lock import hold

ADVICE = "`gaussianmotion doctor` says what is missing; `rasteriser: numba` draws on the CPU"
MODULE = "gsplat.cuda._backend"  # what compiles, where it is imported


def load_kernels(device: torch.device | int | None = None) -> None:
    """Import gsplat's kernels for ``device``, after compiling them (minutes) where nobody has.

    They are loaded once in a process, for the first device that asks: a job has one device.

    Raises:
        UserError: there is no compiler, or compiling failed.
    """
    if MODULE in sys.modules:
        return
    capability = torch.cuda.get_device_capability(device)
    folder = kernel_folder(capability)
    with _alone_in(folder), _compiling(folder, _architectures(capability)):
        try:
            kernels = importlib.import_module(MODULE)._C
        except (ImportError, OSError, RuntimeError) as error:
            raise UserError(
                f"gsplat could not be compiled ({reason_of(error)}): {ADVICE}"
            ) from error
    if kernels is None:
        del sys.modules[MODULE]  # so that the next call says it again
        raise UserError(f"gsplat found no CUDA toolkit to compile itself with: {ADVICE}")


def kernel_folder(capability: tuple[int, int]) -> Path:
    """Where the kernels for a compute capability lie, in TORCH_EXTENSIONS_DIR or torch's cache."""
    from torch.utils.cpp_extension import get_default_build_root

    root = Path(os.environ.get("TORCH_EXTENSIONS_DIR") or get_default_build_root())
    python = f"py{sys.version_info.major}{sys.version_info.minor}"
    versions = f"gsplat{importlib.metadata.version('gsplat')}-torch{torch.__version__}"
    name = f"{python}-{versions}-cuda{_architectures(capability)}"
    return root / re.sub(r"[^A-Za-z0-9.+_-]+", "_", name)


def _architectures(capability: tuple[int, int]) -> str:
    """What is compiled for: a user's own list whatever the device, else the device."""
    return os.environ.get("TORCH_CUDA_ARCH_LIST") or f"{capability[0]}.{capability[1]}"


def reason_of(error: BaseException) -> str:
    """The line of an error that says what was wrong, of a compiler's pages.

    torch raises some errors as a template and its values, the way that logging takes them.
    """
    text = str(error)
    if len(error.args) > 1 and isinstance(error.args[0], str):
        try:
            text = error.args[0] % error.args[1:]
        except (TypeError, ValueError):  # No template: (errno, reason), for one.
            text = str(error)
    lines = [line for line in text.splitlines() if line.strip()] or [type(error).__name__]
    # nvcc and g++ write "error:"; the line above them only "Error building extension".
    for mark in ("error:", "fatal", "error"):
        for line in lines:
            if mark in line.lower() and "error building" not in line.lower():
                return line.strip()[:300]
    return lines[0].strip()[:300]


@contextmanager
def _compiling(folder: Path, architectures: str) -> Iterator[None]:
    """gsplat's environment while it is imported: where to, for what, with how many compilers."""
    wanted = {"TORCH_EXTENSIONS_DIR": str(folder), "TORCH_CUDA_ARCH_LIST": architectures}
    if not os.environ.get("MAX_JOBS"):
        # gsplat would start ten compilers, some of which take 3 GB.
        wanted["MAX_JOBS"] = str(max(1, min(4, os.cpu_count() or 1)))
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """One import at a time of the kernels in ``folder``, on all computers that share it."""
    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle = stack.enter_context((folder / ".gaussianmotion.lock").open("a"))
        except OSError as error:
            raise UserError(
                f"gsplat's kernels cannot be written into {folder} ({error.strerror}): set "
                "TORCH_EXTENSIONS_DIR to a folder of yours"
            ) from None
        hold(handle.fileno(), f"gsplat: another job compiles into {folder}, waiting")
        yield
