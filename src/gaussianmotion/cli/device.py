"""The device of a command: one leased GPU, or the CPU."""

from contextlib import AbstractContextManager, nullcontext

from gaussianmotion.config.experiment import DeviceKeys
from gaussianmotion.runtime import gpu
from gaussianmotion.runtime.torch_device import usable_device


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
    return usable_device(config.device, here=leased is not None)
