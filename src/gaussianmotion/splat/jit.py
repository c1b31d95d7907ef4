"""How kernels are compiled: without the interpreter lock, and once for all processes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba


def kernel(function: Callable) -> Any:
    """Compile a function for numpy arrays; threads may run it side by side."""
    compiled: Any = numba.njit(nogil=True, error_model="numpy", cache=True)(function)
    # Numba keeps machine code until the function's own file changes, but these kernels also contain
    # code of their neighbours (vector operations, constants). Any change in this folder counts.
    files = sorted(Path(__file__).parent.glob("*.py"))
    stamp = tuple((file.name, file.stat().st_mtime, file.stat().st_size) for file in files)
    compiled._cache._cache_file._source_stamp = stamp
    return compiled
