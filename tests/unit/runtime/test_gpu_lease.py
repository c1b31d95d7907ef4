"""One GPU per job: leases on fake devices, held by real processes."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from stand_ins import Card, Machine, named

from gaussianmotion.runtime import gpu, nvidia
from gaussianmotion.runtime.errors import UserError

HOLD = """
import os, sys, time
from pathlib import Path
from gaussianmotion.runtime import gpu
with gpu.lease(["4", "7"], Path(sys.argv[1]), timeout=20, poll=0.05) as device:
    assert os.environ["CUDA_VISIBLE_DEVICES"] == device
    print(device, time.monotonic(), flush=True)
    time.sleep(0.8)
    print(device, time.monotonic(), flush=True)
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path / "machine", monkeypatch)


def hold(folder: Path, seconds: str = "0.8") -> subprocess.Popen:
    command = [sys.executable, "-c", HOLD.replace("0.8", seconds), str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_parallel_jobs_never_share_a_device_and_more_jobs_than_devices_wait(tmp_path: Path) -> None:
    jobs = [hold(tmp_path) for _ in range(5)]
    spans, said = [], ""
    for job in jobs:
        output, errors = job.communicate(timeout=60)
        lines = output.split()
        assert job.returncode == 0
        spans.append((lines[0], float(lines[1]), float(lines[3])))
        said += errors
    assert {device for device, _, _ in spans} == {"4", "7"}
    for index, (device, start, end) in enumerate(spans):
        for other, other_start, other_end in spans[index + 1 :]:
            assert device != other or end <= other_start or other_end <= start
    # Each of those that waited said so once.
    assert set(said.splitlines()) == {
        "gaussianmotion: all GPUs (4, 7) are in use by other jobs: waiting"
    }


def test_a_killed_job_frees_its_device(tmp_path: Path) -> None:
    job = hold(tmp_path, "60")
    assert job.stdout is not None
    held = job.stdout.readline().split()[0]
    with (
        pytest.raises(UserError, match="in use by other jobs"),
        gpu.lease([held], tmp_path, timeout=0.0),
    ):
        pass
    job.kill()
    job.communicate()
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


def test_devices_are_named_by_uuid_as_nvidia_smi_lists_them(machine: Machine) -> None:
    machine.nvidia_smi(Card("GPU-aa"), Card("GPU-bb"))
    assert gpu.device_pool() == ["GPU-aa", "GPU-bb"]
    machine.program("nvidia-smi", "exit 9")
    assert gpu.device_pool() == []


def test_the_order_is_cudas_where_the_driver_can_be_asked(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CUDA's device 0 is the fastest, that of nvidia-smi the one in the first slot."""
    machine.nvidia_smi(Card(named(1), "NVIDIA T4"), Card(named(2), "NVIDIA H100"))
    machine.driver(13000, named(2), named(1))
    assert gpu.device_pool() == [named(2), named(1)]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert gpu.device_pool() == [named(1)]
    (machine.folder / "nvidia-smi").unlink()  # as in a container
    assert gpu.device_pool() == [named(1)]


def test_a_number_is_left_alone_where_it_may_mean_either_gpu(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.nvidia_smi(Card("GPU-aa", "NVIDIA T4"), Card("GPU-bb", "NVIDIA H100"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert gpu.device_pool() == ["0"]
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    assert gpu.device_pool() == ["GPU-aa"]


def test_of_a_divided_gpu_each_instance_is_a_device(machine: Machine) -> None:
    divided = Card(named(1), mig="Enabled", instances=("MIG-x", "MIG-y"))
    machine.nvidia_smi(divided, Card(named(2), mig="Disabled"))
    machine.driver(13000, named(9, "MIG"), parents=(named(1),))
    assert gpu.device_pool() == ["MIG-x", "MIG-y", named(2)]
    assert nvidia.driver() == nvidia.Driver((13, 0), (named(9, "MIG"),))


def test_a_driver_that_cannot_start_still_says_its_version(machine: Machine) -> None:
    machine.driver(12040, named(1), fails=999)
    assert nvidia.driver() == nvidia.Driver((12, 4), None)


def test_an_old_nvidia_smi_is_understood(machine: Machine) -> None:
    machine.nvidia_smi(Card("GPU-aa", total_mib=12288), driver="470.1", knows=False)
    (device,) = nvidia.devices()
    assert (device.uuid, device.total_gib, device.driver) == ("GPU-aa", 12.0, "470.1")
    assert device.capability is None


def test_a_scheduler_that_numbers_each_jobs_device_0_keeps_no_job_waiting(
    tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slurm with ConstrainDevices: both jobs see only their own device, as number 0."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    leases = tmp_path / "leases"
    machine.nvidia_smi(Card("GPU-aa"))
    with gpu.lease(folder=leases, timeout=0.0) as first:
        assert os.environ["CUDA_VISIBLE_DEVICES"] == first == "GPU-aa"
        # That job's environment; the next one is another process.
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
        machine.nvidia_smi(Card("GPU-bb"))
        with gpu.lease(folder=leases, timeout=0.0) as second:
            assert second == "GPU-bb"
        # The same device is one device, whether it is named by its number or by its UUID.
        with (
            pytest.raises(UserError, match="in use by other jobs"),
            gpu.lease(["GPU-aa"], leases, timeout=0.0),
        ):
            pass


def test_a_gpu_that_somebody_else_fills_is_passed_over_or_waited_for(
    tmp_path: Path,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    full, free = Card("GPU-aa", free_mib=2048), Card("GPU-bb", free_mib=23000)
    machine.nvidia_smi(full, free)
    with gpu.lease(folder=tmp_path, needs_gib=12.0) as device:
        assert device == "GPU-bb"
    assert capsys.readouterr().err == ""

    looks = []

    def look(uuid: str) -> tuple[float, float]:
        looks.append(uuid)
        return (2.0, 24.0) if len(looks) < 3 else (20.0, 24.0)

    monkeypatch.setattr(nvidia, "free_gib", look)
    monkeypatch.setattr(gpu, "_LOOK_EVERY", 0.0)
    with gpu.lease(["GPU-aa"], tmp_path, needs_gib=12.0, poll=0.01) as device:
        assert device == "GPU-aa"
    assert capsys.readouterr().err == (
        "gaussianmotion: 2.0 of 24.0 GiB of GPU GPU-aa are free, and about 12.0 are needed: "
        "somebody else's program holds the rest: waiting\n"
    )


def test_a_gpu_that_is_too_small_is_not_waited_for(tmp_path: Path, machine: Machine) -> None:
    machine.nvidia_smi(Card("GPU-aa", total_mib=8192, free_mib=7900))
    with gpu.lease(folder=tmp_path, needs_gib=12.0, timeout=0.0) as device:
        assert device == "GPU-aa"


@pytest.mark.parametrize(
    ("wanted", "pool", "count"), [(4, "ab", 2), (8, "a", 1), (2, "abc", 2), (4, "", 4)]
)
def test_no_more_jobs_start_than_there_are_gpus(wanted: int, pool: str, count: int) -> None:
    taken, line = gpu.slots(wanted, list(pool))
    assert taken == count
    assert bool(line) == (taken < wanted)
    assert not line or f"--resources gpu={wanted} is taken for gpu={count}" in line


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
