"""The type checker of the tests: beartype, for functions that are defined once.

A function within another is defined anew by each call of it, and beartype takes two milliseconds to
write its checks: a rasteriser's loops have four. mypy sees to these.
"""

from typing import Any

from beartype import beartype


def checked(function: Any) -> Any:
    """What jaxtyping asks beartype for, but for functions within functions."""
    inner = "<locals>" in getattr(function, "__qualname__", "")
    return function if inner else beartype(function)
