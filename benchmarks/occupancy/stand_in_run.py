"""A run of the workflow's real rules with stand-ins for the stages, by a clock that jumps."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from workflow_copy import clean_environment, copy_workflow

from occupancy.timeline import Ran, Timeline

_RUNNER = Path(__file__).with_name("virtual_time.py")


def run_in(folder: Path, arguments: Sequence[str], times: Path, gpus: int, cores: int) -> Timeline:
    """Run ``snakemake ARGUMENTS`` in a copy of the workflow.

    Args:
        folder: With the workflow's files and stand-ins, as ``copy_workflow`` makes it.
        arguments: More for Snakemake.
        times: Table of the jobs' seconds.
        gpus: ``--resources gpu=N``.
        cores: ``--cores N``.

    Raises:
        SystemExit: Snakemake failed; it has said why.
    """
    out = folder / "ran.json"
    command = [sys.executable, str(_RUNNER), str(times.resolve()), str(out), *arguments]
    command += ["--cores", str(cores), "--resources", f"gpu={gpus}"]
    said = folder / "said"
    with said.open("w") as log:
        done = subprocess.run(
            command, cwd=folder, env=clean_environment({}), stdout=log, stderr=log, check=False
        )
    if done.returncode or not out.exists():
        raise SystemExit(f"snakemake failed: {said.read_text()[-2000:]}")
    rows = json.loads(out.read_text())
    return Timeline(tuple(Ran(**row | {"gpus": tuple(row["gpus"])}) for row in rows), gpus, cores)


def stand_in_run(arguments: Sequence[str], times: Path, gpus: int, cores: int) -> Timeline:
    """The same in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="gpu-occupancy-") as folder:
        os.chmod(folder, 0o755)
        copy_workflow(Path(folder))
        return run_in(Path(folder), arguments, times, gpus, cores)
