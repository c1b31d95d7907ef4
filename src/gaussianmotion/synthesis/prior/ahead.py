"""Batches drawn ahead of time by threads, so that a GPU does not wait for pictures."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

Drawn = TypeVar("Drawn")

#: Threads at most: reading, averaging and drawing of 1,000 pictures a step keeps a dozen busy.
_THREADS = 14


class Ahead(Generic[Drawn]):
    """What is drawn for a step, begun some steps before.

    What a step draws must depend on its number alone: results are the same without threads.
    """

    def __init__(self, draw: Callable[[int], Drawn], depth: int) -> None:
        """Set threads up.

        Args:
            draw: From the number of samples before a step to what it draws; thread-safe.
            depth: Steps drawn ahead; 0 draws when asked, in the caller's thread.
        """
        self._draw, self._depth = draw, depth
        self._begun: dict[int, Future[Drawn]] = {}
        self._pool = ThreadPoolExecutor(min(_THREADS, max(1, (os.cpu_count() or 2) - 2)))

    def take(self, done: int, batch: int) -> Drawn:
        """The draw after ``done`` samples; the next ones, ``batch`` samples apart, are begun."""
        if self._depth == 0:
            return self._draw(done)
        self._begun = {number: f for number, f in self._begun.items() if number >= done}
        for number in range(done, done + (self._depth + 1) * batch, batch):
            if number not in self._begun:
                self._begun[number] = self._pool.submit(self._draw, number)
        return self._begun.pop(done).result()

    def forget(self) -> None:
        """Drop what was begun: the data or the pictures' size have changed."""
        for future in self._begun.values():
            future.cancel()
        self._begun = {}
