"""gsplat's CUDA kernels: compiled once for each type of GPU, by one job at a time.

gsplat compiles itself where it is first imported, into one folder of the user's whatever the GPU,
and removes that folder first. Jobs on a cluster with several types of GPU and a shared home would
take each other's kernels away, or run those of another type. So each compute capability, torch and
gsplat has a folder of its own here, locked around the import.
"""

import importlib
import importlib.metadata
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path

import torch

from gaussianmotion.runtime.atomic import write_json
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.file_lock import hold
from gaussianmotion.splat.compiler_words import telling_line
from gaussianmotion.splat.cuda_toolkit import Toolkit, choose_toolkit, host_fault, trial_fault

MODULE = "gsplat.cuda._backend"  # what compiles, where it is imported
_BUILT = "gsplat_cuda/gsplat_cuda.so"  # where torch puts it
_FAILED = "failed.json"  # with what it did not compile, and why


@lru_cache
def why_not(device: torch.device | int | None = None) -> str:
    """Why gsplat cannot draw on ``device``; empty where it can. Compiles it where nobody has."""
    try:
        load_kernels(device)
    except UserError as error:
        return str(error)
    return ""


def load_kernels(device: torch.device | int | None = None, again: bool = False) -> None:
    """Import gsplat's kernels for ``device``, after compiling them (minutes) where nobody has.

    They are loaded once in a process, for the first device that asks: a job has one device.

    Args:
        device: A CUDA device.
        again: Try where the same compiler failed before, too.

    Raises:
        UserError: there is no compiler, or compiling failed; says what to do.
    """
    if MODULE in sys.modules:
        return
    capability = torch.cuda.get_device_capability(device)
    folder, architectures = kernel_folder(capability), _architectures(capability)
    toolkit = choose_toolkit(torch.version.cuda or "")
    with _alone_in(folder), _compiling(toolkit, folder, architectures):
        if not (folder / _BUILT).exists():
            _refuse(toolkit, folder, architectures, again)
        try:
            kernels = importlib.import_module(MODULE)._C
        except (ImportError, OSError, RuntimeError) as error:
            reason = reason_of(error)
            # Not minutes for each job of an experiment, only to fail.
            write_json(folder / _FAILED, {"toolkit": str(toolkit.home), "reason": reason})
            raise UserError(_failed(reason)) from error
    if kernels is None:
        del sys.modules[MODULE]  # so that the next call says it again
        raise UserError(_failed(f"it overlooked the CUDA toolkit in {toolkit.home}"))


def _refuse(toolkit: Toolkit, folder: Path, architectures: str, again: bool) -> None:
    """Stop before minutes of compiling where seconds show that it must fail."""
    if fault := host_fault():
        raise UserError(f"gsplat cannot be compiled: {fault}")
    if fault := trial_fault(toolkit, architectures):
        raise UserError(_failed(fault))
    try:
        before = json.loads((folder / _FAILED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if before.get("toolkit") == str(toolkit.home) and not again:
        raise UserError(_failed(before.get("reason", "")))


def _failed(reason: str) -> str:
    return (
        f"gsplat could not be compiled ({reason}): mend that, and run `gaussianmotion gsplat` to "
        "try again"
    )


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
    """The line of an error that says what was wrong.

    torch raises some errors as a template and its values, the way that logging takes them.
    """
    text = str(error)
    if len(error.args) > 1 and isinstance(error.args[0], str):
        try:
            text = error.args[0] % error.args[1:]
        except (TypeError, ValueError):  # No template: (errno, reason), for one.
            text = str(error)
    return telling_line(text) or type(error).__name__


@contextmanager
def _compiling(toolkit: Toolkit, folder: Path, architectures: str) -> Iterator[None]:
    """gsplat's environment while it is imported: compiler, folder, GPU, how many at once."""
    wanted = {"TORCH_EXTENSIONS_DIR": str(folder), "TORCH_CUDA_ARCH_LIST": architectures}
    wanted |= toolkit.environment()
    if not os.environ.get("MAX_JOBS"):
        # gsplat would start ten compilers, some of which take 3 GB.
        wanted["MAX_JOBS"] = str(max(1, min(4, os.cpu_count() or 1)))
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    # Read where torch's module was imported, which may have been long ago.
    from torch.utils import cpp_extension

    cpp_extension.CUDA_HOME = str(toolkit.home)
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
