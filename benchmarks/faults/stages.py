"""Stages that are ended at random moments: they go on to the same files, bit for bit."""

from faults.case import (
    COLLECT,
    KILLED,
    RENDER,
    SCORE,
    STOPPED,
    TABLE,
    TRAIN,
    Fault,
)
from faults.processes import interrupt_twice, kill, terminate

_STAGES = {
    "training": TRAIN,
    "rendering": RENDER,
    "scoring": SCORE,
    "collecting": COLLECT,
    "a table": TABLE,
}
_WAYS = (
    ("kill -9", kill, KILLED, ""),
    ("SIGTERM", terminate, STOPPED, ""),
    ("Ctrl-C twice", interrupt_twice, STOPPED, ""),
)
CASES = [
    Fault(f"{way} of {what}", run, strike=strike, codes=codes, says=says, moments=True)
    for what, run in _STAGES.items()
    for way, strike, codes, says in _WAYS
]
