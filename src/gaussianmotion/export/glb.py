"""glTF 2.0 in one binary file: arrays as accessors, the document as JSON."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from gaussianmotion import __version__
from gaussianmotion.rendering.subject import Subject
from gaussianmotion.runtime.atomic import atomic_path

ARRAY, ELEMENTS = 34962, 34963  # targets of buffer views: vertices, indices
_COMPONENTS = {"int8": 5120, "uint8": 5121, "int16": 5122, "uint16": 5123, "uint32": 5125}
_COMPONENTS["float32"] = 5126
_SHAPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}


class Binary:
    """The arrays of a file.

    Attributes:
        accessors: As the document lists them.
        views: Likewise.
    """

    def __init__(self) -> None:
        self.accessors: list[dict[str, Any]] = []
        self.views: list[dict[str, Any]] = []
        self._parts: list[bytes] = []
        self._size = 0

    def add(
        self,
        array: ndarray,
        target: int | None = None,
        normalised: bool = False,
        bounds: bool = False,
    ) -> int:
        """Append an array of shape (N,) or (N, components); returns its accessor.

        Args:
            array: Of a dtype that glTF knows.
            target: :data:`ARRAY`, :data:`ELEMENTS` or None for what is no vertex data.
            normalised: Whole numbers stand for fractions.
            bounds: State the least and greatest values, as positions and times must.
        """
        rows = np.ascontiguousarray(array).reshape(len(array), -1)
        view: dict[str, Any] = {"buffer": 0, "byteOffset": self._size, "byteLength": rows.nbytes}
        if target is not None:
            view["target"] = target
        accessor: dict[str, Any] = {
            "bufferView": len(self.views),
            "componentType": _COMPONENTS[rows.dtype.name],
            "count": len(rows),
            "type": _SHAPES[rows.shape[1]],
        }
        if normalised:
            accessor["normalized"] = True
        if bounds:
            accessor["min"], accessor["max"] = rows.min(axis=0).tolist(), rows.max(axis=0).tolist()
        self.views.append(view)
        self.accessors.append(accessor)
        self._append(rows.tobytes())
        return len(self.accessors) - 1

    def _append(self, data: bytes) -> None:
        padded = data + b"\0" * (-len(data) % 4)
        self._parts.append(padded)
        self._size += len(padded)

    def data(self) -> bytes:
        """All of it."""
        return b"".join(self._parts)


def write_glb(path: Path, subject: Subject, binary: Binary, document: dict[str, Any]) -> None:
    """Write a .glb, atomically.

    Args:
        path: The file to write or to replace.
        subject: Whose prompt, seed and digests are noted in ``asset.extras``.
        binary: The arrays.
        document: All of the glTF document but ``asset``, ``buffers``, ``bufferViews`` and
            ``accessors``.

    Raises:
        UserError: the file cannot be written.
    """
    data = binary.data()
    metadata = subject.metadata
    asset = {
        "version": "2.0",
        "generator": f"gaussianmotion {__version__}",
        "extras": {
            "prompt": metadata.prompt,
            "seed": metadata.seed,
            "body": metadata.body_id,
            "avatar_sha256": subject.digest,
            "training_digest": metadata.digest,
        },
    }
    whole = {
        "asset": asset,
        **document,
        "buffers": [{"byteLength": len(data)}],
        "bufferViews": binary.views,
        "accessors": binary.accessors,
    }
    text = json.dumps(whole, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    length = 12 + 8 + len(text) + 8 + len(data)
    with atomic_path(path) as temporary, open(temporary, "wb") as handle:
        handle.write(struct.pack("<4sII", b"glTF", 2, length))
        handle.write(struct.pack("<I4s", len(text), b"JSON") + text)
        handle.write(struct.pack("<I4s", len(data), b"BIN\0") + data)
