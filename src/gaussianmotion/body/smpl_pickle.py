"""Read an SMPL .pkl without running anything that it says.

Beside numpy arrays, SMPL's files hold scipy's sparse matrices and chumpy arrays. Both become inert
records (:mod:`gaussianmotion.runtime.unpickle`) that are turned into arrays here. (chumpy itself
does not run on Python 3.11.)
"""

from pathlib import Path
from typing import Any

import numpy as np

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.unpickle import NUMPY_NAMES, PickledObject, Refused, load_plain


class _Chumpy(PickledObject):
    pass


class _Csc(PickledObject):
    pass


class _Csr(PickledObject):
    pass


_NAMES = {
    **NUMPY_NAMES,
    ("chumpy", "*"): _Chumpy,
    ("scipy.sparse.csc", "csc_matrix"): _Csc,
    ("scipy.sparse._csc", "csc_matrix"): _Csc,
    ("scipy.sparse.csr", "csr_matrix"): _Csr,
    ("scipy.sparse._csr", "csr_matrix"): _Csr,
}


def read_pickle(path: Path, keys: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The arrays of an SMPL .pkl.

    Args:
        path: The file.
        keys: Entries wanted; those that the file lacks are left out.

    Raises:
        UserError: the file is damaged, is not a dict of arrays, or asks for anything else.
    """
    try:
        content = load_plain(path.read_bytes(), _NAMES)
    except Refused as error:
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
            from scipy import sparse  # half a second, for SMPL's own files only

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
