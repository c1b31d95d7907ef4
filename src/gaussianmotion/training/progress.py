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
        self._label, self._total = label, total
        self._last = time.monotonic()
        # When and after which step the clock started: after the first one, which compiles.
        self._clock: tuple[float, int] | None = None
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
            began, first = self._clock or (now, finished)
            parts = [f"{self._label}: step {finished} of {self._total}", note]
            if finished > first:
                left = (now - began) / (finished - first) * (self._total - finished)
                parts.append(f"{_duration(left)} to go")
            print(", ".join(parts), file=sys.stderr, flush=True)
        if self._clock is None:
            self._clock = (now, finished)

    def note(self, note: str) -> None:
        """Say what is done after the last step."""
        if self._bar is not None:
            self._bar.update(self._task, note=note)
        if self._lines:
            print(f"{self._label}: {note}", file=sys.stderr, flush=True)

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
