"""A progress bar with an estimate, on standard error; plain lines where there is no terminal."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Item = TypeVar("Item")


def tracked(items: Iterable[Item], total: int, label: str, show: bool = True) -> Iterator[Item]:
    """Pass ``items`` through, showing how many of ``total`` are done and the time left."""
    if not show:
        yield from items
    elif sys.stderr.isatty():
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as progress:
            yield from progress.track(items, total=total, description=label)
    else:  # a log file: one line is enough
        start = time.perf_counter()
        yield from items
        seconds = time.perf_counter() - start
        print(f"{label}: {total} frames in {seconds:.1f} s", file=sys.stderr)
