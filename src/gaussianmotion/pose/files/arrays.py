"""Every array of a motion file has a shape, a type and a range, and all are checked here."""

from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from gaussianmotion.pose.files.recording import Array
from gaussianmotion.runtime.errors import UserError

# A rotation vector is at most pi long; files that follow a spin may go round once more. Degrees do
# not stay below this: an arm that hangs is 70 of them from SMPL's rest pose.
LARGEST_ANGLE = 4 * np.pi
# No position, angle or number of a frame is larger, in whatever unit.
LARGEST = 1e9
# How far from orthonormal the rotation matrices of a file may be.
ORTHONORMAL = 1e-2

Shape = tuple[int | None, ...]


def numbers(value: Any, key: str, path: Path, shape: Shape | None = None) -> Array:
    """Finite numbers of a shape, float64.

    Args:
        value: An array, or what numpy makes one of.
        key: Its name in the file.
        path: The file.
        shape: None stands for any length.

    Raises:
        UserError: it holds something else, or has another shape.
    """
    array = as_array(value, key, path)
    if array.dtype.kind not in "fiu":
        raise UserError(f"{path}: {key} holds {array.dtype}, not numbers")
    if shape is not None and not _fits(array.shape, shape):
        text = " x ".join("T" if length is None else str(length) for length in shape)
        raise UserError(f"{path}: {key} has shape {array.shape}, but {text} is needed")
    with np.errstate(invalid="ignore"):  # damaged half or single precision
        array = array.astype(np.float64)
    rows = np.atleast_1d(array).reshape(len(np.atleast_1d(array)), -1) if array.size else array[:0]
    for wrong, what in (
        (~np.isfinite(rows), "values that are not numbers"),
        (np.abs(rows) > LARGEST, f"values beyond {LARGEST:.0e}"),
    ):
        if wrong.any():
            frame = int(wrong.any(axis=-1).argmax())
            raise UserError(
                f"{path}: {key} has {what}, first in frame {frame}: cut those frames out"
            )
    return array


def as_array(value: Any, key: str, path: Path) -> np.ndarray:
    """An array of whatever the file has.

    Raises:
        UserError: it is a list of lists of different lengths.
    """
    try:
        return np.asarray(value)
    except ValueError:
        raise UserError(f"{path}: {key} is a ragged list, not an array of numbers") from None


def _fits(shape: tuple[int, ...], wanted: Shape) -> bool:
    return len(shape) == len(wanted) and all(
        want in (None, have) for have, want in zip(shape, wanted, strict=True)
    )


def one_number(value: Any, key: str, path: Path) -> float:
    """One positive number, a rate or a scale.

    Raises:
        UserError: it is anything else.
    """
    array = as_array(value, key, path)
    fine = array.size == 1 and array.dtype.kind in "fiu" and 0 < float(array.item()) < 10_000
    if not fine:
        raise UserError(f"{path}: {key} must be one positive number")
    return float(array.item())


def text(value: Any) -> str:
    """A word or a sentence of a file; nothing where it is none."""
    if isinstance(value, str | bytes):
        return value if isinstance(value, str) else value.decode("utf-8", errors="replace")
    one = isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "US"
    return text(value.item()) if one else ""


def axis_angles(value: Any, key: str, path: Path, shape: Shape | None = None) -> Array:
    """Rotation vectors in radians, of a plausible length; vectors along the last axis.

    Raises:
        UserError: as of :func:`numbers`, or they are degrees or no rotations at all.
    """
    array = numbers(value, key, path, shape)
    if not array.size:  # of no frames, which is told by whoever counts them
        return array
    lengths = np.linalg.norm(array.reshape(len(array), -1, 3), axis=-1).max(-1, initial=0.0)
    if len(lengths) and lengths.max() > LARGEST_ANGLE:
        frame = int(lengths.argmax())
        raise UserError(
            f"{path}: {key} turns a joint by {lengths[frame]:.4g} radians in frame {frame}, which "
            "is no rotation: are these degrees? write radians (degrees x pi / 180)"
        )
    return array


def matrices(value: Any, key: str, path: Path, shape: Shape) -> Array:
    """Rotation matrices as rotation vectors; matrices along the last two axes.

    Raises:
        UserError: as of :func:`numbers`, or they are no rotations.
    """
    array = numbers(value, key, path, shape)
    if not array.size:
        return array[..., 0]
    gram = array @ np.swapaxes(array, -1, -2)
    off = np.abs(gram - np.eye(3)).reshape(len(array), -1).max(-1, initial=0.0)
    off = np.maximum(off, (np.linalg.det(array) < 0).reshape(len(array), -1).max(-1, initial=False))
    if len(off) and not off.max() <= ORTHONORMAL:
        raise UserError(
            f"{path}: {key} holds matrices that are no rotations, first in frame "
            f"{int((off > ORTHONORMAL).argmax())}"
        )
    flat = Rotation.from_matrix(array.reshape(-1, 3, 3)).as_rotvec()
    return flat.reshape(*array.shape[:-1])


def six_numbers(value: Array, key: str, path: Path) -> Array:
    """Rotations as the first two rows of their matrices (Zhou et al. 2019), as rotation vectors.

    Args:
        value: The six numbers along the last axis.
        key: Their name in the file.
        path: The file.

    Raises:
        UserError: the rows are zero, or parallel to each other.
    """
    first, second = value[..., :3], value[..., 3:]
    length = np.linalg.norm(first, axis=-1, keepdims=True)
    first = first / np.maximum(length, 1e-12)
    second = second - (first * second).sum(-1, keepdims=True) * first
    rest = np.linalg.norm(second, axis=-1, keepdims=True)
    if min(length.min(initial=1.0), rest.min(initial=1.0)) < 1e-6:
        raise UserError(f"{path}: {key} holds six numbers that are no rotation, such as zeros")
    second = second / rest
    rows = np.stack([first, second, np.cross(first, second)], axis=-2)
    return Rotation.from_matrix(rows.reshape(-1, 3, 3)).as_rotvec().reshape(*value.shape[:-1], 3)


def check_length(count: int, path: Path) -> None:
    """A motion has at least two frames.

    Raises:
        UserError: it has fewer.
    """
    if count == 0:
        raise UserError(f"{path} has no frames")
    if count == 1:
        raise UserError(f"{path} has one frame; a motion needs at least two")
