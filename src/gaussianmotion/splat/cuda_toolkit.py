"""The CUDA toolkit that gsplat is compiled with: one choice, for the doctor and for the build.

torch compiles with CUDA_HOME, for which it guesses the folder above that of ``nvcc`` on PATH, links
and wrapper scripts not resolved. Such a guess may lack the headers, which nvcc says after twenty
files. Here the first folder that is whole is chosen, tried with a small file, and exported.
"""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.user_cache import user_cache
from gaussianmotion.splat.compiler_words import telling_line

INSTALL = "`make env GPU=toolkit` installs the compiler of CUDA {cuda} beside torch (100 MB)"
# What a folder must hold; a toolkit of PyPI's packages has its libraries in lib, with a number.
_NVCC, _HEADER, _LIBRARY = "bin/nvcc", "include/cuda_runtime.h", "lib64/libcudart.so"
_USUAL = Path("/usr/local/cuda")
_SECONDS = 300.0  # a first compilation on a busy network disk

# A kernel, CUB (of which gsplat sorts with), the runtime's library: what gsplat needs, in seconds.
_TRIAL = """
#include <cuda_runtime.h>
#include <cub/version.cuh>
__global__ void twice(float *x) { x[threadIdx.x] *= 2.0f; }
extern "C" int launch(float *x) { twice<<<1, 32>>>(x); return cudaDeviceSynchronize(); }
"""


@dataclass(frozen=True)
class Toolkit:
    """A whole CUDA toolkit.

    Attributes:
        home: What CUDA_HOME must be.
        release: The CUDA version of its compiler, such as "13.0"; empty where it says none.
    """

    home: Path
    release: str

    def environment(self) -> dict[str, str]:
        """What torch and gsplat must see while they compile."""
        path = os.pathsep.join([str(self.home / "bin"), os.environ.get("PATH", "")])
        return {"CUDA_HOME": str(self.home), "PATH": path}


def choose_toolkit(cuda: str) -> Toolkit:
    """The first whole toolkit of torch's major CUDA version.

    CUDA_HOME (or CUDA_PATH) where it is set, else the folder of ``nvcc`` on PATH with all links
    resolved, /usr/local/cuda and its siblings, and PyPI's packages beside torch.

    Args:
        cuda: The CUDA version that torch was built with.

    Raises:
        UserError: there is none; says the one thing to do.
    """
    whole, others, incomplete = None, [], []
    install = INSTALL.format(cuda=cuda)
    named = os.environ.get("CUDA_HOME") or os.environ.get("CUDA_PATH")
    for home in _candidates(cuda):
        if not (home / _NVCC).is_file():
            continue
        absent = [name for name in (_HEADER, _LIBRARY) if not (home / name).exists()]
        release = _release_of(home / _NVCC)
        if absent:
            incomplete.append(f"{home} lacks {absent[0]}")
        elif release and _major(release) != _major(cuda):
            others.append(f"{home} is of CUDA {release}")
        elif whole is None:
            whole = Toolkit(home, release)
    if named and (whole is None or whole.home != Path(named)):
        # Taking another one silently would hide that what was asked for is not what is used.
        found = [line for line in (*others, *incomplete) if line.startswith(f"{named} ")]
        why = found[0] if found else f"{named} lacks {_NVCC}"
        mend = f" ({whole.home} is whole)" if whole else f", and {install}"
        raise UserError(f"CUDA_HOME names no CUDA toolkit {cuda} ({why}): unset it{mend}")
    if whole is not None:
        return whole
    if others:
        reason = f"{others[0]}, torch of {cuda}, and gsplat compiles with that only"
    elif incomplete:
        reason = f"no whole CUDA toolkit is here ({incomplete[0]})"
    else:
        reason = "no CUDA toolkit is here (nvcc)"
    raise UserError(f"{reason}: {install}")


def host_fault() -> str:
    """What else gsplat is compiled with and is absent, and how to get it; empty where all is here.

    The C++ compiler (CXX, as torch reads it), Python's headers, and ninja.
    """
    compiler = os.environ.get("CXX") or "c++"
    if shutil.which(shlex.split(compiler)[0]) is None:
        return f"no C++ compiler is here ({compiler}): install g++, or set CXX to yours"
    header = Path(sysconfig.get_path("include")) / "Python.h"
    if not header.is_file():
        return (
            f"{header} is absent: install python3-dev (python3.11-dev), or take a Python of uv or "
            "conda"
        )
    beside = Path(sysconfig.get_path("scripts")) / "ninja"
    if shutil.which("ninja") is None and not beside.is_file():
        return "ninja is absent: run `make env`, or pip install ninja"
    return ""


@lru_cache
def trial_fault(toolkit: Toolkit, architecture: str) -> str:
    """Why a small kernel does not compile; empty where it does. Takes seconds, once in a process.

    Args:
        architecture: What for: "8.6"; a list such as TORCH_CUDA_ARCH_LIST has its first one tried.
    """
    found = re.search(r"(\d+)\.(\d+)", architecture)
    target = [f"-arch=sm_{found[1]}{found[2]}"] if found else []
    host = os.environ.get("CC")  # which torch names to nvcc, too
    nvcc, linker = toolkit.home / _NVCC, shlex.split(os.environ.get("CXX") or "c++")
    with tempfile.TemporaryDirectory() as folder:
        source, compiled = Path(folder, "trial.cu"), Path(folder, "trial.o")
        source.write_text(_TRIAL)
        compile_ = [str(nvcc), "-c", "-Xcompiler", "-fPIC", "-std=c++20", *target]
        compile_ += [*(["-ccbin", host] if host else []), str(source), "-o", str(compiled)]
        link = [*linker, "-shared", str(compiled), f"-L{toolkit.home}/lib64", "-lcudart"]
        link += ["-o", f"{folder}/trial.so"]
        for program, command in ((str(nvcc), compile_), (linker[0], link)):
            try:
                done = subprocess.run(
                    command,
                    capture_output=True,
                    text=True,
                    timeout=_SECONDS,
                    env={**os.environ, **toolkit.environment()},
                )
            except (OSError, subprocess.SubprocessError) as error:
                return f"{program} does not run ({str(error)[:200]})"
            if done.returncode:
                said = telling_line(f"{done.stdout}\n{done.stderr}")
                return f"{program} fails ({said or f'exit code {done.returncode}'})"
    return ""


def _candidates(cuda: str) -> Iterator[Path]:
    named = os.environ.get("CUDA_HOME") or os.environ.get("CUDA_PATH")
    if named:
        yield Path(named)
    if (nvcc := shutil.which("nvcc")) is not None:
        yield Path(nvcc).resolve().parents[1]
    yield _USUAL
    yield from sorted(_USUAL.parent.glob(f"cuda-{_major(cuda)}*"), reverse=True)
    for packages in _packages(cuda):
        if (packages / _NVCC).is_file():
            yield _assembled(packages)


def _packages(cuda: str) -> list[Path]:
    """Where PyPI's packages of a CUDA major version are, beside torch."""
    spec = importlib.util.find_spec("nvidia")
    folders = (spec.submodule_search_locations or []) if spec else []
    return [Path(folder) / f"cu{_major(cuda)}" for folder in folders]


def _assembled(packages: Path) -> Path:
    """A folder of links that lays PyPI's packages out as torch looks for a toolkit.

    Its linker finds ``lib64/libcudart.so``, which they have as ``lib/libcudart.so.13``. The links
    lie outside the packages, which may be another user's.
    """
    library = next(iter(sorted(packages.glob("lib/libcudart.so*"))), None)
    name = re.sub(r"[^A-Za-z0-9]+", "-", str(packages)).strip("-")
    home = user_cache() / "cuda" / name
    links = {name: packages / name for name in ("bin", "include", "nvvm")}
    if library is not None:
        links[_LIBRARY] = library
    try:
        for place, target in links.items():
            link = home / place
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.is_symlink() or link.readlink() != target:
                temporary = link.with_name(f".{link.name}.{os.getpid()}")
                temporary.symlink_to(target)
                temporary.replace(link)
    except OSError:
        return packages  # What is missing there is said of it.
    return home


def _release_of(nvcc: Path) -> str:
    """The CUDA version that ``nvcc`` says it is of; empty where it says none."""
    try:
        said = subprocess.run(
            [nvcc, "--version"], capture_output=True, text=True, timeout=60, check=True
        ).stdout
    except (subprocess.SubprocessError, OSError):
        return ""
    found = re.search(r"release (\d+\.\d+)", said)
    return found[1] if found else ""


def _major(version: str) -> str:
    return version.partition(".")[0]
