"""A .glb read by the specification, for tests."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

KINDS = {5121: "u1", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


def read_glb(path: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    """The document, and each accessor's numbers, shape (count, components)."""
    data = path.read_bytes()
    magic, version, length = struct.unpack("<4sII", data[:12])
    assert (magic, version, length) == (b"glTF", 2, len(data))
    size = struct.unpack("<I", data[12:16])[0]
    document = json.loads(data[20 : 20 + size])
    binary = data[28 + size :]
    arrays = []
    for accessor in document["accessors"]:
        view = document["bufferViews"][accessor["bufferView"]]
        width = WIDTHS[accessor["type"]]
        kind = KINDS[accessor["componentType"]]
        flat = np.frombuffer(binary, kind, accessor["count"] * width, view["byteOffset"])
        arrays.append(flat.reshape(-1, width))
    return document, arrays
