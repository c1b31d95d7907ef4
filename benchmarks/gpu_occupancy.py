"""How much of the GPUs' time an experiment spends in trainings: ``python gpu_occupancy.py``.

Asks Snakemake for the jobs of an experiment (``config.yaml``: 30 prompts and its ablations) and
Snakemake's own scheduler for what it would start when, with the seconds that ``--times`` gives each
rule, or that Snakemake measured in a finished experiment (``--results``). Prints the share of GPU
time in trainings until the last training ends, who else holds GPUs, gaps, and a picture in text.

``--stand-ins`` runs the workflow's real rules instead, in a temporary folder and with stand-ins for
the stages: their processes really start and end, and a clock that jumps says when.
"""

import argparse
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / name) for name in ("tests/workflow", "benchmarks")]

from occupancy.job_times import JobTimes  # noqa: E402
from occupancy.simulation import simulated  # noqa: E402
from occupancy.stand_in_run import stand_in_run  # noqa: E402
from occupancy.timeline import Timeline  # noqa: E402

TIMES = REPOSITORY / "benchmarks/occupancy/h200.tsv"


def main() -> int:
    """Simulate, or run with stand-ins; returns 1 below ``--least``."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--times", type=Path, default=TIMES, help=f"default: {TIMES.name}")
    parser.add_argument(
        "--results", type=Path, help="results/NAME of a finished experiment, for the simulation"
    )
    parser.add_argument("--gpus", type=int, default=4)
    parser.add_argument("--cores", type=int, nargs="+", default=[32], help="one run for each")
    parser.add_argument("--stand-ins", action="store_true", help="run the rules, with stand-ins")
    parser.add_argument("--least", type=float, default=0.0, help="share that must be reached")
    parser.add_argument(
        "snakemake", nargs="*", help="after --: more for Snakemake, as --configfile config/my.yaml"
    )
    options = parser.parse_args()
    times = JobTimes.read(options.times, options.results)
    shares = []
    for cores in options.cores:
        if options.stand_ins:
            timeline = stand_in_run(options.snakemake, options.times, options.gpus, cores)
        else:
            timeline = simulated(options.snakemake, times, options.gpus, cores)
        tell(timeline)
        shares.append(timeline.share())
    if times.missing:
        print(f"of all other rules (*): {', '.join(sorted(times.missing))}")
    return int(min(shares) < options.least)


def tell(timeline: Timeline) -> None:
    """Print a run."""
    print(f"{len(timeline.jobs)} jobs on {timeline.gpus} GPUs and {timeline.cores} cores")
    print(f"{timeline.summary()}\n\n{timeline.gantt()}\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
