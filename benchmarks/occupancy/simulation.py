"""Snakemake's own scheduler on an experiment's own jobs, with a clock that jumps.

Nothing runs: ``snakemake --dry-run`` builds the jobs, and in place of listing them, this asks
Snakemake's scheduler again and again what it would start, each time a job would have ended.
"""

import heapq
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from occupancy.job_times import JobTimes, base_name
from occupancy.timeline import Ran, Timeline

# Of files that a job will have made. Where priorities are alike, Snakemake starts first what reads
# more bytes.
_BYTES = {".safetensors": 6_000_000, ".mp4": 500_000, ".png": 200_000, ".npz": 2_000_000}
_SMALL = 2_000


class Gpus:
    """Which GPUs are free; a job takes the first, as leases do."""

    def __init__(self, count: int) -> None:
        self._free = set(range(count))

    def take(self, count: int) -> tuple[int, ...]:
        """Take some."""
        taken = tuple(sorted(self._free)[:count])
        self._free -= set(taken)
        return taken

    def give_back(self, gpus: Sequence[int]) -> None:
        """Those of a job that has ended."""
        self._free |= set(gpus)


def simulate(scheduler: Any, times: JobTimes, gpus: int, cores: int) -> Timeline:
    """When each job would run.

    Args:
        scheduler: Snakemake's ``JobScheduler`` of a dry run.
        times: Of the jobs.
        gpus: ``--resources gpu=N``.
        cores: ``--cores N``.
    """
    dag = scheduler.workflow.dag
    # Equal jobs start in the order of their files: Snakemake's own order is that of a set.
    jobs = sorted(dag.needrun_jobs(), key=lambda job: (job.rule.name, *map(str, job.output)))
    needed = {job: [one for one in dag.dependencies[job] if dag.needrun(one)] for job in jobs}
    sizes = {path: _size(path) for job in jobs for path in job.input}
    free = {**scheduler.global_resources, "gpu": gpus, "_cores": cores}
    card, done, ran = Gpus(gpus), set[Any](), []
    running: list[tuple[float, int, Any, tuple[int, ...]]] = []
    waiting, now = jobs, 0.0
    while waiting or running:
        ready = [job for job in waiting if all(one in done for one in needed[job])]
        chosen = scheduler._job_selector(ready, waiting, free, sizes) if ready else []
        for job in chosen:
            _count(free, job, -1)
            taken = card.take(job.scheduler_resources.get("gpu", 0))
            end = now + times.of(job)
            heapq.heappush(running, (end, len(ran), job, taken))
            rule = base_name(job.rule.name)
            ran.append(Ran(rule, now, end, taken, job.scheduler_resources["_cores"]))
        waiting = [job for job in waiting if job not in set(chosen)]
        if not running:
            raise SystemExit(f"{len(waiting)} jobs can never start with {cores} cores")
        now, _, job, taken = heapq.heappop(running)
        done.add(job)
        card.give_back(taken)
        _count(free, job, 1)
    return Timeline(tuple(ran), gpus, cores)


def simulated(arguments: Sequence[str], times: JobTimes, gpus: int, cores: int) -> Timeline:
    """The jobs of ``snakemake ARGUMENTS`` on so many GPUs and cores.

    Raises:
        SystemExit: Snakemake itself cannot build the jobs; it has said why.
    """
    found: list[Timeline] = []

    def schedule(self: Any) -> bool:
        found.append(simulate(self, times, gpus, cores))
        return True

    with _replaced(schedule):
        snakemake("--dry-run", "--forceall", "--nolock", "--quiet", "all",
                  *("--cores", str(cores), "--resources", f"gpu={gpus}"), *arguments)  # fmt: skip
    if not found:
        raise SystemExit("snakemake has nothing to do, or could not build its jobs")
    return found[0]


def snakemake(*arguments: str) -> int:
    """Snakemake's command in this process; returns its exit code."""
    from snakemake.cli import main

    try:
        main(list(arguments))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
    return 0


class _replaced:
    """``JobScheduler.schedule`` is another function."""

    def __init__(self, schedule: Callable[[Any], bool]) -> None:
        self._schedule = schedule

    def __enter__(self) -> None:
        from snakemake.scheduling.job_scheduler import JobScheduler

        self._usual = JobScheduler.schedule
        JobScheduler.schedule = self._schedule

    def __exit__(self, *_: object) -> None:
        from snakemake.scheduling.job_scheduler import JobScheduler

        JobScheduler.schedule = self._usual


def _count(free: dict[str, int], job: Any, sign: int) -> None:
    for name, value in job.scheduler_resources.items():
        if name in free and name != "_job_count":
            free[name] += sign * value


def _size(path: Any) -> int:
    """Bytes of an input: what is there, as it is; what will be made, by its kind."""
    file = Path(str(path))
    return file.stat().st_size if file.is_file() else _BYTES.get(file.suffix, _SMALL)
