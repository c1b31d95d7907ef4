"""How kernels are compiled: without the interpreter lock, and once for all processes."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba


def inlined(function: Callable) -> Any:
    """A piece that kernels share: copied into each when that is compiled, so no call is made."""
    compiled: Any = numba.njit(inline="always")(inspect.unwrap(function))
    return compiled


def kernel(function: Callable) -> Any:
    """Compile a function for numpy arrays; threads may run it side by side."""
    # The tests' import hook wraps every function in a check of its annotations; Numba needs the
    # function itself.
    compiled: Any = numba.njit(nogil=True, error_model="numpy", cache=True)(
        inspect.unwrap(function)
    )
    # Numba keeps machine code until the function's own file changes, but these kernels also contain
    # code of their neighbours (vector operations, constants). Any change in this folder, or
    # of the constants, counts.
    here = Path(__file__).parent
    files = sorted([*here.glob("*.py"), here.with_name("constants.py")])
    stamp = tuple((file.name, file.stat().st_mtime, file.stat().st_size) for file in files)
    compiled._cache._cache_file._source_stamp = stamp
    return compiled
