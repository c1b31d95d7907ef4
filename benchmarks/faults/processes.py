"""Commands as processes that can be struck: a copy of this one, or Snakemake."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from forked import end_with

REPOSITORY = Path(__file__).resolve().parents[2]
# Seconds after which a command hangs, on a computer that does much else.
PATIENCE = 1200.0
_TICK = os.sysconf("SC_CLK_TCK")


class Running:
    """A command that runs.

    Attributes:
        moment: Share of an undisturbed run at which it is to be struck, from 0 to 1.
        usual: Seconds of the processor that an undisturbed run takes; 0 where unknown.
        folder: Where it runs.
        missed: Whether what was waited for never came.
    """

    def __init__(self, folder: Path, moment: float = 0.5, usual: float = 0.0) -> None:
        self.folder, self.moment, self.usual = folder, moment, usual
        self._said: IO[str] = tempfile.TemporaryFile(  # noqa: SIM115  # as long as this lives
            "w+", encoding="utf-8", errors="replace"
        )
        self._pid, self._code, self._began = 0, None, 0.0
        self._group, self._text = False, ""
        self._first = time.monotonic()
        self.seconds, self.processor, self.missed = 0.0, 0.0, False

    def fork(
        self, arguments: tuple[str, ...], environment: Mapping[str, str],
        within: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        """Run ``gaussianmotion`` in a copy of this process, which has the libraries loaded."""
        ready, tell = os.pipe()
        sys.stdout.flush()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads
            self._pid = os.fork()
        if self._pid == 0:
            end_with(
                lambda: _command(arguments, self.folder, environment, within, self._said, tell)
            )
        os.close(tell)
        os.read(ready, 1)
        os.close(ready)
        self._began, self._first = self.spent(), time.monotonic()

    def snakemake(self, arguments: tuple[str, ...], environment: Mapping[str, str]) -> None:
        """Run Snakemake in a group of its own, as a terminal would."""
        command = [sys.executable, "-m", "snakemake", *arguments]
        process = subprocess.Popen(
            command, cwd=self.folder, env={**os.environ, **environment},
            stdout=self._said, stderr=self._said, process_group=0,
        )  # fmt: skip
        self._pid, self._group, self._first = process.pid, True, time.monotonic()
        process.returncode = 0  # this class collects it

    def spent(self) -> float:
        """Seconds of the processor that the process has taken; a busy computer changes nothing."""
        try:
            fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / _TICK

    def wait_for_moment(self) -> None:
        """Return when the moment has come, or the command has ended."""
        while not self.ended() and self.spent() - self._began < self.moment * self.usual:
            time.sleep(0.002)

    def wait_for(self, there: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Return when something is there, or the command has ended.

        A strike that comes too early or too late shows nothing: ``missed`` says so.
        """
        until = time.monotonic() + seconds
        while not there():
            if self.ended() or time.monotonic() > until:
                self.missed = True
                return
            time.sleep(0.02)

    def send(self, number: int, everybody: bool = False) -> None:
        """Send a signal, if the command runs; to its jobs, too, where ``everybody``."""
        if not self.ended():
            os.killpg(self._pid, number) if everybody and self._group else os.kill(
                self._pid, number
            )

    def ended(self) -> bool:
        """Whether it has ended."""
        if self._code is None:
            done, status, used = os.wait4(self._pid, os.WNOHANG)
            if done:
                self._end(os.waitstatus_to_exitcode(status))
                self.seconds = time.monotonic() - self._first
                self.processor = used.ru_utime + used.ru_stime - self._began
        return self._code is not None

    def end(self, patience: float) -> int:
        """Wait for the end; returns the exit code, or -1000 of one that had to be killed."""
        until = time.monotonic() + patience
        while not self.ended():
            if time.monotonic() > until:
                self.send(signal.SIGKILL, everybody=True)
                os.waitpid(self._pid, 0)
                self._end(-1000)
                self.seconds = patience
            time.sleep(0.005)
        assert self._code is not None
        return self._code

    def said(self) -> str:
        """All that it printed until it ended."""
        return self._text

    def _end(self, code: int) -> None:
        self._said.seek(0)
        self._code, self._text = code, self._said.read()
        self._said.close()


def _command(
    arguments: tuple[str, ...], folder: Path, environment: Mapping[str, str],
    within: Callable[[], None] | None, said: IO[str], tell: int,
) -> int:  # fmt: skip
    for number in (1, 2):
        os.dup2(said.fileno(), number)
    sys.stdout, sys.stderr = open(1, "w"), open(2, "w")  # noqa: SIM115
    os.environ.update(environment)
    os.chdir(folder)
    from gaussianmotion.cli import main as command

    if within is not None:
        within()
    try:
        os.write(tell, b"+")
        code = command(list(arguments))
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except KeyboardInterrupt:  # before the command could hear it
        code = 130
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def kill(running: Running) -> None:
    """Kill -9 at the moment."""
    running.wait_for_moment()
    running.send(signal.SIGKILL)


def terminate(running: Running) -> None:
    """SIGTERM at the moment, as a scheduler does."""
    running.wait_for_moment()
    running.send(signal.SIGTERM)


def interrupt_twice(running: Running) -> None:
    """Ctrl-C at the moment, and again."""
    running.wait_for_moment()
    running.send(signal.SIGINT)
    time.sleep(0.05)
    running.send(signal.SIGINT)
