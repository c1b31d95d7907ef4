"""What the machine is, and the rate of large matrix products that all floors are counted with."""

import platform

import torch
from guidance_step import matmul_rate
from sections import Note, Sizes

from gaussianmotion.runtime import nvidia


def run(sizes: Sizes, note: Note) -> None:
    """Note GPU, driver, versions, and the rate of matrix products in each precision."""
    device = torch.device(sizes.device)
    note(python=platform.python_version(), torch=torch.__version__, cuda=torch.version.cuda or "")
    if sizes.real:
        properties = torch.cuda.get_device_properties(0)
        note(
            gpu=properties.name,
            capability=f"{properties.major}.{properties.minor}",
            memory_gib=round(properties.total_memory / 2**30, 1),
            built_for=torch.cuda.get_arch_list(),
            driver=", ".join(dict.fromkeys(d.driver for d in nvidia.devices())),
            cudnn=torch.backends.cudnn.version(),
        )
    types = [torch.float16, torch.bfloat16, torch.float32] if sizes.real else [torch.float32]
    rates = [
        {
            "precision": str(dtype).removeprefix("torch."),
            "tflop_per_s": round(matmul_rate(device, dtype, sizes.matrix) / 1e12, 2),
        }
        for dtype in types
    ]
    note(**{f"matrix products of {sizes.matrix}": rates})
