"""The skeleton that all trainings of ``synthesis`` share: begin or go on, advance, keep, stop.

A training is killed at any moment and goes on from its last checkpoint; it is never gone on with
under other settings; two processes never train in one folder; the first SIGINT or SIGTERM ends it
with its state kept.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.file_lock import try_hold
from gaussianmotion.synthesis.prior.checkpoint import digest_of, load_to_resume, save_checkpoint
from gaussianmotion.synthesis.reporting import Report, log_line
from gaussianmotion.training.process import stop_on_signal

#: Seconds between two checkpoints of a long training.
SAVE_EVERY = 600.0


@runtime_checkable  # so that the tests' run-time checks of signatures can look at it
class Training(Protocol):
    """What advances; everything that the next step depends on is in its state.

    Attributes:
        done: How far it is, in steps or samples.
        seconds: Spent so far, over all its processes.
    """

    done: int
    seconds: float

    def advance(self) -> None:
        """One optimiser step."""
        ...

    def state(self) -> dict[str, Any]:
        """Tensors, numbers and strings, in dicts and lists."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state of :meth:`state`."""
        ...


@dataclass(frozen=True)
class Keeping:
    """Where a training is kept, and what a resumed one must share with it.

    Attributes:
        path: The checkpoint.
        kind: See :func:`~gaussianmotion.synthesis.prior.checkpoint.load_checkpoint`.
        settings: Must be equal on resuming.
        data: So must these facts of what it is trained on.
        every: Seconds between checkpoints.
    """

    path: Path
    kind: str
    settings: dict[str, Any]
    data: dict[str, Any] = field(default_factory=dict)
    every: float = SAVE_EVERY

    @property
    def digest(self) -> str:
        """Of what a resumed training must share with the interrupted one."""
        return digest_of({**self.settings, **self.data})

    def load(self) -> dict[str, Any] | None:
        """The interrupted training; None where none has begun.

        Raises:
            UserError: the file is damaged, or of other settings.
        """
        return load_to_resume(self.path, self.kind, self.digest, self.settings)

    def save(self, training: Training) -> None:
        """Write the state; the file before stays where that fails."""
        facts = {
            "digest": self.digest,
            "settings": self.settings,
            "done": training.done,
            "seconds": training.seconds,
        }
        save_checkpoint(self.path, self.kind, facts | training.state())


def finished(keeping: Keeping, until: int) -> bool:
    """Whether a training got to ``until``; a checkpoint of other settings is said here already."""
    state = keeping.load()
    return state is not None and int(state["done"]) >= until


def resume(training: Training, keeping: Keeping, report: Report = log_line) -> bool:
    """Take up what was kept; whether there was anything."""
    state = keeping.load()
    if state is None:
        return False
    training.restore(state)
    training.done, training.seconds = int(state["done"]), float(state["seconds"])
    report(f"going on from {keeping.path} at {training.done:,}")
    return True


def run(
    training: Training,
    keeping: Keeping,
    until: int,
    after_step: Callable[[], None] = lambda: None,
    report: Report = log_line,
) -> None:
    """Advance until ``training.done`` reaches ``until``; checkpoints by the clock and at the end.

    Args:
        training: New or resumed.
        keeping: Where its states go.
        until: In the units of ``done``.
        after_step: Called after each step (to log, to measure).
        report: Receives a line where it is stopped.

    Raises:
        SystemExit: status 130, where it was asked to stop before it got there: what would follow is
            of a finished training.
    """
    saved = tick = time.monotonic()
    begun = training.done
    with stop_on_signal() as stop:
        while training.done < until and not stop.requested:
            training.advance()
            now = time.monotonic()
            training.seconds, tick = training.seconds + now - tick, now
            after_step()
            tick = time.monotonic()  # what is measured in between is no training
            if tick - saved >= keeping.every:
                keeping.save(training)
                saved = tick
        if training.done > begun:
            keeping.save(training)
    if stop.requested and training.done < until:
        report(f"stopped at {training.done:,}; the same command goes on from {keeping.path}")
        raise SystemExit(130)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a folder for this process.

    Raises:
        UserError: another process trains there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".training.lock", "a+", encoding="utf-8") as handle:
        if not try_hold(handle.fileno()):
            handle.seek(0)
            owner = handle.read().strip() or "unknown"
            raise UserError(
                f"another training (process {owner}) works in {folder}: wait for it, stop it, or "
                "choose another folder"
            )
        handle.seek(0)
        handle.truncate()
        handle.write(f"{os.getpid()}\n")
        handle.flush()
        yield
