"""The lease of one GPU for the life of a job.

Snakemake counts GPUs but never says which one a job may use, so parallel jobs would all take the
first. A lease is an exclusive ``flock`` on a file per device in a folder of this machine's own
disk: the kernel frees it when the process ends, however it ends. The file is named by the device's
UUID: a scheduler that hides other jobs' devices (Slurm with ConstrainDevices, containers) numbers
every job's own from 0, so that 0 is another device in each.

This module must be used before torch is imported: CUDA reads ``CUDA_VISIBLE_DEVICES`` once.
"""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from gaussianmotion.errors import UserError

# One lock per device must be shared by everybody on the machine, so the folder is not per user.
LEASE_FOLDER = Path(tempfile.gettempdir()) / "gaussianmotion-gpu-leases"


def device_pool() -> list[str]:
    """The devices this job may choose from, as CUDA_VISIBLE_DEVICES names them.

    CUDA_VISIBLE_DEVICES where it is set (a scheduler's allotment; empty means none), else all
    devices that ``nvidia-smi`` lists, else none.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name.strip() for name in visible.split(",") if name.strip() not in ("", "-1")]
    return [index for index, _ in _listed()]


def _listed() -> list[tuple[str, str]]:
    """Index and UUID of each device that ``nvidia-smi`` lists; none where it cannot be asked."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    try:
        listing = subprocess.run(
            [tool, "--query-gpu=index,uuid", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        ).stdout
    except (subprocess.SubprocessError, OSError):
        return []
    rows = [line.partition(",") for line in listing.splitlines() if line.strip()]
    return [(index.strip(), uuid.strip()) for index, _, uuid in rows]


def torch_fault() -> str | None:
    """Why torch cannot use the GPUs of this machine; None where it can.

    It imports torch: call it in a lease, or where nothing is leased.
    """
    import torch

    if torch.version.cuda is None:
        return f"torch {torch.__version__} is built without CUDA"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if torch.cuda.is_available():
            return None
    # "CUDA initialization: The NVIDIA driver ... is too old (found version 12020). Please ..."
    said = str(caught[0].message).split(". ")[0] if caught else "CUDA finds no device"
    return f"torch {torch.__version__}, of CUDA {torch.version.cuda}: {' '.join(said.split())}"


@contextmanager
def lease(
    pool: Sequence[str] | None = None,
    folder: Path = LEASE_FOLDER,
    timeout: float = 3600.0,
    poll: float = 0.5,
) -> Iterator[str | None]:
    """Hold one free device and export it as CUDA_VISIBLE_DEVICES; yield its name.

    Yields None, and leaves the environment alone, where there is no GPU. Waits while all devices
    are leased.

    Args:
        pool: Device names; :func:`device_pool` where not given.
        folder: Where the lock files are; it must be on this machine's own disk.
        timeout: Seconds to wait for a free device.
        poll: Seconds between two tries.

    Raises:
        UserError: no device became free in time, or the folder cannot be used.
    """
    pool = device_pool() if pool is None else pool
    if not pool:
        yield None
        return
    deadline = time.monotonic() + timeout
    # A device may be named by its UUID in CUDA_VISIBLE_DEVICES already.
    uuids = dict(_listed()) if any(device.isdecimal() for device in pool) else {}
    while True:
        for device in pool:
            handle = _try_lock(_lock_file(folder, uuids.get(device) or device))
            if handle is None:
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
        if time.monotonic() >= deadline:
            raise UserError(
                f"all GPUs ({', '.join(pool)}) are in use by other jobs since {timeout:.0f} s; "
                "start fewer jobs at once with --resources gpu=N"
            )
        time.sleep(poll)


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
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle
