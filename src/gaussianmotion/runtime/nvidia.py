"""Which NVIDIA GPUs this computer has, asked of the driver and of ``nvidia-smi``; no torch.

CUDA numbers GPUs fastest first, ``nvidia-smi`` by their slot, and a container may have either
without the other. So a GPU is named by its UUID here, as CUDA_VISIBLE_DEVICES may name it, too, and
the order is CUDA's where the driver's library can be asked.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache

_SECONDS = 60.0  # without persistence mode the driver wakes each GPU first
# What decides the answers: which programs and libraries are asked, and which GPUs may be seen.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER")
_FIELDS = ("index", "uuid", "name", "memory.total", "memory.free", "driver_version")
_NEWER_FIELDS = ("compute_cap", "mig.mode.current")  # older tools refuse a query that has them

# In a process of its own: CUDA reads CUDA_VISIBLE_DEVICES once, and the caller is about to set it.
# cuDeviceGetUuid_v2 gives a MIG instance its own UUID, cuDeviceGetUuid that of the whole GPU.
_ASK_DRIVER = """
import ctypes, uuid
cuda = ctypes.CDLL("libcuda.so.1")
number = ctypes.c_int()
assert cuda.cuDriverGetVersion(ctypes.byref(number)) == 0
print("version", number.value)
assert cuda.cuInit(0) == 0
assert cuda.cuDeviceGetCount(ctypes.byref(number)) == 0
for device in range(number.value):
    names = []
    for function in ("cuDeviceGetUuid", "cuDeviceGetUuid_v2"):
        raw = (ctypes.c_ubyte * 16)()
        ask = getattr(cuda, function, None)
        if ask is not None and ask(ctypes.byref(raw), device) == 0:
            names.append(uuid.UUID(bytes=bytes(raw)))
    print("device", ("MIG-" if names[0] != names[-1] else "GPU-") + str(names[-1]))
"""


@dataclass(frozen=True)
class Device:
    """One GPU as ``nvidia-smi`` lists it; what it does not say is None or empty.

    Attributes:
        index: Its number there, in the order of slots.
        uuid: Its name whatever the order.
        name: Its model.
        total_gib: Its memory.
        free_gib: Of that, what nobody uses now.
        driver: Version of the driver, such as "580.65.06".
        capability: Compute capability.
        mig: Whether it is divided into MIG instances.
        instances: UUIDs of these.
    """

    index: str
    uuid: str
    name: str = ""
    total_gib: float | None = None
    free_gib: float | None = None
    driver: str = ""
    capability: tuple[int, int] | None = None
    mig: bool = False
    instances: tuple[str, ...] = ()


@dataclass(frozen=True)
class Driver:
    """What the driver's own library says.

    Attributes:
        cuda: The newest CUDA version that it serves, as (major, minor).
        uuids: The GPUs and MIG instances that CUDA would use in this environment, in CUDA's order;
            None where it could not be asked.
    """

    cuda: tuple[int, int]
    uuids: tuple[str, ...] | None


def devices() -> list[Device]:
    """All GPUs that ``nvidia-smi`` lists; none where it is not there or fails."""
    rows = _rows([*_FIELDS, *_NEWER_FIELDS]) or _rows(_FIELDS)
    instances = (
        _instances() if any(row.get("mig.mode.current") == "Enabled" for row in rows) else {}
    )
    return [
        Device(
            index=row["index"],
            uuid=row["uuid"],
            name=row.get("name", ""),
            total_gib=_gib(row.get("memory.total")),
            free_gib=_gib(row.get("memory.free")),
            driver=row.get("driver_version", ""),
            capability=_capability(row.get("compute_cap")),
            mig=row.get("mig.mode.current") == "Enabled",
            instances=instances.get(row["uuid"], ()),
        )
        for row in rows
    ]


def free_gib(uuid: str) -> tuple[float, float] | None:
    """Free and whole memory of one GPU, GiB; None where it is not known, as of MIG instances."""
    said = _smi(f"--id={uuid}", "--query-gpu=memory.free,memory.total", *_PLAIN)
    values = [_gib(value) for value in said.split(",")]
    if len(values) != 2 or values[0] is None or values[1] is None:
        return None
    return values[0], values[1]


def driver() -> Driver | None:
    """What the driver says; None where there is none. Asked once for each environment."""
    return _driver(tuple(os.environ.get(name) for name in _ENVIRONMENT))


@lru_cache(maxsize=8)
def _driver(environment: tuple[str | None, ...]) -> Driver | None:
    try:
        said = subprocess.run(
            [sys.executable, "-I", "-c", _ASK_DRIVER],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
    except (subprocess.SubprocessError, OSError):
        return None
    words = [line.split() for line in said.stdout.splitlines()]
    if not words or words[0][0] != "version":
        return None
    number = int(words[0][1])  # 13000 is 13.0
    uuids = tuple(line[1] for line in words[1:]) if said.returncode == 0 else None
    return Driver((number // 1000, number % 1000 // 10), uuids)


_PLAIN = ("--format=csv,noheader,nounits",)


def _smi(*arguments: str) -> str:
    """What ``nvidia-smi`` prints; nothing where it is not there or fails."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ""
    try:
        return subprocess.run(
            [tool, *arguments], capture_output=True, text=True, timeout=_SECONDS, check=True
        ).stdout
    except (subprocess.SubprocessError, OSError):
        return ""


def _rows(fields: list[str] | tuple[str, ...]) -> list[dict[str, str]]:
    said = _smi(f"--query-gpu={','.join(fields)}", *_PLAIN)
    rows = [[cell.strip() for cell in line.split(",")] for line in said.splitlines()]
    return [dict(zip(fields, row, strict=False)) for row in rows if len(row) >= 2]


def _instances() -> dict[str, tuple[str, ...]]:
    """UUIDs of MIG instances by that of their GPU, as ``nvidia-smi -L`` indents them."""
    found: dict[str, tuple[str, ...]] = {}
    whole = ""
    for kind, uuid in re.findall(r"^\s*(GPU|MIG)\b.*UUID:\s*([^)\s]+)", _smi("-L"), re.MULTILINE):
        if kind == "GPU":
            whole = uuid
            found[whole] = ()
        else:
            found[whole] = (*found.get(whole, ()), uuid)
    return found


def _gib(mib: str | None) -> float | None:
    """GiB of a number of MiB; None of "[N/A]"."""
    try:
        return float(mib or "") / 1024
    except ValueError:
        return None


def _capability(text: str | None) -> tuple[int, int] | None:
    found = re.fullmatch(r"(\d+)\.(\d+)", text or "")
    return (int(found[1]), int(found[2])) if found else None
