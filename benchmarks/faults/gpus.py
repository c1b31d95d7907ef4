"""GPUs that are lost, and leases of jobs that are killed, with stand-ins of nvidia-smi."""

import inspect
import os
from pathlib import Path

from faults.case import KILLED, RENDER, STOPPED, TRAIN, Change, Fault
from faults.processes import kill, terminate
from faults.steps import cuda_fails, in_step

_GPU = "GPU-5ca1ab1e-0000-0000-0000-00000000fa17"
_ON_A_GPU = (*TRAIN, "--set", "device=auto")
_LOST = "CUDA error: GPU is lost"
_BROKEN = "CUDA error: unspecified launch failure"
_HANGS = "exec sleep 600"
_FAILS = (
    "echo 'Unable to determine the device handle for GPU0: 0000:01:00.0: GPU is lost. Reboot the "
    "system to recover this GPU'; exit 15"
)


def smi(script: str = "") -> Change:
    """A stand-in of nvidia-smi in the folder: one card, or a script of the shell."""
    row = f"0, {_GPU}, NVIDIA RTX 4090, 24564, 24000, 580.65.06"
    usual = (
        f'case "$*" in *{_GPU}*) echo "24000, 24564";; *compute_cap*) echo "{row}, 8.9, [N/A]";; '
        f'-L) echo "GPU 0: NVIDIA RTX 4090 (UUID: {_GPU})";; *) echo "{row}";; esac'
    )

    def change(folder: Path) -> None:
        program = folder / "bin/nvidia-smi"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{script or usual}\n")
        program.chmod(0o755)

    return change


def here() -> None:
    """In the command's own process: the folder's nvidia-smi is this computer's; leases are ours."""
    from gaussianmotion.runtime import gpu, nvidia

    os.environ["PATH"] = f"{Path('bin').resolve()}:{os.environ['PATH']}"
    os.environ.pop("CUDA_VISIBLE_DEVICES", None)
    nvidia._SECONDS = 2.0
    # Tests wrap every function once more, to check what it is given.
    lease = inspect.unwrap(gpu.lease)
    lease.__defaults__ = (None, Path("leases").resolve(), *lease.__defaults__[2:])


def lease_is_free(folder: Path) -> str:
    """Nobody holds the GPU of the folder's stand-in."""
    from gaussianmotion.runtime import gpu
    from gaussianmotion.runtime.errors import UserError

    if not list((folder / "leases").glob("*.lock")):
        return "no GPU was leased"
    try:
        with gpu.lease([_GPU], folder / "leases", timeout=0.0):
            return ""
    except UserError as error:
        return str(error)


CASES = [
    Fault("the GPU is lost in a training's step 6", TRAIN, within=in_step(6, cuda_fails(_LOST)),
          says="the GPU is lost: it fell off its bus"),
    Fault("the GPU breaks off step 6", TRAIN, within=in_step(6, cuda_fails(_BROKEN)),
          says="run again .a training goes on from its checkpoint"),
    Fault("kill -9 of a training that holds a lease", _ON_A_GPU, strike=kill, codes=KILLED,
          before=smi(), within=here, stays=True, check=lease_is_free, moments=True),
    Fault("SIGTERM of a training that holds a lease", _ON_A_GPU, strike=terminate, codes=STOPPED,
          before=smi(), within=here, stays=True, check=lease_is_free, moments=True),
    Fault("nvidia-smi says that the GPU is lost", _ON_A_GPU, before=smi(_FAILS), within=here,
          stays=True, codes=(0,)),
    Fault("nvidia-smi hangs", _ON_A_GPU, before=smi(_HANGS), within=here, stays=True, codes=(0,)),
    Fault("nvidia-smi hangs, rendering", (*RENDER, "--set", "device=auto"), before=smi(_HANGS),
          within=here, stays=True, codes=(0,)),
]  # fmt: skip
