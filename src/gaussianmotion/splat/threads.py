"""Run kernels side by side, as many as torch may use threads.

Kernels release the interpreter lock, so plain threads do. Numba's own ``prange`` is not used: its
portable scheduler aborts when two threads enter it, and its OpenMP one brings a second team of
threads that spin against torch's.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any

import torch

_pools: dict[tuple[int, int], ThreadPoolExecutor] = {}


def for_each(function: Callable[..., Any], items: Iterable[tuple[Any, ...]]) -> None:
    """Call ``function(*item)`` for every item, in any order, and return when all are done.

    The caller's thread works too. Which thread takes which item must not matter to the result.
    """
    todo = list(items)
    helpers = min(torch.get_num_threads(), len(todo)) - 1
    if helpers < 1:
        for item in todo:
            function(*item)
        return
    lock = Lock()
    remaining = iter(todo)

    def work() -> None:
        while True:
            with lock:
                item = next(remaining, None)
            if item is None:
                return
            function(*item)

    futures: list[Future[None]] = [_pool(helpers).submit(work) for _ in range(helpers)]
    try:
        work()
    finally:
        # Also after an error: nobody may still write to the arrays when this returns.
        errors = [future.exception() for future in futures]
    for error in errors:
        if error is not None:
            raise error


def _pool(helpers: int) -> ThreadPoolExecutor:
    """The pool of this process (a forked child has no threads, so it needs its own)."""
    key = (os.getpid(), helpers)
    if key not in _pools:
        _pools[key] = ThreadPoolExecutor(helpers, thread_name_prefix="splat")
    return _pools[key]
