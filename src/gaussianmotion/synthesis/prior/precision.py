"""The precision of trainings on the CPU: bfloat16 where the processor multiplies it, else float32.

Without AVX-512's or AMX's instructions for it bfloat16 is emulated, which is slower than float32.
"""

import torch

from gaussianmotion.guidance.prior import network_dtype

#: What matrices are multiplied in.
FAST = network_dtype("bfloat16", torch.device("cpu"))


def autocast() -> torch.autocast:
    """Runs convolutions and matrix products in :data:`FAST` while it lasts."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=FAST is torch.bfloat16)
