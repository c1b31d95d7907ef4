"""One GPU per job: leases on fake devices, held by real processes."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gaussianmotion.errors import UserError
from gaussianmotion.runtime import gpu

HOLD = """
import os, sys, time
from pathlib import Path
from gaussianmotion import gpu
with gpu.lease(["4", "7"], Path(sys.argv[1]), timeout=20, poll=0.05) as device:
    assert os.environ["CUDA_VISIBLE_DEVICES"] == device
    print(device, time.monotonic(), flush=True)
    time.sleep(0.8)
    print(device, time.monotonic(), flush=True)
"""


def shown(monkeypatch: pytest.MonkeyPatch, folder: Path, *uuids: str) -> None:
    """Let ``nvidia-smi`` list devices of these UUIDs, numbered from 0."""
    rows = "".join(f"{index}, {uuid}\\n" for index, uuid in enumerate(uuids))
    tool = folder / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\nprintf '{rows}'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")


def test_parallel_jobs_never_share_a_device_and_use_all(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    jobs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    spans = []
    for job in jobs:
        lines = job.communicate(timeout=60)[0].split()
        assert job.returncode == 0
        spans.append((lines[0], float(lines[1]), float(lines[3])))
    assert {device for device, _, _ in spans} == {"4", "7"}
    for index, (device, start, end) in enumerate(spans):
        for other, other_start, other_end in spans[index + 1 :]:
            assert device != other or end <= other_start or other_end <= start


def test_a_killed_job_frees_its_device(tmp_path: Path) -> None:
    job = subprocess.Popen(
        [sys.executable, "-c", HOLD.replace("0.8", "60"), str(tmp_path)], stdout=subprocess.PIPE
    )
    assert job.stdout is not None
    held = job.stdout.readline().split()[0].decode()
    with pytest.raises(UserError, match="in use by other jobs"), gpu.lease([held], tmp_path, 0.0):
        pass
    job.kill()
    job.wait()
    job.stdout.close()
    with gpu.lease([held], tmp_path, timeout=5.0) as device:
        assert device == held


def test_the_environment_is_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3")
    with gpu.lease(folder=tmp_path) as device:
        assert device == "2" == os.environ["CUDA_VISIBLE_DEVICES"]
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "2,3"


@pytest.mark.parametrize("visible", ["", "-1"])
def test_no_visible_device_is_no_lease(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, visible: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    with gpu.lease(folder=tmp_path) as device:
        assert device is None


def test_devices_are_those_that_nvidia_smi_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    shown(monkeypatch, tmp_path, "GPU-aa", "GPU-bb")
    assert gpu.device_pool() == ["0", "1"]
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\nexit 9\n")
    assert gpu.device_pool() == []


def test_a_scheduler_that_numbers_each_jobs_device_0_keeps_no_job_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slurm with ConstrainDevices: both jobs see only their own device, as number 0."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    leases = tmp_path / "leases"
    shown(monkeypatch, tmp_path, "GPU-aa")
    with gpu.lease(folder=leases, timeout=0.0) as first:
        shown(monkeypatch, tmp_path, "GPU-bb")
        with gpu.lease(folder=leases, timeout=0.0) as second:
            assert first == second == os.environ["CUDA_VISIBLE_DEVICES"] == "0"
        # The same device is one device, whether it is named by its number or by its UUID.
        with (
            pytest.raises(UserError, match="in use by other jobs"),
            gpu.lease(["GPU-aa"], leases, timeout=0.0),
        ):
            pass


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    started = time.monotonic()
    with (
        pytest.raises(UserError, match="cannot use the GPU lease file"),
        gpu.lease(["0"], tmp_path / "file/leases"),
    ):
        pass
    assert time.monotonic() - started < 5.0


def test_others_may_lock_a_device_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        with gpu.lease(["4"], tmp_path / "leases"):
            pass
    finally:
        os.umask(before)
    (lock,) = (tmp_path / "leases").iterdir()
    assert lock.stat().st_mode & 0o777 == 0o644
