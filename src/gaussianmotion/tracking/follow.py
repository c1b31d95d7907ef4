"""Mirroring runs without ever stopping them: while they train, when they are done, or all again."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gaussianmotion.config import Config, TrackingConfig
from gaussianmotion.tracking.experiment import log_experiment
from gaussianmotion.tracking.mirror import Identity, Mirror, curve_rows, identify
from gaussianmotion.tracking.parameters import trained_keys
from gaussianmotion.tracking.store import create_store, workflow_tracking


@contextmanager
def live(folder: Path, identity: Identity, config: Config, every: float = 10.0) -> Iterator[None]:
    """Mirror a training while the block runs; its failure is one line and stops nothing.

    Args:
        folder: The run's folder.
        identity: Which run it is.
        config: Of the training; ``tracking`` is overruled by what the workflow passes.
        every: Seconds between two updates.
    """
    tracking = workflow_tracking() or config.tracking
    if not tracking.enabled:
        yield
        return
    run = Mirror(folder, identity, tracking)
    params = trained_keys(config.model_dump(mode="json"))
    ended = threading.Event()
    curves = folder / "curves.csv"

    warned = False

    def follow() -> None:
        nonlocal warned
        run.begin()
        while not ended.wait(every):
            # MLflow is imported here, seconds of work, only once the training is under way.
            if next(curve_rows(curves), None) is not None and not _try(
                lambda: run.update(params, "RUNNING"), "while training"
            ):
                warned = True
                return

    follower = threading.Thread(target=follow, name="mlflow", daemon=True)
    follower.start()
    status = "FAILED"
    try:
        yield
        status = "FINISHED"
    except (KeyboardInterrupt, SystemExit):
        status = "KILLED"
        raise
    finally:
        ended.set()
        follower.join(timeout=60.0)
        if curves.exists() and not follower.is_alive():
            # A server may be back by now; if not, it was said once.
            _try(lambda: run.update(params, status), "at the end", say=not warned)


def mirror(folder: Path, tracking: TrackingConfig) -> str:
    """Mirror one finished run; returns the MLflow run's id."""
    return Mirror(folder, identify(folder), tracking).update(status="FINISHED")


def sync(results: Path, tracking: TrackingConfig) -> tuple[int, list[tuple[Path, str]]]:
    """Mirror all finished runs below ``results``, then the experiments that they belong to.

    A store that was deleted is made again: everything in it comes from the files.

    Returns:
        How many runs are in the store, and the runs and experiments that are not, with the reason.
    """
    done, failed = 0, []
    runs = [path.parent for path in sorted(results.glob("*/*/*/*/run.json"))]
    _try(lambda: create_store(tracking), "cannot be reached", say=False)  # each run says it below
    for run in runs:
        try:
            mirror(run, tracking)
            done += 1
        except Exception as error:  # a store can fail in any way
            failed.append((run, _reason(error)))
    lost = {run for run, _ in failed}
    for root in dict.fromkeys(run.parents[2] for run in runs if run not in lost):
        try:
            log_experiment(root, tracking)
        except Exception as error:  # a store can fail in any way
            failed.append((root, _reason(error)))
    return done, failed


def warn(error: Exception, when: str) -> None:
    """One line: what is not logged, and how to log it later."""
    print(
        f"gaussianmotion: warning: MLflow {when}: {_reason(error)}; the files are complete, "
        "`gaussianmotion sync` logs them later",
        file=sys.stderr,
    )


def _try(call: Any, when: str, say: bool = True) -> bool:
    try:
        call()
    except Exception as error:  # a store can fail in any way, and none may stop a training
        if say:
            warn(error, when)
        return False
    return True


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:160]
