"""Arrays inside an uncompressed .npz as memory maps: a data set larger than the memory.

A shard's arrays lie in the file as they would in memory; only the pages of the pictures that a
batch draws are read, and several trainings share them.
"""

import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from gaussianmotion.runtime.errors import UserError

_LOCAL_HEADER = 30
_NAME_AND_EXTRA = slice(26, 30)


def map_arrays(path: Path, names: tuple[str, ...]) -> dict[str, Any]:
    """Read-only maps of those of ``names`` that an .npz of numpy.savez holds.

    Raises:
        UserError: the file is missing, damaged, or compressed.
    """
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as handle:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            return {name: _map(path, handle, members[name]) for name in names if name in members}
    except (OSError, ValueError, EOFError, struct.error, zipfile.BadZipFile) as error:
        raise UserError(f"{path} is damaged: delete it, it is made again") from error


def _map(path: Path, handle: Any, info: zipfile.ZipInfo) -> Any:
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{info.filename} is compressed")
    handle.seek(info.header_offset)
    name, extra = struct.unpack("<HH", handle.read(_LOCAL_HEADER)[_NAME_AND_EXTRA])
    start = info.header_offset + _LOCAL_HEADER + name + extra
    handle.seek(start)
    version = np.lib.format.read_magic(handle)
    read = np.lib.format.read_array_header_1_0
    if version != (1, 0):
        read = np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(handle)
    offset = handle.tell()
    length = int(np.prod(shape)) * dtype.itemsize
    if fortran or dtype.hasobject or offset + length > start + info.file_size:
        raise ValueError(f"{info.filename} is no plain array")
    if length == 0:
        return np.zeros(shape, dtype)
    return np.memmap(path, dtype, "r", offset, shape)
