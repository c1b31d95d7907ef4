"""From the CPU to a device without waiting for what the device has still to do."""

import torch
from torch import Tensor


def upload(tensor: Tensor, device: torch.device) -> Tensor:
    """A CPU tensor on ``device``.

    CUDA copies ordinary memory only after all that it was asked for before, and the CPU waits; from
    page-locked memory it copies in its own time.
    """
    if device.type == "cuda" and tensor.device.type == "cpu":
        # An expanded tensor has one element in many places, which page-locking cannot copy.
        return tensor.contiguous().pin_memory().to(device, non_blocking=True)
    return tensor.to(device)
