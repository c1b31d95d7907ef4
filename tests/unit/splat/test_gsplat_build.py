"""Compiling gsplat where it cannot be compiled: one line, nothing written."""

from pathlib import Path

import pytest
import torch

from gaussianmotion.cli import main


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU to compile for")
def test_without_a_gpu_it_says_so_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gsplat", "--out", str(tmp_path / "gsplat.json")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("gaussianmotion: gsplat is compiled for GPUs, and torch can use none")
    assert not (tmp_path / "gsplat.json").exists()
