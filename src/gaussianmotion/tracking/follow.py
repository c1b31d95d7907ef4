"""Mirroring runs without ever stopping them: while they train, when they are done, or all again."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gaussianmotion.config import Config, TrackingConfig
from gaussianmotion.records.experiment_folder import PARENTS
from gaussianmotion.records.run_folder import LOGGED, RunFolder
from gaussianmotion.tracking.curve_metrics import curve_rows
from gaussianmotion.tracking.experiment import log_experiment
from gaussianmotion.tracking.identity import Identity, finished_runs, identify
from gaussianmotion.tracking.logged import mend, reason_of, warn
from gaussianmotion.tracking.machine import measured, start_anew
from gaussianmotion.tracking.mirror import Mirror
from gaussianmotion.tracking.opening import fault_of_store
from gaussianmotion.tracking.parameters import trained_keys
from gaussianmotion.tracking.store import workflow_tracking

# A store that is away is asked again this often at last, in seconds.
_PATIENCE = 600.0
# To import MLflow takes 5 s of the processor. A training that is over by then does not pay that
# twice: in the workflow another job logs it whole.
_SHORT = 120.0


@contextmanager
def live(
    folder: Path,
    identity: Identity,
    config: Config,
    every: float = 10.0,
    short: float = _SHORT,
) -> Iterator[None]:
    """Mirror a training while the block runs; its failure is one line and stops nothing.

    Args:
        folder: The run's folder.
        identity: Which run it is.
        config: Of the training; ``tracking`` is overruled by what the workflow passes.
        every: Seconds between two updates.
        short: Seconds before the first one.
    """
    workflow = workflow_tracking()
    tracking = workflow or config.tracking
    if not tracking.enabled:
        yield
        return
    start_anew(folder)
    if not tracking.live:
        with measured(folder):
            yield
        return
    run = Mirror(folder, identity, tracking)
    params = trained_keys(config.model_dump(mode="json"))
    ended = threading.Event()
    curves = RunFolder(folder).curves

    followed = warned = False

    def follow() -> None:
        nonlocal followed, warned
        pause = short
        while not ended.wait(pause):
            pause = every
            # MLflow is imported here, seconds of work, only once the training is under way.
            if next(curve_rows(curves), None) is None:
                continue
            followed = True
            while not _try(lambda: run.update(params, "RUNNING"), "while training", say=not warned):
                warned = True
                pause = min(2 * pause, _PATIENCE)
                if ended.wait(pause):
                    return

    _try(run.begin, "before training")
    follower = threading.Thread(target=follow, name="mlflow", daemon=True)
    follower.start()
    status = "FAILED"
    try:
        with measured(folder):
            yield
        status = "FINISHED"
    except (KeyboardInterrupt, SystemExit):
        status = "KILLED"
        raise
    finally:
        ended.set()
        follower.join(timeout=60.0)
        later = workflow is not None and status == "FINISHED" and not followed
        if curves.exists() and not follower.is_alive() and not later:
            # A server may be back by now; if not, it was said once.
            _try(lambda: run.update(params, status), "at the end", say=not warned)
        elif follower.is_alive():
            warn(TimeoutError("still takes the last files"), "at the end")


def mirror(folder: Path, tracking: TrackingConfig) -> str:
    """Mirror one finished run; returns the MLflow run's id."""
    return Mirror(folder, identify(folder), tracking).update(status="FINISHED")


def sync(results: Path, tracking: TrackingConfig) -> tuple[int, list[tuple[Path, str]]]:
    """Mirror all finished runs below ``results``, then the experiments that they belong to.

    A store that was deleted is made again: everything in it comes from the files.

    Returns:
        How many runs are in the store, and the runs and experiments that are not, with the reason.
    """
    runs = [run for root in sorted(results.glob("*")) for run in finished_runs(root)]
    away = fault_of_store(tracking)
    if away is not None:  # each run would wait for it
        return 0, [(run, reason_of(away)) for run in runs]
    done = 0
    failed: list[tuple[Path, str]] = []
    for run in runs:
        try:
            mend(run / LOGGED, mirror(run, tracking))
            done += 1
        except Exception as error:  # a store can fail in any way
            failed.append((run, reason_of(error)))
    lost = {run for run, _ in failed}
    for root in dict.fromkeys(run.parents[2] for run in runs if run not in lost):
        try:
            own = log_experiment(root, tracking)
            for name in (LOGGED, PARENTS):
                mend(root / name, own)
        except Exception as error:  # a store can fail in any way
            failed.append((root, reason_of(error)))
    return done, failed


def _try(call: Any, when: str, say: bool = True) -> bool:
    try:
        call()
    except Exception as error:  # a store can fail in any way, and none may stop a training
        if say:
            warn(error, when)
        return False
    return True
