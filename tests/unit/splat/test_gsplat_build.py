"""Compiling gsplat: once for each type of GPU; where it cannot be, one line, nothing written."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from stand_ins import Machine

from gaussianmotion.cli import main
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.splat import cuda_toolkit, gsplat_kernels
from gaussianmotion.splat.gsplat_kernels import kernel_folder, reason_of


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Its programs; this computer's stay on PATH."""
    usual = os.environ["PATH"]
    made = Machine(tmp_path / "machine", monkeypatch)
    monkeypatch.setenv("PATH", f"{made.folder}{os.pathsep}{usual}")
    return made


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU to compile for")
def test_without_a_gpu_it_says_so_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gsplat", "--out", str(tmp_path / "gsplat.json")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("gaussianmotion: gsplat is compiled for GPUs, and torch can use none")
    assert not (tmp_path / "gsplat.json").exists()


def test_a_template_and_its_values_are_put_together() -> None:
    # As torch.utils.cpp_extension raises it, where nvcc is of another CUDA version.
    error = RuntimeError("\nThe detected CUDA version (%s) mismatches (%s).\n", "12.4", "13.0")
    assert reason_of(error) == "The detected CUDA version (12.4) mismatches (13.0)."
    assert reason_of(FileNotFoundError(2, "No such file", "nvcc")).endswith("'nvcc'")
    assert reason_of(RuntimeError("")) == "RuntimeError"


def test_of_a_compilers_pages_the_line_that_failed_is_shown() -> None:
    said = "Error building extension 'gsplat_cuda': [1/9] nvcc -c\n/a.cu(3): error: no such type\n"
    assert reason_of(RuntimeError(said)) == "/a.cu(3): error: no such type"


def test_each_type_of_gpu_has_kernels_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_EXTENSIONS_DIR", str(tmp_path))
    monkeypatch.delenv("TORCH_CUDA_ARCH_LIST", raising=False)
    a100, h100 = kernel_folder((8, 0)), kernel_folder((9, 0))
    assert a100.parent == h100.parent == tmp_path
    assert a100.name.endswith("-cuda8.0")
    assert h100.name.endswith("-cuda9.0")
    monkeypatch.setenv("TORCH_CUDA_ARCH_LIST", "8.0;9.0+PTX")
    assert kernel_folder((8, 0)) == kernel_folder((9, 0))
    assert kernel_folder((8, 0)).name.endswith("-cuda8.0_9.0+PTX")


MODULE = """
import os, time
log = open({log!r}, 'a')
log.write('begin\\n'); log.flush()
time.sleep(1.0)
names = 'TORCH_CUDA_ARCH_LIST', 'TORCH_EXTENSIONS_DIR', 'MAX_JOBS', 'CUDA_HOME'
log.write('end ' + ' '.join(os.environ[name] for name in names) + '\\n')
log.close()
_C = object()
"""
LOAD = """
import os, torch
from gaussianmotion.splat import gsplat_kernels
torch.version.cuda = '13.0'
torch.cuda.get_device_capability = lambda device: (9, 0)
gsplat_kernels.MODULE = 'compiling'
gsplat_kernels.load_kernels()
assert 'TORCH_CUDA_ARCH_LIST' not in os.environ
"""


def job_that_compiles(folder: Path, machine: Machine) -> subprocess.Popen[str]:
    """A job that loads the kernels; a module in gsplat's place notes what it sees."""
    environment = {k: v for k, v in os.environ.items() if k != "MAX_JOBS"} | {
        "PYTHONPATH": str(folder),
        "TORCH_EXTENSIONS_DIR": str(folder / "kernels"),
        "CUDA_HOME": str(machine.toolkit(folder / "cuda")),
        "CXX": str(machine.compiler()),
    }
    command = [sys.executable, "-c", LOAD]
    return subprocess.Popen(command, env=environment, text=True, stderr=subprocess.PIPE)


def test_jobs_compile_one_after_the_other_for_their_own_gpu(
    tmp_path: Path, machine: Machine
) -> None:
    log = tmp_path / "log"
    (tmp_path / "compiling.py").write_text(MODULE.format(log=str(log)))
    jobs = [job_that_compiles(tmp_path, machine) for _ in range(2)]
    said = [job.communicate(timeout=120)[1] for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0], said
    lines = log.read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["begin", "end", "begin", "end"]
    capability, folder, compilers, home = lines[1].split()[1:]
    assert capability == "9.0"
    assert folder.startswith(str(tmp_path / "kernels"))
    assert 1 <= int(compilers) <= 4
    assert home == str(tmp_path / "cuda")
    assert sum("another job compiles" in text for text in said) <= 1


@pytest.fixture
def load(tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch):
    """Loads the kernels in this process; a module that does not compile is in gsplat's place."""
    (tmp_path / "failing.py").write_text(
        f"with open({str(tmp_path / 'log')!r}, 'a') as log: log.write('try ')\n"
        "raise RuntimeError('/a.cu(3): error: no such type')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(gsplat_kernels, "MODULE", "failing")
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    monkeypatch.setenv("TORCH_EXTENSIONS_DIR", str(tmp_path / "kernels"))
    monkeypatch.setenv("CUDA_HOME", str(machine.toolkit(tmp_path / "cuda")))
    monkeypatch.setenv("CXX", str(machine.compiler()))
    cuda_toolkit.trial_fault.cache_clear()
    return gsplat_kernels.load_kernels


def test_what_did_not_compile_is_not_tried_by_each_job(load, tmp_path: Path) -> None:
    for again, tries in ((False, 1), (False, 1), (True, 2)):
        with pytest.raises(UserError, match=r"\(/a\.cu\(3\): error: no such type\): mend that"):
            load(again=again)
        assert (tmp_path / "log").read_text().count("try") == tries


def test_what_a_small_kernel_shows_stops_the_build(load, tmp_path: Path, machine: Machine) -> None:
    machine.toolkit(tmp_path / "cuda", fails="cuda_runtime.h: No such file")
    with pytest.raises(UserError, match=r"cuda_runtime\.h: No such file.*try again"):
        load()
    assert not (tmp_path / "log").exists()


def test_the_cpu_draws_where_it_is_asked_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a GPU")
    monkeypatch.setenv("CUDA_HOME", str(tmp_path))
    assert main(["gsplat"]) == 2
    assert "unset it" in capsys.readouterr().err
    out = tmp_path / "gsplat.json"
    assert main(["gsplat", "--or-cpu", "--out", str(out)]) == 0
    assert "Until then the CPU draws" in capsys.readouterr().out
    assert "unset it" in json.loads(out.read_text())["absent"]
