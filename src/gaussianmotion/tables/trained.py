"""What variants were trained with, as their runs say: a name is no measurement."""

from collections.abc import Collection, Mapping
from pathlib import Path

from gaussianmotion.records.experiment_folder import ExperimentFolder
from gaussianmotion.records.run_folder import RunFolder
from gaussianmotion.records.run_record import known_run


def trained(
    root: Path, compared: Collection[tuple[str, str, int]], key: str, named: Mapping[str, float]
) -> dict[str, float]:
    """Of each variant the value of a key below ``train`` that its runs were trained with.

    Args:
        root: Folder of the experiment.
        compared: (variant, prompt, seed) of the runs that are meant: runs of an earlier
            configuration may still lie there.
        key: Dotted: ``score.tau``.
        named: By variant the value that it is called after, where no run of it is there.
    """
    runs = [
        run
        for run in ExperimentFolder(root).finished_runs
        if (run.variant, run.prompt, int(run.path.name)) in compared
    ]
    return {
        variant: _first([run for run in runs if run.variant == variant], key, value)
        for variant, value in named.items()
    }


def _first(runs: list[RunFolder], key: str, otherwise: float) -> float:
    for run in runs:
        try:
            return float(known_run(run.path).trained_with(key))
        except (ValueError, TypeError):
            continue
    return otherwise
