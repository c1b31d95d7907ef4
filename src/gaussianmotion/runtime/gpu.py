"""The lease of one GPU for the life of a job.

Snakemake counts GPUs but never says which one a job may use, so parallel jobs would all take the
first. A lease is an exclusive ``flock`` on a file per device in a folder of this machine's own
disk: the kernel frees it when the process ends, however it ends. The file is named by the device's
UUID: a scheduler that hides other jobs' devices (Slurm with ConstrainDevices, containers) numbers
every job's own from 0, so that 0 is another device in each. The UUID is also what
CUDA_VISIBLE_DEVICES is set to, since a number means one GPU to CUDA and another to ``nvidia-smi``.

This module must be used before torch is imported: CUDA reads ``CUDA_VISIBLE_DEVICES`` once.
"""

import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from gaussianmotion.runtime import nvidia
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.file_lock import try_hold

# One lock per device must be shared by everybody on the machine, so the folder is not per user.
LEASE_FOLDER = Path(tempfile.gettempdir()) / "gaussianmotion-gpu-leases"
# Seconds between two looks at the memory of a GPU that somebody else fills, and between two lines.
_LOOK_EVERY, _SAY_EVERY = 15.0, 600.0


def device_pool() -> list[str]:
    """The devices that this job may choose from: UUIDs in CUDA's order, where they can be known.

    CUDA_VISIBLE_DEVICES limits them where it is set (a scheduler's allotment; empty means none).
    Of a GPU that is divided, its MIG instances.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = [name.strip() for name in (visible or "").split(",") if name.strip() not in ("", "-1")]
    if visible is not None and not names:
        return []
    listed = nvidia.devices()
    if not names and any(device.mig for device in listed):
        # CUDA itself would show one instance only.
        parts = [device.instances if device.mig else (device.uuid,) for device in listed]
        return [uuid for uuids in parts for uuid in uuids]
    driver = nvidia.driver()
    if driver is not None and driver.uuids is not None:
        return list(driver.uuids)
    if not names:
        return [device.uuid for device in listed]
    # A number is CUDA's, and which GPU it means is known where all are alike, or by their slots.
    by_slot = os.environ.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"
    alike = len({device.name for device in listed}) == 1
    known = {device.index: device.uuid for device in listed if by_slot or alike}
    return [known.get(name, name) for name in names]


def slots(wanted: int, pool: Sequence[str]) -> tuple[int, str]:
    """How many jobs with a GPU are worth starting at once, and what to say where it is fewer.

    Args:
        wanted: As ``--resources gpu=N`` has it.
        pool: The GPUs that are here; where there are none, the jobs say so themselves.
    """
    if not pool or wanted <= len(pool):
        return wanted, ""
    count = "1 GPU is" if len(pool) == 1 else f"{len(pool)} GPUs are"
    return len(pool), f"{count} here: --resources gpu={wanted} is taken for gpu={len(pool)}"


@contextmanager
def lease(
    pool: Sequence[str] | None = None,
    folder: Path = LEASE_FOLDER,
    needs_gib: float = 0.0,
    timeout: float | None = None,
    poll: float = 0.5,
) -> Iterator[str | None]:
    """Hold one free device and export it as CUDA_VISIBLE_DEVICES; yield its name.

    Yields None, and leaves the environment alone, where there is no GPU. Waits, and says so, while
    all devices are leased, or somebody else's programs fill those that are not.

    Args:
        pool: Device names; :func:`device_pool` where not given.
        folder: Where the lock files are; it must be on this machine's own disk.
        needs_gib: Free memory that the job needs; a GPU that is smaller is taken all the same.
        timeout: Seconds to wait for a free device; as long as needed where not given.
        poll: Seconds between two tries.

    Raises:
        UserError: no device became free in time, or the folder cannot be used.
    """
    pool = device_pool() if pool is None else pool
    if not pool:
        yield None
        return
    waiting = _Waiting(timeout)
    full: dict[str, tuple[float, str]] = {}  # when a device was looked at, and what was seen
    while True:
        for device in pool:
            if device in full and time.monotonic() - full[device][0] < _LOOK_EVERY:
                continue
            handle = _try_lock(_lock_file(folder, device))
            if handle is None:
                full.pop(device, None)
                continue
            filled = _filled(device, needs_gib)
            if filled:
                os.close(handle)
                full[device] = (time.monotonic(), filled)
                continue
            previous = os.environ.get("CUDA_VISIBLE_DEVICES")
            os.environ["CUDA_VISIBLE_DEVICES"] = device
            try:
                yield device
            finally:
                os.close(handle)
                if previous is None:
                    del os.environ["CUDA_VISIBLE_DEVICES"]
                else:
                    os.environ["CUDA_VISIBLE_DEVICES"] = previous
            return
        waiting.on(pool, [seen for _, seen in full.values()])
        time.sleep(poll)


class _Waiting:
    """Says what is waited for, at once and every ten minutes, and ends where a limit was set."""

    def __init__(self, timeout: float | None) -> None:
        self._began, self._timeout, self._said = time.monotonic(), timeout, -_SAY_EVERY

    def on(self, pool: Sequence[str], filled: list[str]) -> None:
        spent = time.monotonic() - self._began
        jobs = f"all GPUs ({', '.join(pool)}) are in use by other jobs"
        reason = "; ".join(filled) or jobs
        if self._timeout is not None and spent >= self._timeout:
            raise UserError(
                f"{reason} since {spent:.0f} s; start fewer jobs at once with --resources gpu=N"
            )
        if spent - self._said >= _SAY_EVERY:
            self._said = spent
            since = f", for {spent / 60:.0f} minutes now" if spent >= 60 else ""
            print(f"gaussianmotion: {reason}: waiting{since}", file=sys.stderr, flush=True)


def _filled(device: str, needs_gib: float) -> str:
    """What somebody else leaves of a device's memory, in words; empty where it is enough."""
    if needs_gib <= 0.0:
        return ""
    memory = nvidia.free_gib(device)
    if memory is None or memory[0] >= needs_gib or memory[1] < needs_gib:
        return ""  # Of a GPU that is too small, running out of memory says what to do.
    return (
        f"{memory[0]:.1f} of {memory[1]:.1f} GiB of GPU {device} are free, and about "
        f"{needs_gib:.1f} are needed: somebody else's program holds the rest"
    )


def _lock_file(folder: Path, device: str) -> Path:
    return folder / (re.sub(r"[^A-Za-z0-9_.-]", "_", device) + ".lock")


def _try_lock(path: Path) -> int | None:
    """An open, locked file descriptor, or None where somebody else holds the lock."""
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.parent.chmod(0o1777)
        # Create only what is missing: in a folder that everybody may write, the kernel refuses
        # to "create" another user's existing file.
        new = not path.exists()
        handle = os.open(path, os.O_RDONLY | (os.O_CREAT if new else 0), 0o644)
        if new:  # Others lock it, too, whatever this user's umask.
            with suppress(PermissionError):  # Another user was faster.
                os.fchmod(handle, 0o644)
    except OSError as error:
        raise UserError(
            f"cannot use the GPU lease file {path} ({error.strerror}); set TMPDIR to a folder of "
            "this machine that all its users may write"
        ) from error
    if try_hold(handle):
        return handle
    os.close(handle)
    return None
