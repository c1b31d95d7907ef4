"""What CUDA raises, in one line each: what is wrong with the GPU, and the one thing to do.

Errors are known by their texts, since torch raises most of them as a RuntimeError; none of its
classes is imported, so that a command without torch can use this, too.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gaussianmotion.runtime.driver import OLDER_TORCH
from gaussianmotion.runtime.errors import UserError

MemoryAdvice = Callable[[float | None], str]

_OUT_OF_MEMORY = (
    "cuda out of memory",
    "cuda error: out of memory",
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
)
_LOST = (
    "the GPU is lost: it fell off its bus; restart the computer, and look for Xid in `sudo dmesg`"
)
_OLD_DRIVER = f"the driver is too old for this torch: update it, or {OLDER_TORCH}"
_TWO_VERSIONS = "driver and library are of two versions: restart the computer, or reload the driver"
# By what CUDA's message holds, in lower case; the first that fits.
_WORDS = {
    "no kernel image is available": "this torch has no code for the GPU: `gaussianmotion doctor` "
    f"says for which; {OLDER_TORCH}, or use another GPU",
    "driver version is insufficient": _OLD_DRIVER,
    "driver on your system is too old": _OLD_DRIVER,
    "provided ptx was compiled with an unsupported": "the driver is older than the compiler of "
    "gsplat: update the driver, or compile with the toolkit of torch's CUDA version "
    "(`make env GPU=toolkit`)",
    "gpu is lost": _LOST,
    "fallen off the bus": _LOST,
    "uncorrectable ecc error": "the GPU's memory is damaged (an ECC error that it cannot correct): "
    "restart the computer, and use another GPU if it comes back",
    "hardware stack error": "the GPU fails (hardware error): restart the computer, and use another "
    "GPU if it comes back",
    "busy or unavailable": "another program has the GPU for itself alone (compute mode exclusive): "
    "wait for it, or allow several with `sudo nvidia-smi -c DEFAULT`",
    "no cuda-capable device": "CUDA finds no GPU, of those that CUDA_VISIBLE_DEVICES names; where "
    "MIG is on, an instance must be made first: `gaussianmotion doctor` says more",
    "invalid device ordinal": "CUDA_VISIBLE_DEVICES names a GPU that is not here: `nvidia-smi -L` "
    "lists those that are",
    "system not yet initialized": "the GPUs' connection is not up yet: start nvidia-fabricmanager, "
    "of the driver's version",
    "system has unsupported display driver": _TWO_VERSIONS,
    "driver/library version mismatch": _TWO_VERSIONS,
    "mps client failed to connect": "the MPS server does not answer: restart it, or unset "
    "CUDA_MPS_PIPE_DIRECTORY",
    "unspecified launch failure": "the GPU broke off a computation: run again (a training goes on "
    "from its checkpoint); if it comes back, look for Xid in `sudo dmesg`",
    "illegal memory access": "the GPU broke off a computation (illegal memory access): run again "
    "(a training goes on from its checkpoint); if it comes back in the same step, it is a bug",
}


@contextmanager
def in_words(memory: MemoryAdvice | None = None) -> Iterator[None]:
    """Turn what CUDA raises in the block into one line.

    Args:
        memory: What to do where memory runs out, of the GPU's size in GiB where it is known.

    Raises:
        UserError: CUDA failed; any other error passes as it is.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        said = one_line(error, memory)
        if said is None:
            raise
        raise UserError(said) from error


def one_line(error: BaseException, memory: MemoryAdvice | None = None) -> str | None:
    """What an error of CUDA means and what to do; None where it is none that is known."""
    text = " ".join(str(error).lower().split())
    if any(words in text for words in _OUT_OF_MEMORY):
        return _out_of_memory(text, memory)
    if not any(mark in text for mark in ("cuda", "cublas", "cudnn", "nvidia", "nccl", "gpu")):
        return None
    return next((said for words, said in _WORDS.items() if words in text), None)


def _out_of_memory(text: str, memory: MemoryAdvice | None) -> str:
    total = _gib(r"total capacity of ([\d.]+) (gib|mib)", text)
    others = [
        float(size) / (1 if unit == "gib" else 1024)
        for size, unit in re.findall(r"process \d+ has ([\d.]+) (gib|mib) memory in use", text)
    ]
    has = f" ({total:.1f} GiB)" if total is not None else ""
    if sum(others) > 1.0:
        return (
            f"the GPU's memory{has} ran out, and other programs hold {sum(others):.1f} GiB of it: "
            "`nvidia-smi` shows which; wait for them, or choose another GPU in "
            "CUDA_VISIBLE_DEVICES"
        )
    advice = memory(total) if memory is not None else "take a larger GPU, or set device: cpu"
    return f"the GPU's memory{has} ran out: {advice}"


def _gib(pattern: str, text: str) -> float | None:
    found = re.search(pattern, text)
    if found is None:
        return None
    return float(found[1]) / (1 if found[2] == "gib" else 1024)
