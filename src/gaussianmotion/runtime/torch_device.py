"""The key ``device``: whether it asks for a GPU, and whether torch can use the one that is here.

The one place that says what ``auto`` is. It imports torch inside functions only, since a GPU is
leased (:mod:`gaussianmotion.runtime.gpu`) before torch is imported.
"""

import warnings

from gaussianmotion.runtime.errors import UserError


def wants_gpu(device: str, here: bool) -> bool:
    """Whether the key asks for a GPU; ``auto`` does where one is here.

    Args:
        device: ``auto``, ``cpu`` or ``cuda``.
        here: Whether this computer has a GPU that could be used.
    """
    return device == "cuda" or (device == "auto" and here)


def usable_device(device: str, here: bool = True) -> str:
    """``cuda`` where a GPU is asked for and torch can use it, else ``cpu``.

    It imports torch where a GPU is asked for: call it in a lease. On a GPU convolutions of float32
    are computed in float32 from then on.

    Args:
        device: ``auto``, ``cpu`` or ``cuda``.
        here: False where it is known that this computer shows no GPU, or none was leased.

    Raises:
        UserError: cuda is asked for, and there is no GPU or torch cannot use it.
    """
    if not wants_gpu(device, here):
        return "cpu"
    if not here:
        raise UserError(
            "device is cuda, but this computer shows no GPU; write `device: auto`, or run the "
            "laptop's experiment with --profile profiles/laptop"
        )
    fault = torch_fault()
    if not wants_gpu(device, fault is None):
        return "cpu"
    if fault is not None:
        raise UserError(
            f"device is cuda, but {fault}; `gaussianmotion doctor` says what to do, or "
            "write device: auto to run on the CPU"
        )
    import torch

    # What is kept in float32 (the UNet's last layer, the scorers) is kept so for its last digits.
    torch.backends.cudnn.allow_tf32 = False
    return "cuda"


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
