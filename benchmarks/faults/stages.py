"""Stages that are ended at random moments: they go on to the same files, bit for bit."""

from faults.case import KILLED, STAGES, STOPPED, Fault
from faults.processes import interrupt_twice, kill, terminate

_WAYS = (
    ("kill -9", kill, KILLED, ""),
    ("SIGTERM", terminate, STOPPED, ""),
    ("Ctrl-C twice", interrupt_twice, STOPPED, ""),
)
CASES = [
    Fault(f"{way} of {what}", run, strike=strike, codes=codes, says=says, moments=True)
    for what, run in STAGES.items()
    for way, strike, codes, says in _WAYS
]
