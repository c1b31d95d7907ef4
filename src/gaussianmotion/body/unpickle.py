"""Read an SMPL .pkl without running anything that it says.

A pickle can call any function. This reader lets it make numpy arrays and nothing else: scipy
sparse matrices and chumpy arrays, which SMPL's files hold, become inert records that are turned
into arrays here. Any other name in the file is refused before it is even imported. (chumpy itself
does not run on Python 3.11.)
"""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy._core import multiarray
from scipy import sparse

from gaussianmotion.errors import UserError


class _Record:
    """Stands for an object of a class that is not built; keeps the pickled state only."""

    def __init__(self, *arguments: Any) -> None:
        self.state: dict[str, Any] = {}

    def __setstate__(self, state: Any) -> None:
        self.state = dict(state) if isinstance(state, dict) else {}


class _Chumpy(_Record):
    pass


class _Csc(_Record):
    pass


class _Csr(_Record):
    pass


def _make_record(cls: type, base: Any = object, state: Any = None) -> _Record:
    """In place of copyreg._reconstructor, which old protocols use to make objects."""
    if not (isinstance(cls, type) and issubclass(cls, _Record)):
        raise pickle.UnpicklingError("only arrays may be rebuilt")
    return cls()


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """In place of _codecs.encode, by which protocol 2 writes bytes."""
    return text.encode("latin1")


_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("copy_reg", "_reconstructor"): _make_record,
    ("copyreg", "_reconstructor"): _make_record,
    ("__builtin__", "object"): object,
    ("builtins", "object"): object,
    ("_codecs", "encode"): _encode,
    ("scipy.sparse.csc", "csc_matrix"): _Csc,
    ("scipy.sparse._csc", "csc_matrix"): _Csc,
    ("scipy.sparse.csr", "csr_matrix"): _Csr,
    ("scipy.sparse._csr", "csr_matrix"): _Csr,
}
for _module in ("numpy.core.multiarray", "numpy._core.multiarray"):
    _ALLOWED[_module, "_reconstruct"] = multiarray._reconstruct
    _ALLOWED[_module, "scalar"] = multiarray.scalar


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module.split(".")[0] == "chumpy":
            return _Chumpy
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}") from None


def read_pickle(path: Path, keys: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The arrays of an SMPL .pkl.

    Args:
        path: The file.
        keys: Entries wanted; those that the file lacks are left out.

    Raises:
        UserError: the file is damaged, is not a dict of arrays, or asks for anything else.
    """
    try:
        content = _Unpickler(io.BytesIO(path.read_bytes()), encoding="latin1").load()
    except pickle.UnpicklingError as error:
        raise UserError(
            f"{path} is refused: {error}, but an SMPL .pkl holds arrays only; get it again from "
            "its makers, or convert it to .npz"
        ) from None
    except Exception as error:  # A damaged pickle fails in any way it likes.
        raise UserError(
            f"{path} is not a whole pickle ({type(error).__name__}); get it again from its makers"
        ) from None
    if not isinstance(content, dict):
        raise UserError(f"{path} holds no dict of arrays, so it is not an SMPL file")
    return {key: _as_array(content[key], key, path) for key in keys if key in content}


def _as_array(value: Any, key: str, path: Path) -> np.ndarray:
    try:
        if isinstance(value, _Csc | _Csr):
            state = value.state
            build = sparse.csc_matrix if isinstance(value, _Csc) else sparse.csr_matrix
            parts = (state["data"], state["indices"], state["indptr"])
            return build(parts, shape=state["_shape"]).toarray()
        if isinstance(value, _Chumpy):
            return _chumpy_array(value)
        return np.asarray(value)
    except (KeyError, TypeError, ValueError, IndexError):
        raise UserError(
            f"{path}: {key!r} is an expression that cannot be read without chumpy; convert the "
            "file to .npz on a machine that has it"
        ) from None


def _chumpy_array(value: _Chumpy) -> np.ndarray:
    """The number behind a plain chumpy array ("x") or a selection of one ("a", "idxs")."""
    state = value.state
    if "x" in state:
        inner = state["x"]
        return _chumpy_array(inner) if isinstance(inner, _Chumpy) else np.asarray(inner)
    source = state["a"]
    whole = _chumpy_array(source) if isinstance(source, _Chumpy) else np.asarray(source)
    chosen = whole.ravel()[np.asarray(state["idxs"], dtype=np.int64)]
    shape = state.get("preferred_shape")
    return chosen if shape is None else chosen.reshape(shape)
