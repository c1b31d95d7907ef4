"""A log that cannot be written is one line, and the job goes on."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
WARNING = "gaussianmotion: warning: --log /dev/full: the log ends here (No space left on device)"
JOB = """
import sys
from gaussianmotion.cli.joblog import job_log
with job_log("/dev/full"):
    for step in range(3):
        print(f"step {step}", file=sys.stderr)
"""


def lines_of(*arguments: str) -> tuple[int, list[str]]:
    """Exit code and standard error of a program of ours."""
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=300, check=False
    )
    return done.returncode, done.stderr.splitlines()


def test_a_full_disk_ends_the_log_and_not_the_job() -> None:
    code, lines = lines_of("-c", JOB)
    assert (code, sorted(lines)) == (0, sorted(["step 0", "step 1", "step 2", WARNING]))


def test_a_mistake_is_still_one_line() -> None:
    command = ["-m", "gaussianmotion", "--log", "/dev/full", "sheet", "/nowhere", "/nowhere"]
    code, lines = lines_of(*command, "--out", "x.png")
    assert code == 2
    assert [line for line in lines if line != WARNING] == lines[:1]
    assert lines[0].startswith("gaussianmotion: sheet: give one folder")
