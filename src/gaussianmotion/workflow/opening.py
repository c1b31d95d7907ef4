"""The experiment that Snakemake was started for, checked before it plans anything."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gaussianmotion.config.command_line import check_overrides
from gaussianmotion.config.file import read_layer
from gaussianmotion.errors import UserError
from gaussianmotion.pipeline.experiment import Experiment, load_experiment
from gaussianmotion.pipeline.ownership import refuse_old_results, refuse_other_experiment
from gaussianmotion.pipeline.replan import plan_missing_outputs


def open_experiment(workflow: Any, keys: Mapping[str, Any]) -> Experiment:
    """Read and check all that the experiment names; a mistake is one line, and status 2.

    The Snakemake that a user starts opens the files, too, and looks at what earlier runs left. The
    others, which it starts for single jobs, need not.

    Args:
        workflow: Snakemake's, with the names of the configuration's files.
        keys: What Snakemake read of them and of its command line.

    Raises:
        SystemExit: the user made a mistake.
    """
    try:
        return _opened(workflow, keys)
    except UserError as error:
        print(f"gaussianmotion: {error}", file=sys.stderr)
        sys.exit(2)


def _opened(workflow: Any, keys: Mapping[str, Any]) -> Experiment:
    here, overrides = Path.cwd(), workflow.config_settings.config
    files = [Path(path) for path in workflow.configfiles]
    files = [path.relative_to(here) if path.is_relative_to(here) else path for path in files]
    for path in files:
        read_layer(path)  # stricter than Snakemake, and by the file's name
    if workflow.is_main_process:
        check_overrides(sys.argv)
    where = ", ".join([*map(str, files), *(f"--config {key}" for key in overrides)])
    experiment = load_experiment(keys, where, opened=workflow.is_main_process)
    if workflow.is_main_process:
        refuse_other_experiment(experiment, workflow.configfiles, overrides)
        refuse_old_results(experiment)
        plan_missing_outputs()
    return experiment
