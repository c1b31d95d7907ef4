"""Signals that end a command: they are heard, wherever they come in."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

# Seconds after which a signal that was lost is sent again.
_AGAIN = 0.05


@contextmanager
def heard() -> Iterator[None]:
    """While it lasts, SIGTERM stops a command as Ctrl-C does, and neither gets lost.

    Where Python takes objects apart (what weak references call, ``__del__``) exceptions are printed
    and forgotten. SQLAlchemy's events are such objects: Ctrl-C while MLflow's store is opened was a
    traceback, and the command went on.
    """
    usual = sys.unraisablehook
    waiting: list[threading.Timer] = []

    def hook(lost: Any) -> None:
        if not isinstance(lost.exc_value, KeyboardInterrupt):
            usual(lost)
            return
        # Not from here, where it would be lost once more.
        again = threading.Timer(_AGAIN, os.kill, (os.getpid(), signal.SIGINT))
        again.daemon = True
        again.start()
        waiting.append(again)

    signal.signal(signal.SIGTERM, _interrupt)
    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = usual
        for again in waiting:
            again.cancel()


def _interrupt(signum: int, frame: FrameType | None) -> None:
    """SIGTERM (a scheduler, Snakemake) stops a job as Ctrl-C does: resumably."""
    raise KeyboardInterrupt
