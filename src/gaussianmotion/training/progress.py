"""How far a training is and how long it will take: a bar on a terminal, lines elsewhere."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

# Seconds between two lines of a log: a training of minutes leaves a page, not a book.
LINE_EVERY = 15.0


class StepProgress:
    """Shows finished steps on standard error; use as a context manager."""

    def __init__(self, label: str, finished: int, total: int, show: bool = True) -> None:
        """Start at ``finished`` of ``total`` steps.

        Args:
            label: Names the training, such as "ours/red-dress, seed 0".
            show: False shows nothing.
        """
        self._label, self._start, self._total = label, finished, total
        self._began = self._last = time.monotonic()
        self._bar: Progress | None = None
        self._lines = show and not sys.stderr.isatty()
        if show and sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[note]}"),
                console=Console(stderr=True),
            )
            self._task = self._bar.add_task(label, total=total, completed=finished, note="")

    def update(self, finished: int, note: str) -> None:
        """Show that ``finished`` steps are done; ``note`` is a few words about them."""
        if self._bar is not None:
            self._bar.update(self._task, completed=finished, note=note)
        now = time.monotonic()
        if self._lines and (now - self._last >= LINE_EVERY or finished == self._total):
            self._last = now
            left = (now - self._began) / (finished - self._start) * (self._total - finished)
            print(
                f"{self._label}: step {finished} of {self._total}, {note}, {_duration(left)} to go",
                file=sys.stderr,
                flush=True,
            )

    def __enter__(self) -> "StepProgress":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
