"""The workflow's records of what was logged: they say whether it worked, and a failure is no end.

A store that is away must not stop a workflow, so a job that could not log ends well, with a record
that says so. The record counts the failures; the count is a parameter of the workflow's rule, so
that its next start sees another one and tries again. ``gaussianmotion sync`` makes up for it, too.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gaussianmotion.records.record import found_json
from gaussianmotion.runtime.atomic import write_json
from gaussianmotion.tracking.store import without_password


def write_logged(out: Path, what: Path, failures: int, log: Callable[[], str]) -> None:
    """Log, and write whether it worked.

    Args:
        out: The record.
        what: What is logged, for the line that says that it is not.
        failures: How often logging it failed before.
        log: Logs it; returns the run's id.
    """
    try:
        facts = {"logged": True, "run_id": log(), "failures": failures}
    except Exception as error:  # whatever a server or a database says
        warn(error, f"does not take {what}")
        facts = {"logged": False, "reason": reason_of(error)[:200], "failures": failures + 1}
    write_json(out, facts)


def failures_of(record: Path) -> int:
    """How often logging failed, as its record says; none where there is no record."""
    facts = found_json(record)
    count = facts.get("failures")
    return count if isinstance(count, int) else int(_failed(facts))


def mend(record: Path, run_id: str) -> None:
    """Note in a record of a failure that it was logged after all."""
    facts = found_json(record)
    if _failed(facts):
        # As if it had worked at once: the workflow need not try again.
        failures = max(failures_of(record) - 1, 0)
        write_json(record, {"logged": True, "run_id": run_id, "failures": failures})


def warn(error: Exception, when: str) -> None:
    """One line: what is not logged, and how to log it later."""
    print(
        f"gaussianmotion: warning: MLflow {when}: {reason_of(error)}; the files are complete, "
        "`gaussianmotion sync` logs them later",
        file=sys.stderr,
    )


def reason_of(error: Exception) -> str:
    """The first line of what a store says, without its password."""
    lines = without_password(str(error)).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:300]


def _failed(facts: dict[str, Any]) -> bool:
    return facts.get("logged") is False
