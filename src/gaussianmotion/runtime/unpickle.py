"""Pickles from outside, read without running anything that they say.

A pickle is a program: it names functions and calls them. Here no name of a file is ever imported.
The few that files of arrays need (numpy's own, an ordered dict) stand for inert records of this
module; any other is refused before anything is built. Records become arrays only after the whole
file is read, from bytes that are in it, so that a file cannot ask for more memory than its size.
"""

import io
import pickle
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

# What stands for a name of a pickle: (module, name), or (top package, "*") for all of a package.
Names = Mapping[tuple[str, str], Any]


class Refused(Exception):
    """A pickle asks for what is not allowed; the message goes on from "it is refused: "."""


class PickledObject:
    """Stands for an object of a class that is not built; keeps the pickled state only."""

    def __init__(self, *arguments: Any) -> None:
        self.state: Any = {}

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _NdArray:
    """Stands for the class numpy.ndarray, which cannot be called here."""


class _Dtype(PickledObject):
    """numpy.dtype: its type code, such as f8, and its byte order."""

    def __init__(self, code: str, *flags: Any) -> None:
        if not isinstance(code, str) or not code[:1].isalpha() or not code[1:].isdigit():
            raise Refused(f"it holds values of the type {code!r}")
        super().__init__()
        self.code = code

    @property
    def plain(self) -> np.dtype:
        big = isinstance(self.state, tuple) and self.state[1] == ">"
        return np.dtype(self.code).newbyteorder(">" if big else "<")


class _Array(PickledObject):
    """numpy.ndarray: state is (version, shape, dtype, whether Fortran's order, bytes or list)."""

    @property
    def plain(self) -> Any:
        _, shape, dtype, fortran, raw = self.state
        if dtype.code.startswith("O"):
            array = np.empty(len(raw), dtype=object)
            array[:] = [_plain_once(value) for value in raw]
        else:
            raw = raw.encode("latin1") if isinstance(raw, str) else raw
            array = np.frombuffer(raw, dtype.plain)
        return array.reshape(shape, order="F" if fortran else "C")


def _make_array(cls: Any, shape: Any, code: Any) -> _Array:
    if cls is not _NdArray:
        raise Refused("only plain arrays may be rebuilt")
    return _Array()


def _make_array_of_buffer(buffer: Any, dtype: _Dtype, shape: Any, order: str) -> _Array:
    array = _Array()
    array.state = (1, shape, dtype, order == "F", bytes(buffer))
    return array


def _make_scalar(dtype: _Dtype, raw: Any) -> Any:
    raw = raw.encode("latin1") if isinstance(raw, str) else raw
    return np.frombuffer(raw, dtype.plain)[0]


def _make_record(cls: type, base: Any = object, state: Any = None) -> PickledObject:
    """In place of copyreg._reconstructor, which old protocols use to make objects."""
    if not (isinstance(cls, type) and issubclass(cls, PickledObject)):
        raise Refused("only arrays may be rebuilt")
    return cls()


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """In place of _codecs.encode, by which protocol 2 writes bytes."""
    return text.encode("latin1")


def _make_dict(*arguments: Any) -> dict:
    """In place of OrderedDict and defaultdict, whose items a pickle sets afterwards."""
    return {}


class _JoblibArray(PickledObject):
    """joblib's wrapper: the array's bytes follow it in the file."""


NUMPY_NAMES: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _NdArray,
    ("numpy", "dtype"): _Dtype,
    ("copy_reg", "_reconstructor"): _make_record,
    ("copyreg", "_reconstructor"): _make_record,
    ("_codecs", "encode"): _encode,
    ("collections", "OrderedDict"): _make_dict,
    ("collections", "defaultdict"): _make_dict,
    ("joblib.numpy_pickle", "NumpyArrayWrapper"): _JoblibArray,
}
for _builtins in ("builtins", "__builtin__"):
    NUMPY_NAMES[_builtins, "object"] = object
    NUMPY_NAMES[_builtins, "dict"] = dict
for _core in ("numpy.core", "numpy._core"):
    NUMPY_NAMES[f"{_core}.multiarray", "_reconstruct"] = _make_array
    NUMPY_NAMES[f"{_core}.multiarray", "scalar"] = _make_scalar
    NUMPY_NAMES[f"{_core}.numeric", "_frombuffer"] = _make_array_of_buffer


# Python's own unpickler that is written in Python: its steps can be replaced, and it reads no
# further than it must, so that arrays between its parts can be read.
_InPython: Any = pickle._Unpickler


class Unpickler(_InPython):
    """Reads pickles with nothing to call but ``names``.

    Args:
        file: The pickle, at its start.
        names: What stands for the names of the file.
        persistent: Gives the object of a persistent id (torch keeps arrays outside the pickle).
    """

    def __init__(
        self, file: io.BytesIO, names: Names, persistent: Callable[[Any], Any] | None = None
    ) -> None:
        super().__init__(file, encoding="latin1")
        self._stream = file
        self._names = names
        self._persistent = persistent

    def find_class(self, module: str, name: str) -> Any:
        """What stands for a name.

        Raises:
            Refused: nothing does.
        """
        for key in ((module, name), (module.partition(".")[0], "*")):
            if key in self._names:
                return self._names[key]
        raise Refused(f"it asks for {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        """The object that is kept outside the pickle."""
        if self._persistent is None:
            raise Refused("it refers to data outside the file")
        return self._persistent(pid)

    def get_extension(self, code: int) -> None:
        """Classes by number are of this process alone."""
        raise Refused("it asks for a registered extension")

    def load_build(self) -> None:
        """Set a record's state; where it is joblib's wrapper, read the array behind it."""
        state, target = self.stack[-1], self.stack[-2]
        if not isinstance(target, PickledObject):
            raise Refused(f"it sets the state of {type(target).__name__}")
        self.stack.pop()
        target.__setstate__(state)
        if isinstance(target, _JoblibArray):
            self.stack[-1] = _behind(target, self._stream)

    dispatch: ClassVar = {
        **_InPython.dispatch,
        pickle.BUILD[0]: load_build,
    }


def _behind(wrapper: _JoblibArray, stream: io.BytesIO) -> _Array:
    """The array whose bytes stand in the file at this place."""
    state = wrapper.state
    dtype, shape = state["dtype"], tuple(int(n) for n in state["shape"])
    if dtype.code.startswith("O"):
        raise Refused("it holds an array of Python objects")
    if state.get("numpy_array_alignment_bytes") is not None:
        stream.read(stream.read(1)[0])
    size = dtype.plain.itemsize
    for length in shape:
        size *= length
    raw = stream.read(size) if 0 <= size <= len(stream.getbuffer()) else b""
    if len(raw) != size:
        raise EOFError
    array = _Array()
    array.state = (1, shape, dtype, state["order"] == "F", raw)
    return array


def load_plain(data: bytes | io.BytesIO, names: Names = NUMPY_NAMES, persistent: Any = None) -> Any:
    """What a pickle holds: numbers, texts, lists, dicts, arrays, and records of unknown classes.

    Args:
        data: The pickle, or a stream that stands at its start.
        names: What stands for the names of the file; :data:`NUMPY_NAMES` and more.
        persistent: As of :class:`Unpickler`.

    Raises:
        Refused: the pickle asks for anything else, and says for what.
        Exception: of any kind, where the pickle is damaged.
    """
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    return plain(Unpickler(stream, names, persistent).load())


def plain(value: Any, seen: dict[int, Any] | None = None) -> Any:
    """The value with every record of an array replaced by the array, containers included."""
    seen = {} if seen is None else seen
    if id(value) in seen:
        return seen[id(value)]
    if isinstance(value, _Array):
        seen[id(value)] = value.plain
    elif isinstance(value, PickledObject):
        seen[id(value)] = value
        value.state = plain(value.state, seen)
    elif isinstance(value, dict):
        seen[id(value)] = value
        for key, inner in value.items():
            value[key] = plain(inner, seen)
    elif isinstance(value, list):
        seen[id(value)] = value
        value[:] = [plain(inner, seen) for inner in value]
    elif isinstance(value, tuple):
        seen[id(value)] = tuple(plain(inner, seen) for inner in value)
    else:
        return value
    return seen[id(value)]


def _plain_once(value: Any) -> Any:
    return plain(value)
