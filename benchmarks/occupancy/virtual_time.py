"""Snakemake with a clock that jumps: jobs really run, and end when their seconds have passed by it.

Run by :mod:`occupancy.stand_in_run` in the workflow's folder, as ``python virtual_time.py TIMES OUT
ARGUMENTS OF SNAKEMAKE``. The order in which processes end, and how busy the computer is, decide
nothing: Snakemake hears of a job's end when no other that runs would end earlier, and the clock
stands still until that job's process is done.
"""

import heapq
import json
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from occupancy.job_times import JobTimes, base_name
from occupancy.simulation import Gpus, snakemake
from occupancy.timeline import Ran


class Clock:
    """Stands in for the semaphore by which Snakemake's scheduler hears that there is news.

    Args:
        scheduler: Snakemake's ``JobScheduler``.
        times: Of the jobs.
    """

    def __init__(self, scheduler: Any, times: JobTimes) -> None:
        self.ran: list[Ran] = []
        self._scheduler, self._times, self._now = scheduler, times, 0.0
        self._gpus = Gpus(int(scheduler.global_resources.get("gpu", 0)))
        self._running: list[tuple[float, int, Any, tuple[int, ...]]] = []
        self._ended: set[Any] = set()
        self._news = threading.Condition()
        self._other = 1  # What is no job's end; the first look for work is one.
        self._run = scheduler.run
        scheduler.run, scheduler.finish_callback = self.start, self.process_ended
        scheduler._open_jobs = self

    def start(self, jobs: Sequence[Any], executor: Any = None) -> None:
        """Note when jobs start, and start them."""
        for job in jobs:
            taken = self._gpus.take(job.scheduler_resources.get("gpu", 0))
            end = self._now + self._times.of(job)
            heapq.heappush(self._running, (end, len(self.ran), job, taken))
            cores = job.scheduler_resources["_cores"]
            self.ran.append(Ran(base_name(job.rule.name), self._now, end, taken, cores))
        self._run(jobs, executor)

    def process_ended(self, job: Any) -> None:
        """A job's process ended well; Snakemake hears of it when its time comes."""
        with self._news:
            self._ended.add(job)
            self._news.notify()

    def release(self) -> None:
        """Something else happened: a failure, a signal."""
        with self._news:
            self._other += 1
            self._news.notify()

    def acquire(self) -> None:
        """Return when there is news: what happened, or the end of the next job by the clock."""
        with self._news:
            self._news.wait_for(lambda: self._other or self._next_has_ended())
            if self._other:
                self._other -= 1
                return
            self._now, _, job, taken = heapq.heappop(self._running)
        self._gpus.give_back(taken)
        with self._scheduler._lock:
            self._scheduler._tofinish.append(job)

    def _next_has_ended(self) -> bool:
        return bool(self._running) and self._running[0][2] in self._ended


def main(times: str, out: str, *arguments: str) -> int:
    """Run Snakemake; returns its exit code."""
    from snakemake.scheduling.job_scheduler import JobScheduler

    clocks: list[Clock] = []
    usual = JobScheduler.__init__

    def made(self: Any, *given: Any, **named: Any) -> None:
        usual(self, *given, **named)
        clocks.append(Clock(self, JobTimes.read(Path(times))))

    JobScheduler.__init__ = made
    code = snakemake(*arguments)
    if clocks:
        Path(out).write_text(json.dumps([asdict(job) for job in clocks[-1].ran]))
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
