"""Python, GPUs, compilers and packages of this computer."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from gaussianmotion.config import Config
from gaussianmotion.doctor.finding import Finding
from gaussianmotion.runtime import gpu
from gaussianmotion.scores.registry import scores

_CUDA = Path("/usr/local/cuda")  # where torch looks last


def look_at_python() -> Finding:
    """Its version."""
    version = ".".join(map(str, sys.version_info[:3]))
    fine = sys.version_info[:2] in ((3, 11), (3, 12))
    how = "" if fine else "; 3.11 or 3.12 is needed: make env PYTHON=/path/to/python3.11"
    return Finding("Python", fine, version + how)


def look_for_devices(config: Config) -> Iterator[Finding]:
    """GPUs where they would be used, and what gsplat needs there."""
    pool = gpu.device_pool()
    if config.device == "cpu" or (config.device == "auto" and not pool):
        yield Finding("device", True, f"CPU, {os.cpu_count()} cores")
        return
    yield Finding(
        "GPU",
        bool(pool),
        f"{len(pool)} ({', '.join(pool)})"
        if pool
        else "none here; on a cluster run this on a node that has one; without any, use --profile "
        "profiles/laptop (here: --config config.yaml config/laptop.yaml)",
    )
    if pool and (fault := gpu.torch_fault()) is not None:
        yield Finding(
            "torch on the GPU",
            False,
            f"{fault}; update the driver, or install torch and torchvision of a CUDA version that "
            "it knows (nvidia-smi shows which)",
        )
    if config.rasteriser in ("auto", "gsplat"):
        yield from _compilers()


def _compilers() -> Iterator[Finding]:
    """What gsplat compiles itself with at its first use, found where torch looks for it."""
    import torch

    home = os.environ.get("CUDA_HOME") or os.environ.get("CUDA_PATH")
    if home:  # Then torch looks nowhere else.
        nvcc = shutil.which("nvcc", path=f"{home}/bin")
    else:
        nvcc = shutil.which("nvcc") or shutil.which("nvcc", path=_CUDA / "bin")
    version = torch.version.cuda or ""
    where = f" in CUDA_HOME ({home})" if home else ""
    toolkit = f"install the CUDA toolkit {version}".rstrip()
    how = f"{toolkit}, load its module, or set CUDA_HOME to it"
    if nvcc is None:
        absent = f"none{where}; gsplat compiles itself at its first use and needs it: {how}"
        yield Finding("nvcc", False, absent)
    else:
        release = _release_of(nvcc)
        fits = not (release and version) or _major(release) == _major(version)
        of = f" of CUDA {release}" if release else ""
        other = f"; torch is of CUDA {version}, and gsplat compiles with that only: {how}"
        yield Finding("nvcc", fits, nvcc + of + ("" if fits else other))
    wanted = os.environ.get("CXX") or "c++"
    found = shutil.which(wanted)
    how = f"{wanted} is not there; gsplat needs it to compile itself: install g++, or set CXX"
    yield Finding("C++ compiler", found is not None, found or how)
    header = Path(sysconfig.get_path("include")) / "Python.h"
    how = (
        f"{header} is absent; gsplat needs it to compile itself: install the package python3-dev "
        "(python3.11-dev), or take a Python of conda or uv"
    )
    yield Finding("Python.h", header.is_file(), str(header) if header.is_file() else how)


def _release_of(nvcc: str) -> str:
    """The CUDA version that ``nvcc`` says it is of; empty where it says none."""
    try:
        said = subprocess.run(
            [nvcc, "--version"], capture_output=True, text=True, timeout=30, check=True
        ).stdout
    except (subprocess.SubprocessError, OSError):
        return ""
    found = re.search(r"release (\d+\.\d+)", said)
    return found[1] if found else ""


def _major(version: str) -> str:
    return version.partition(".")[0]


def look_for_packages(config: Config) -> Iterator[Finding]:
    """What only some scores need: optional libraries, and models that ship with the repository."""
    for score in (scores()[name] for name in config.scores.names):
        if score.package is not None:
            module, package = score.package
            there = importlib.util.find_spec(module) is not None
            how = "installed" if there else f"absent: run `make env`, or pip install {package}"
            yield Finding(f"{package}, for the score {score.name}", there, how)
        for path in score.ships(config):
            there = path.is_file()
            how = str(path) if there else f"{path} is absent: restore it from git"
            yield Finding(f"model of the score {score.name}", there, how)
