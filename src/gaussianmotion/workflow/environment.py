"""Environment variables of the workflow's jobs: what is no setting, since it changes no result."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from gaussianmotion.config import Config
from gaussianmotion.models.sources import MODELS_FOLDER
from gaussianmotion.tracking.store import sqlite_path, store_uri

# Training on a CPU takes and returns the same large buffers at every step; glibc would give each
# back to the kernel and have it cleared again, a tenth of the time.
KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "100000000000"}


def one_writer(config: Config) -> bool:
    """Whether the store of what is logged is SQLite: for the processes of one computer.

    Where jobs run on others, the computer that submits them writes it alone.
    """
    return sqlite_path(store_uri(config.tracking)) is not None


def job_environment(
    config: Config, source: Path, cores: int | None, elsewhere: bool, given: Mapping[str, str]
) -> dict[str, str]:
    """The variables that differ from this process's own.

    Args:
        config: Of the experiment.
        source: Folder of this checkout's package; jobs run it, wherever another is installed.
        cores: Of the whole workflow; None where there is no limit.
        elsewhere: Whether jobs run on other computers.
        given: This process's variables.
    """
    live = config.tracking.live and not (one_writer(config) and elsewhere)
    tracking = config.tracking.model_copy(update={"live": live})
    found = {
        # The interpreter that runs Snakemake; a rule's conda environment comes first.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), given.get("PATH", "")]),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(source), given.get("PYTHONPATH")])),
        "GAUSSIANMOTION_TRACKING": tracking.model_dump_json(),
        # Progress bars of jobs that run side by side would overwrite each other.
        "GAUSSIANMOTION_BARS": "0" if (cores or 1) >= 2 * config.threads else "1",
        **{name: given.get(name, value) for name, value in KEEP_MEMORY.items()},
    }
    if config.models.folder is not None:
        found[MODELS_FOLDER] = str(config.models.folder.expanduser().absolute())
    return found
