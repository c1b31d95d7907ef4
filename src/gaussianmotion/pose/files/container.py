"""What kind of file it is, by its first bytes, and what is in it: arrays, dicts, or text."""

import gzip
import io
import pickle
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gaussianmotion.pose.files.torch_file import TORCH_NAMES, is_torch_zip, read_torch_zip
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.unpickle import Refused, load_plain

# Larger than any motion (an hour of SMPL-X at 120 Hz is half of it), smaller than memory.
LARGEST = 1 << 30
# What a layout never needs, and would take most of the time to unpack: meshes, images.
UNREAD = ("vertices", "verts", "faces", "dmpls", "markers", "net_outputs")


@dataclass(frozen=True)
class Content:
    """What is in a file.

    Attributes:
        path: The file.
        kind: npz, npy, pickle, torch or bvh.
        value: A dict (of an archive, or a pickled one), an array, or the text of a BVH file.
    """

    path: Path
    kind: str
    value: Any

    def has(self, *keys: str) -> bool:
        """Whether it is a dict with all of these keys."""
        return isinstance(self.value, dict) and all(key in self.value for key in keys)


def read_content(path: Path) -> Content:
    """Open a motion file.

    Raises:
        UserError: it is missing, too large, damaged, empty, or asks to run code.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise UserError(f"{path} has {size / 1e9:.1f} GB; cut a motion of under 1 GB out of it")
        data = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"no motion file {path}") from None
    except OSError as error:
        raise UserError(f"cannot read the motion file {path}: {error.strerror}") from None
    if not data:
        raise UserError(f"{path} is empty; copy or download it again")
    try:
        return Content(path, *_opened(data))
    except Refused as refused:
        raise UserError(
            f"{path} is refused: {refused}, but a motion holds numbers only, and nothing in a file "
            "is executed; save its arrays as a plain .npz"
        ) from None
    except UserError:
        raise
    except MemoryError:
        raise UserError(f"{path} does not fit into memory; cut a shorter motion out") from None
    except Exception as error:  # A damaged file fails in any way it likes.
        raise UserError(
            f"{path} is damaged or no motion file ({type(error).__name__}): copy or download it "
            "again; docs/how-to/motions.md has the layouts that are read"
        ) from None


def _opened(data: bytes) -> tuple[str, Any]:
    if data[:2] == b"PK":
        return _zip(data)
    if data[:6] == np.lib.format.MAGIC_PREFIX:
        return "npy", _npy(data)
    if data[:2] in (b"\x1f\x8b", b"\x78\x01", b"\x78\x9c", b"\x78\xda", b"\x78\x5e"):
        return _opened(_unpacked(data))
    if data[:1] == b"\x80":
        return "pickle", load_plain(data, TORCH_NAMES)
    text = data.removeprefix(b"\xef\xbb\xbf")
    if text.lstrip()[:9].upper() == b"HIERARCHY":
        return "bvh", text.decode("utf-8", errors="replace")
    return "pickle", load_plain(data, TORCH_NAMES)  # protocol 0 has no mark of its own


def _zip(data: bytes) -> tuple[str, Any]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        wanted = [name for name in names if Path(name).stem not in UNREAD]
        if sum(archive.getinfo(name).file_size for name in wanted) > LARGEST:
            raise Refused("it unpacks to more than 1 GB")
        if is_torch_zip(names):
            return "torch", read_torch_zip(archive)
        arrays = {
            name.removesuffix(".npy"): _npy(archive.read(name))
            for name in wanted
            if name.endswith(".npy")
        }
    return "npz", arrays


def _npy(data: bytes) -> Any:
    """An array, or what the pickle of an object array holds."""
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read(stream)
    if not dtype.hasobject:
        # Longer than the file says it is, an array would be made before the bytes are missed.
        if int(np.prod(shape, dtype=object)) * dtype.itemsize > len(data):
            raise EOFError
        stream.seek(0)
        return np.lib.format.read_array(stream, allow_pickle=False)
    value = load_plain(stream, TORCH_NAMES)
    return value.item() if isinstance(value, np.ndarray) and value.shape == () else value


def _unpacked(data: bytes) -> bytes:
    """joblib's and numpy's compressed pickles, up to the largest size."""
    if data[:2] == b"\x1f\x8b":
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            unpacked = file.read(LARGEST + 1)
    else:
        unpacked = zlib.decompressobj().decompress(data, LARGEST + 1)
    if len(unpacked) > LARGEST:
        raise Refused("it unpacks to more than 1 GB")
    if unpacked[:2] in (b"\x1f\x8b", b"\x78\x9c"):
        raise pickle.UnpicklingError("packed twice")
    return unpacked
