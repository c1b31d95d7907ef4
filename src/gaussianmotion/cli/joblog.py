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
from typing import TextIO

from gaussianmotion.errors import UserError

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Tee:
    """A standard error that also writes finished lines, without terminal codes, to a file."""

    def __init__(self, terminal: TextIO, file: TextIO) -> None:
        self._terminal = terminal
        self._file = file
        self._line = ""

    def write(self, text: str) -> int:
        """Show ``text`` at once; log the lines that it completes."""
        self._terminal.write(text)
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            # Of a progress bar that redraws its line, only the last state is worth keeping.
            plain = _ANSI.sub("", line).rstrip("\r").rpartition("\r")[2].rstrip()
            if plain:
                self._file.write(plain + "\n")
                self._file.flush()
        return len(text)

    def flush(self) -> None:
        """Flush the terminal; the file is flushed line by line."""
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
        file = open(path, "w", encoding="utf-8")  # noqa: SIM115
    except OSError as error:
        raise UserError(f"--log {path}: cannot be written ({error.strerror})") from error
    terminal = sys.stderr
    with file:
        sys.stderr = Tee(terminal, file)
        try:
            yield
        finally:
            sys.stderr = terminal
