"""The precision of trainings: bfloat16 where the device multiplies it, else float32.

On a CPU without AVX-512's or AMX's instructions for it bfloat16 is emulated, which is slower than
float32.
"""

import torch

from gaussianmotion.guidance.prior import network_dtype

CPU = torch.device("cpu")


def fast_dtype(device: torch.device = CPU) -> torch.dtype:
    """What matrices are multiplied in on a device."""
    return network_dtype("bfloat16", device)


def autocast(device: torch.device = CPU) -> torch.autocast:
    """Runs convolutions and matrix products in :func:`fast_dtype` while it lasts."""
    enabled = fast_dtype(device) is torch.bfloat16
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled)
