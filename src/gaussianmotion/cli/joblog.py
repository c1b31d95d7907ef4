"""A job's messages, on the terminal and in its log file.

The log is written by the process itself, not by a ``tee`` behind a pipe: Ctrl-C would kill the
``tee`` first and take the last messages, and the checkpoint, with it.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TextIO

from gaussianmotion.runtime.errors import UserError

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Tee:
    """A standard error that also writes finished lines, without terminal codes, to a file."""

    def __init__(self, terminal: TextIO, file: IO[bytes]) -> None:
        self._terminal = terminal
        self._file = file
        self._line = ""
        self._lost = False

    def write(self, text: str) -> int:
        """Show ``text`` at once; log the lines that it completes."""
        self._terminal.write(text)
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            # Of a progress bar that redraws its line, only the last state is worth keeping.
            plain = _ANSI.sub("", line).rstrip("\r").rpartition("\r")[2].rstrip()
            if plain:
                self._log(plain)
        return len(text)

    def _log(self, line: str) -> None:
        """A full disk is the results' to tell of: without its log, a job goes on."""
        if self._lost:
            return
        try:
            self._file.write(f"{line}\n".encode())
        except OSError as error:
            self._lost = True
            self._terminal.write(
                f"gaussianmotion: warning: --log {self._file.name}: the log ends here "
                f"({error.strerror})\n"
            )

    def flush(self) -> None:
        """Flush the terminal; the file is written line by line."""
        self._terminal.flush()

    def isatty(self) -> bool:
        """Whether progress bars may be drawn."""
        return self._terminal.isatty() and os.environ.get("GAUSSIANMOTION_BARS") != "0"

    def fileno(self) -> int:
        """The terminal's, for child processes."""
        return self._terminal.fileno()

    @property
    def encoding(self) -> str:
        """The terminal's."""
        return self._terminal.encoding

    @property
    def errors(self) -> str | None:
        """The terminal's."""
        return self._terminal.errors


@contextmanager
def job_log(path: str | None) -> Iterator[None]:
    """Write everything that goes to standard error to ``path`` too, where one is given."""
    if path is None:
        yield
        return
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        # Unbuffered: what a full disk refused must not be tried again when the file is closed.
        file = open(path, "wb", buffering=0)  # noqa: SIM115
    except OSError as error:
        raise UserError(f"--log {path}: cannot be written ({error.strerror})") from error
    terminal = sys.stderr
    sys.stderr = Tee(terminal, file)
    try:
        yield
    finally:
        sys.stderr = terminal
        file.close()
