"""What the pipeline prints: one line per job, one per failure.

A logger plugin of Snakemake (``--logger gaussianmotion``, set in ``profiles/default``). Jobs write
their own progress and their own one-line errors to the terminal; Snakemake's account of a failure
(command, parameters, traceback) is in ``.snakemake/log`` for those who want it. Dry runs are shown
as Snakemake shows them.
"""

import logging
import re
import signal
import sys
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_gaussianmotion.configuration_files import LogHandlerSettings

__all__ = ["LogHandler", "LogHandlerSettings"]

_LOCKED = (
    "another run is working in this folder: wait for it to end; if it was killed, "
    "`snakemake --unlock` frees the folder"
)
# How subprocess says that a command was ended by a signal, and how a shell says it of its own.
_SIGNAL = re.compile(r"died with <Signals\.\w+: (\d+)>|non-zero exit status (1[2-5]\d)")
_RESTARTED = re.compile(r"Trying to restart job (\d+)")
# Snakemake's remarks around a failed job, which add nothing to the job's own line.
_NOISE = (
    "RuleException",
    "CalledProcessError",
    "WorkflowError:\nAt least one job did not complete",
    "Shutting down",
    "Exiting because",
    "Removing output files",
    "Retries exhausted",
)


class LogHandler(LogHandlerBase):
    """Prints job starts, failures and warnings to standard error."""

    def __post_init__(self) -> None:
        # After Ctrl-C Snakemake drops its handlers while jobs still end; what it says of them then
        # would reach the terminal raw, through Python's handler of last resort.
        logging.lastResort = None
        self._started = 0
        self._total = 0
        self._messages: dict[int, str] = {}
        self._failed: set[int] = set()
        self._again: set[int] = set()
        self._ends: list[str] = []

    @property
    def writes_to_stream(self) -> bool:
        return True

    @property
    def writes_to_file(self) -> bool:
        return False

    @property
    def has_filter(self) -> bool:
        return False

    @property
    def has_formatter(self) -> bool:
        return False

    @property
    def needs_rulegraph(self) -> bool:
        return False

    def emit(self, record: logging.LogRecord) -> None:
        """Print what a user needs to know of a record."""
        text = self._dry_run(record) if self.common_settings.dryrun else self._text(record)
        if text:
            print(text, file=sys.stderr, flush=True)

    def _dry_run(self, record: logging.LogRecord) -> str:
        return self.format(record)

    def _text(self, record: logging.LogRecord) -> str | None:
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO:
            counts = {rule: n for rule, n in record.__dict__["stats"].items() if rule != "all"}
            self._total = sum(n for rule, n in counts.items() if rule != "total")
            return f"{self._total} jobs to do"
        if event == LogEvent.JOB_INFO:
            what = getattr(record, "rule_msg", None) or getattr(record, "rule_name", "")
            if what == "all":
                return None
            job = record.__dict__["jobid"]
            if job in self._again:
                self._again.discard(job)
                return f"again: {what}"
            self._started += 1
            self._messages[job] = what
            return f"[{self._started}/{self._total}] {what}"
        if event == LogEvent.JOB_ERROR:
            return self._failure(record)
        if event not in (None, LogEvent.ERROR):
            return None
        if record.getMessage().startswith("RuleException"):
            self._ends.append(record.getMessage())  # how the command of a job ended
        return self._remark(record)

    def _failure(self, record: logging.LogRecord) -> str | None:
        logs = [str(path) for path in getattr(record, "log", None) or []]
        job = record.__dict__["jobid"]
        if job in self._failed:  # Snakemake tells of a job that runs on this computer twice
            return None
        self._failed.add(job)
        what = self._messages.get(job, f"rule {record.__dict__['rule_name']}")
        command = getattr(record, "shellcmd", None)
        ends = [_signal_of(text) for text in self._ends if command and command in text]
        if signal.SIGINT in ends:  # Ctrl-C, after which the job has said where it stopped
            return f"stopped: {what}"
        killed = next((reason for number in ends if (reason := _killed(number))), "")
        line = f"failed: {what}{killed}" + (f"; log: {', '.join(logs)}" if logs else "")
        if self.common_settings.show_failed_logs:
            line += "".join(f"\n  {_last_line(path)}" for path in logs)
        return line

    def _remark(self, record: logging.LogRecord) -> str | None:
        text = record.getMessage().strip()
        restarted = _RESTARTED.match(text)
        if restarted is not None:  # of a rule or a profile with retries
            job = int(restarted[1])
            self._failed.discard(job)
            self._again.add(job)
            return None
        if "cannot be locked" in text:
            return f"gaussianmotion: {_LOCKED}"
        if text.startswith("Nothing to be done"):
            return "everything is up to date"
        if record.levelno < logging.WARNING or text.startswith(_NOISE):
            return None
        return text


def _signal_of(text: str) -> int:
    """The signal that ended a command, by what Snakemake says of its end; 0 where none did."""
    found = _SIGNAL.search(text)
    return 0 if found is None else int(found[1] or int(found[2]) - 128)


def _killed(number: int) -> str:
    """Why a command says nothing of its end: a signal that cannot be caught; else nothing."""
    if number == signal.SIGKILL:
        return (
            ": it was killed (signal 9), probably because memory ran out: free some, or run fewer "
            "jobs at once (--cores)"
        )
    crashes = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGABRT, signal.SIGFPE)
    return f": it crashed ({signal.Signals(number).name})" if number in crashes else ""


def _last_line(path: str) -> str:
    try:
        lines = Path(path).read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    return next((line for line in reversed(lines) if line.strip()), "")
