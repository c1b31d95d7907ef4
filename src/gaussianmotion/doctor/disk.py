"""Room on disk for what an experiment writes and fetches."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from gaussianmotion.config import Config
from gaussianmotion.doctor.finding import Finding
from gaussianmotion.models.sources import Model, download_folder, fetched_bytes, find_model
from gaussianmotion.pipeline.experiment import load_experiment
from gaussianmotion.runtime.errors import UserError

# Of a run, twice since MLflow keeps copies: bytes of a Gaussian, and of pictures and videos of a
# million pixels each. Beside all runs: references, figures, the report, a checkpoint.
_GAUSSIAN, _PICTURES, _BESIDE_GIB = 170, 30e6, 1.0


def look_for_room(config: Config, models: Sequence[Model]) -> Iterator[Finding]:
    """Room for results, and for the models that are still to be fetched."""
    results = _existing(config.results.absolute())
    keys, wanted = {results: "results"}, {results: _results_gib(config)}
    for model in models:
        with suppress(UserError):  # Said already.
            if find_model(model, config) is None:
                folder = _existing(download_folder(model, config))
                missing = max(0.0, model.gib - fetched_bytes(model, config) / 2**30)
                keys.setdefault(folder, "models.folder")
                wanted[folder] = wanted.get(folder, 0.0) + missing
    for folder, key in keys.items():
        device = folder.stat().st_dev
        needed = sum(gib for other, gib in wanted.items() if other.stat().st_dev == device)
        free = shutil.disk_usage(folder).free / 2**30
        fine = False
        if not os.access(folder, os.W_OK | os.X_OK):
            detail = f"{folder} cannot be written; set {key} to a folder that you own"
        elif free < needed:
            detail = (
                f"{free:.1f} GiB free in {folder}, about {needed:.1f} are needed: free some, or "
                f"set {key} to a folder on a larger disk"
            )
        else:
            fine = True
            detail = f"{free:.1f} GiB free in {folder}, about {needed:.1f} are needed"
        yield Finding(f"disk ({key})", fine, detail)


def _results_gib(config: Config) -> float:
    """About how much an experiment writes."""
    try:
        runs = len(load_experiment(config.model_dump(mode="json"), "the configuration").grid.runs)
    except UserError:
        runs = 1  # What is wrong, the workflow says before it starts.
    train, pictures = config.train, _PICTURES * (config.render.size / 1000) ** 2
    count = train.density.max_gaussians if train.density.enabled else train.gaussians
    return _BESIDE_GIB + runs * 2 * (count * _GAUSSIAN + pictures) / 2**30


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder
