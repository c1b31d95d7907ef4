"""The device of a command: one leased GPU, or the CPU."""

from contextlib import AbstractContextManager, nullcontext

from gaussianmotion.config.experiment import DeviceKeys
from gaussianmotion.errors import UserError
from gaussianmotion.runtime import gpu


def leased_gpu(config: DeviceKeys, needs_gib: float = 0.0) -> AbstractContextManager[str | None]:
    """One GPU for the life of the command, or nothing where it runs on the CPU.

    Args:
        needs_gib: Its free memory that is waited for where other programs fill it.
    """
    return nullcontext() if config.device == "cpu" else gpu.lease(needs_gib=needs_gib)


def device_of(config: DeviceKeys, leased: str | None) -> str:
    """``cuda`` where a GPU was leased and torch can use it, else ``cpu``.

    Raises:
        UserError: a GPU is asked for, and there is none or torch cannot use it.
    """
    if config.device == "cuda" and leased is None:
        raise UserError(
            "device is cuda, but this computer shows no GPU; write `device: auto`, or run the "
            "laptop's experiment with --profile profiles/laptop"
        )
    fault = None if leased is None else gpu.torch_fault()
    if config.device == "cuda" and fault is not None:
        raise UserError(f"device is cuda, but {fault}; `gaussianmotion doctor` says what to do")
    return "cpu" if leased is None or fault is not None else "cuda"
