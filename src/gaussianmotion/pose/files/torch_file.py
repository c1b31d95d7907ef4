"""torch's files (.pt) and tensors in pickles, read without torch: tensors become arrays.

``torch.load(weights_only=True)`` would refuse code, too. Here torch is not imported, which takes
seconds that a dry run should not; numpy arrays beside the tensors are read; and tensors inside
numpy's own pickles (TRAM's) are, for which torch has no such option. A tensor is a view of a
storage: (storage, offset, size, stride), whose bounds are checked before it is made.
"""

import functools
import io
import pickle
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

from gaussianmotion.runtime.unpickle import NUMPY_NAMES, Refused, Unpickler, load_plain

# Type codes of storages; bfloat16, which numpy does not have, is the upper half of a float32.
_CODES = {
    "Double": "f8", "Float": "f4", "Half": "f2", "BFloat16": "bf", "Long": "i8", "Int": "i4",
    "Short": "i2", "Char": "i1", "Byte": "u1", "Bool": "u1",
}  # fmt: skip


def _array_of(raw: bytes, code: str) -> np.ndarray:
    if code == "bf":
        return (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
    return np.frombuffer(raw, np.dtype(code).newbyteorder("<"))


def _rebuild_tensor(
    storage: np.ndarray, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *rest: Any
) -> np.ndarray:
    numbers = (offset, *size, *stride)
    if not isinstance(storage, np.ndarray) or any(type(n) is not int or n < 0 for n in numbers):
        raise ValueError("a tensor's view is no view")
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if 0 in size:
        return np.zeros(size, storage.dtype)
    if last >= len(storage):
        raise ValueError("a tensor reaches beyond its storage")
    steps = tuple(step * storage.itemsize for step in stride)
    return np.lib.stride_tricks.as_strided(storage[offset:], size, steps, writeable=False)


def _rebuild_parameter(data: np.ndarray, *rest: Any) -> np.ndarray:
    return data


def _storage_of_bytes(raw: bytes) -> np.ndarray:
    """A storage as torch's old format wrote it: five pickles, then counts and bytes."""
    stream = io.BytesIO(raw)
    found: dict[str, tuple[str, int]] = {}

    def persistent(pid: Any) -> str:
        _, kind, key, _, count, *_ = pid
        found[key] = (kind, int(count))
        return str(key)

    for _ in range(3):  # magic number, version, what machine it was
        load_plain(stream)
    key = Unpickler(stream, TORCH_NAMES, persistent).load()
    load_plain(stream)  # the storages' names
    code, count = found[key]
    if int.from_bytes(stream.read(8), "little") != count:
        raise ValueError("a storage has another length than it says")
    return _array_of(stream.read(count * _width(code)), code)


def _width(code: str) -> int:
    return 2 if code == "bf" else np.dtype(code).itemsize


TORCH_NAMES: dict[tuple[str, str], Any] = {
    **NUMPY_NAMES,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    ("torch.storage", "_load_from_bytes"): _storage_of_bytes,
    ("torch", "Size"): tuple,
    **{("torch", f"{name}Storage"): code for name, code in _CODES.items()},
}


def is_torch_zip(names: list[str]) -> bool:
    """Whether a zip file with these entries is what ``torch.save`` writes."""
    return any(name.endswith("/data.pkl") for name in names)


def read_torch_zip(archive: zipfile.ZipFile) -> Any:
    """What ``torch.save`` wrote, tensors as arrays.

    Raises:
        Refused: the pickle in it asks for anything but tensors and arrays.
        Exception: of any kind, where the file is damaged.
    """
    main = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
    folder = main.removesuffix("data.pkl")
    if (
        f"{folder}byteorder" in archive.namelist()
        and archive.read(f"{folder}byteorder") != b"little"
    ):
        raise Refused("its numbers are big-endian")
    return load_plain(archive.read(main), TORCH_NAMES, _storages(archive, folder))


def _storages(archive: zipfile.ZipFile, folder: str) -> Callable[[Any], np.ndarray]:
    @functools.cache
    def stored(code: str, key: str) -> np.ndarray:
        return _array_of(archive.read(f"{folder}data/{key}"), code)

    def persistent(pid: Any) -> np.ndarray:
        kind, code, key, *_ = pid
        if kind != "storage" or not isinstance(code, str):
            raise pickle.UnpicklingError("unknown persistent id")
        return stored(code, str(key))

    return persistent
