"""The .spz of Niantic (MIT), version 3: about a tenth of a .ply, read by most splat viewers.

A gzip stream of a header of 16 bytes and arrays one after the other. By its specification the axes
are right, up and back, which are the project's; some programs (splat-transform 3) take them as
those of a .ply, which is upside down. Each scale is rounded to 1/16 of its logarithm and each
rotation to 0.1 degrees: that is the format.
"""

import gzip
import struct
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray

from gaussianmotion.export.ply import SH0
from gaussianmotion.export.posed import Splats
from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.runtime.errors import UserError

MAGIC = 0x5053474E
VERSION = 3
COLOUR_SCALE = 0.15
# Bits of a position behind the point, of 24 with the sign: 1 micrometre within 8 m.
FINEST = 20


def write_spz(path: Path, splats: Splats) -> None:
    """Write splats as .spz; the same splats, the same bytes.

    Raises:
        UserError: the splats are too far from the origin, or the file cannot be written.
    """
    data = gzip.compress(spz_bytes(splats), compresslevel=9, mtime=0)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def spz_bytes(splats: Splats) -> bytes:
    """The stream before compression."""
    farthest = max(float(np.abs(splats.means).max()), 1e-3)
    bits = min(FINEST, 22 - int(np.ceil(np.log2(farthest))))
    if bits < 8:
        raise UserError(f"a .spz holds places within 16 km, but one is {farthest:.0f} m away")
    header = struct.pack("<IIIBBBB", MAGIC, VERSION, len(splats), 0, bits, 0, 0)
    steps = np.round(splats.means * 2.0**bits).astype("<i4")
    positions = np.ascontiguousarray(steps).view(np.uint8).reshape(-1, 3, 4)[:, :, :3]
    alphas = np.round(splats.opacities * 255.0)
    harmonics = (splats.rgb - 0.5) / SH0
    colours = np.round((harmonics * COLOUR_SCALE + 0.5) * 255.0)
    scales = np.round((np.log(splats.scales) + 10.0) * 16.0)
    parts = (positions, alphas, colours, scales, smallest_three(splats.quats))
    return header + b"".join(part.clip(0, 255).astype(np.uint8).tobytes() for part in parts)


def smallest_three(quats: Float[ndarray, "N 4"]) -> UInt8[ndarray, "N 4"]:
    """Rotations in 32 bits: which of x, y, z, w is largest, and the other three in ten bits each.

    Args:
        quats: Unit, wxyz.
    """
    xyzw = quats[:, [1, 2, 3, 0]]
    largest = np.abs(xyzw).argmax(axis=1)
    sign = np.where(np.take_along_axis(xyzw, largest[:, None], 1) < 0, -1.0, 1.0)
    xyzw = xyzw * sign
    packed = largest.astype(np.uint32)
    for component in range(4):
        value = xyzw[:, component]
        size = np.round(511.0 * np.abs(value) * np.sqrt(2.0)).clip(0, 511).astype(np.uint32)
        appended = (packed << 10) | ((value < 0).astype(np.uint32) << 9) | size
        packed = np.where(largest == component, packed, appended)
    return packed.astype("<u4").view(np.uint8).reshape(-1, 4)
