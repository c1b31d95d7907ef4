"""Compiling gsplat where it cannot be compiled: one line, nothing written."""

import os
import subprocess
import sys
from pathlib import Path


def test_without_a_cuda_toolkit_it_says_so_in_one_line(tmp_path: Path) -> None:
    out = tmp_path / "gsplat.json"
    done = subprocess.run(
        [sys.executable, "-m", "gaussianmotion", "gsplat", "--out", str(out)],
        env={**os.environ, "CUDA_HOME": str(tmp_path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(
        "gaussianmotion: gsplat found no CUDA toolkit to compile itself with: `gaussianmotion"
    )
    assert not out.exists()
