"""Compiling gsplat: once for each type of GPU; where it cannot be, one line, nothing written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gaussianmotion.cli import main
from gaussianmotion.splat.gsplat_kernels import kernel_folder, reason_of


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


def jobs_that_compile(folder: Path, log: Path) -> list[subprocess.Popen[str]]:
    """Two jobs that load the kernels at once; a module in gsplat's place notes what it sees."""
    (folder / "compiling.py").write_text(
        "import os, time\n"
        f"log = open({str(log)!r}, 'a')\n"
        "log.write('begin\\n'); log.flush()\n"
        "time.sleep(1.0)\n"
        "names = 'TORCH_CUDA_ARCH_LIST', 'TORCH_EXTENSIONS_DIR', 'MAX_JOBS'\n"
        "log.write('end ' + ' '.join(os.environ[name] for name in names) + '\\n')\n"
        "log.close()\n"
        "_C = object()\n"
    )
    program = (
        "import os, torch\n"
        "from gaussianmotion.splat import gsplat_kernels\n"
        "torch.cuda.get_device_capability = lambda device: (9, 0)\n"
        "gsplat_kernels.MODULE = 'compiling'\n"
        "gsplat_kernels.load_kernels()\n"
        "assert 'TORCH_CUDA_ARCH_LIST' not in os.environ\n"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("MAX_JOBS", "CUDA_HOME")}
    environment |= {"PYTHONPATH": str(folder), "TORCH_EXTENSIONS_DIR": str(folder / "kernels")}
    command = [sys.executable, "-c", program]
    return [
        subprocess.Popen(command, env=environment, text=True, stderr=subprocess.PIPE)
        for _ in range(2)
    ]


def test_jobs_compile_one_after_the_other_for_their_own_gpu(tmp_path: Path) -> None:
    log = tmp_path / "log"
    jobs = jobs_that_compile(tmp_path, log)
    said = [job.communicate(timeout=120)[1] for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0], said
    lines = log.read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["begin", "end", "begin", "end"]
    capability, folder, compilers = lines[1].split()[1:]
    assert capability == "9.0"
    assert folder.startswith(str(tmp_path / "kernels"))
    assert 1 <= int(compilers) <= 4
    assert sum("another job compiles" in text for text in said) <= 1
