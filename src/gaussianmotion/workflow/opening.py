"""The experiment that Snakemake was started for, checked before it plans anything."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from gaussianmotion.config.command_line import check_overrides
from gaussianmotion.config.file import read_layer
from gaussianmotion.config.yaml_file import read_yaml
from gaussianmotion.pipeline.clock import refuse_future_results
from gaussianmotion.pipeline.experiment import Experiment, load_experiment
from gaussianmotion.pipeline.ownership import refuse_old_results, refuse_other_experiment
from gaussianmotion.pipeline.replan import plan_missing_outputs
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.workflow.files import ExperimentFiles


def find_configuration(checkout: Path) -> None:
    """Check that this folder has a ``config.yaml`` that Snakemake can read; of one that it cannot
    it tells neither name nor line.

    Args:
        checkout: The folder of the workflow, for the message.

    Raises:
        SystemExit: there is none, or it is damaged.
    """
    path = Path("config.yaml")
    try:
        if not path.exists():
            raise UserError(
                f"there is no config.yaml in {Path.cwd()}: run snakemake in {checkout}, or add "
                f"--directory {checkout}"
            )
        if not read_yaml(path):
            raise UserError(f"config.yaml holds no keys: take that of {checkout} again")
    except UserError as error:
        _end(error)


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
        _end(error)


def _opened(workflow: Any, keys: Mapping[str, Any]) -> Experiment:
    overrides = workflow.config_settings.config
    files = [_as_named(Path(path)) for path in workflow.configfiles]
    for path in files:
        read_layer(path)  # stricter than Snakemake, and by the file's name
    if workflow.is_main_process:
        check_overrides(sys.argv)
    where = ", ".join([*map(str, files), *(f"--config {key}" for key in overrides)])
    experiment = load_experiment(keys, where, opened=workflow.is_main_process)
    if workflow.is_main_process:
        refuse_other_experiment(experiment, workflow.configfiles, overrides)
        refuse_old_results(experiment)
        made = ExperimentFiles(experiment)
        refuse_future_results([Path(made.root), Path(made.store)])
        plan_missing_outputs()
    return experiment


def _end(error: UserError) -> NoReturn:
    print(f"gaussianmotion: {error}", file=sys.stderr)
    sys.exit(2)


def _as_named(path: Path) -> Path:
    """A file's path as a user would write it here: below this folder, without detours."""
    short = Path(os.path.relpath(path))
    return short if ".." not in short.parts and short.exists() else path
