"""Arrays of files: each has a shape, a type and a range, and all of that is checked in one place.

A file from elsewhere can hold any array under any name. What a reader relies on is written down as
an :class:`Array`; :func:`check` refuses everything else, in one line for all that is wrong, before
it becomes a white picture or an error of a linear solver an hour later.
"""

import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from gaussianmotion.runtime.errors import UserError

# Mistakes that are told of one file; more would say the same again.
MOST_MISTAKES = 3


@dataclass(frozen=True)
class Array:
    """What an array of a file must be.

    Attributes:
        shape: A size for each axis; a letter stands for one size wherever it occurs.
        kind: ``real``: becomes float32, from any precision; ``whole``: becomes int64.
        low: Smallest value.
        high: Largest value.
        unit: Of the values, for the message.
    """

    shape: tuple[int | str, ...]
    kind: Literal["real", "whole"] = "real"
    low: float = -np.inf
    high: float = np.inf
    unit: str = ""


def read_npz(path: Path, keys: Sequence[str]) -> dict[str, np.ndarray]:
    """Those of some arrays that an .npz holds; nothing is ever unpickled.

    Raises:
        UserError: it is damaged, no .npz whatever its name says, or holds Python objects.
    """
    try:
        data = path.read_bytes()  # numpy leaves a damaged file open
        if data.startswith(np.lib.format.MAGIC_PREFIX):
            raise UserError(
                f"{path} holds one array (.npy), whatever its name says: save the named arrays "
                "together with numpy.savez"
            )
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return {key: file[key] for key in keys if key in file.files}
    except OSError as error:
        if not error.errno:  # numpy's, of what is in it
            raise _damaged(path) from None
        raise UserError(f"{path} cannot be read ({error.strerror})") from None
    except ValueError as error:
        if "Object arrays" in str(error):
            raise UserError(
                f"{path} holds Python objects, which are not read: save its arrays as plain numbers"
            ) from None
        raise _damaged(path) from None
    # A damaged archive fails in many ways: its directory, its checksums, its compressed data.
    except (EOFError, KeyError, AttributeError, TypeError, zipfile.BadZipFile, zlib.error):
        raise _damaged(path) from None


def check(
    path: Path, arrays: Mapping[str, np.ndarray], wanted: Mapping[str, Array], remedy: str
) -> dict[str, np.ndarray]:
    """The arrays of a file as float32 and int64, once each of them is what it must be.

    Args:
        path: The file, for the message.
        arrays: What is in it, by name; others than those wanted are left out.
        wanted: What each must be.
        remedy: What to do about it, for the message.

    Raises:
        UserError: some are missing, or are something else; it names up to three of them.
    """
    sizes: dict[str, int] = {}
    mistakes, checked = [], {}
    for name, array in wanted.items():
        if name not in arrays:
            mistakes.append(f"{name!r} is missing")
            continue
        value = np.asarray(arrays[name])
        mistake = _mistake(value, array, sizes)
        if mistake is None:
            checked[name] = value.astype(np.float32 if array.kind == "real" else np.int64)
        else:
            mistakes.append(f"{name!r} {mistake}")
    if mistakes:
        more = len(mistakes) - MOST_MISTAKES
        text = "; ".join(mistakes[:MOST_MISTAKES]) + (f"; and {more} more" if more > 0 else "")
        raise UserError(f"{path}: {text}: {remedy}")
    return checked


def _mistake(value: np.ndarray, wanted: Array, sizes: dict[str, int]) -> str | None:
    """What is wrong with an array; sizes of letters are noted as they are met."""
    if value.dtype.kind not in "fiu":
        return f"holds {value.dtype}, not numbers"
    # Whole numbers that were saved as floats are whole numbers.
    if wanted.kind == "whole" and value.dtype.kind == "f" and (value != np.floor(value)).any():
        return "holds fractions, not whole numbers"
    needed = [sizes.get(size, size) if isinstance(size, str) else size for size in wanted.shape]
    fits = len(needed) == value.ndim and all(
        isinstance(want, str) or want == have
        for have, want in zip(value.shape, needed, strict=True)
    )
    if not fits:
        have, want = (" x ".join(map(str, shape)) or "one" for shape in (value.shape, needed))
        return f"has shape {have}, but {want} is needed"
    named = zip(value.shape, wanted.shape, strict=True)
    sizes |= {size: have for have, size in named if isinstance(size, str)}
    if not value.size:
        return "is empty"
    if wanted.kind == "real":
        with np.errstate(over="ignore"):
            value = value.astype(np.float32)
        if not np.isfinite(value).all():
            return "has values that are not finite numbers"
    low, high = value.min(), value.max()
    if low < wanted.low or high > wanted.high:
        wrong = high if high > wanted.high else low
        unit = f" {wanted.unit}" if wanted.unit else ""
        return f"holds {wrong:.4g}{unit}, but {wanted.low:.4g} to {wanted.high:.4g} is possible"
    return None


def _damaged(path: Path) -> UserError:
    return UserError(f"{path} is damaged or no .npz: copy or download it again")
