"""A training as a process among others: one per folder, and it stops when it is asked to."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from gaussianmotion.records.run_folder import LOCK
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.file_lock import try_hold


@contextmanager
def only_run_in(folder: Path) -> Iterator[None]:
    """Hold the folder for the life of the block; the lock ends with the process, however it ends.

    Raises:
        UserError: another process holds the folder, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o644)
    except (FileExistsError, NotADirectoryError):
        raise UserError(f"{folder} is not a folder: choose another one to train in") from None
    except OSError as error:
        raise UserError(
            f"cannot write in {folder} ({error.strerror}): choose a folder you own"
        ) from None
    try:
        if not try_hold(handle):  # without locks it is better to train than not to
            raise UserError(
                f"another training runs in {folder}: wait for it, stop it, or choose another folder"
            )
        yield
    finally:
        os.close(handle)


class StopRequest:
    """Whether the user, or a cluster's scheduler, asked for an end."""

    requested = False

    def end_unfinished(self, finished: int, steps: int, checkpoint: Path) -> None:
        """End with status 130 where an end was asked for and steps are left to be done.

        Args:
            finished: Steps that are done.
            steps: Those of the whole training.
            checkpoint: Where it will go on from.
        """
        if not self.requested or finished >= steps:
            return
        print(
            f"stopped after step {finished} of {steps}: the same command goes on from there "
            f"({checkpoint})",
            file=sys.stderr,
        )
        raise SystemExit(130)


@contextmanager
def stop_on_signal() -> Iterator[StopRequest]:
    """Turn the first SIGINT or SIGTERM into a request; a second one ends at once.

    Outside the main thread, where signals cannot be caught, the request never comes.
    """
    stop = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def request(number: int, frame: FrameType | None) -> None:
        stop.requested = True
        restore()

    for number in before:
        signal.signal(number, request)
    try:
        yield stop
    finally:
        restore()
