"""What a failed job should have made is made by the next run, whatever that run is asked for.

Snakemake deletes the outputs of a job before it starts, and again when it fails. Where the files
made of them are still there, it then takes the missing ones for intermediate files that nobody
needs: after a failed second training, pictures and tables of the first one count as up to date.
Here each output that is missing is made again as soon as its job is part of a run.
"""

import os
from typing import Any


def plan_missing_outputs() -> None:
    """Let every job of this process's workflow run whose outputs are not all there.

    Snakemake has no setting for that. ``DAG.check_incomplete`` decides which jobs are run again
    because their files are not whole; it is called once, when all jobs are known and before it is
    worked out which of them run. Should another version rename it, ``tests/workflow`` fails: look
    for what fills ``DAG.forcefiles`` there.
    """
    from snakemake.dag import DAG

    decide = DAG.check_incomplete

    async def check_incomplete(dag: Any) -> None:
        await decide(dag)
        for job in dag.jobs:
            if not all(os.path.exists(path) for path in job.output):
                dag.forcefiles.update(job.output)

    DAG.check_incomplete = check_incomplete
