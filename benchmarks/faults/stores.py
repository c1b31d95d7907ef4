"""MLflow's store: gone, damaged, locked, or one that takes a connection and never answers."""

import os
import shutil
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from faults.case import CONFIG, LOG, RUN, STOPPED, SYNC, TRAIN, Fault
from faults.processes import Running, interrupt_twice, kill, terminate

STORE = "results/mlflow/mlflow.db"
# Seconds in which whatever logs one run must have given up a server that never answers.
_BOUND = 100.0
_LIVE = (*TRAIN, "--set", "tracking.enabled=true")
_SECOND = "results/tiny/ours/bob/0"
_TWO = ("log", RUN, _SECOND, *CONFIG, *LOG[6:])


def is_logged(folder: Path) -> str:
    """The store has the run once, finished, with every step of its loss."""
    with closing(sqlite3.connect(folder / STORE)) as store:
        runs = store.execute(
            "SELECT run_uuid, status FROM runs WHERE name = 'ours/ann/0' AND "
            "lifecycle_stage = 'active' AND run_uuid NOT IN "
            "(SELECT run_uuid FROM tags WHERE key = 'superseded_by')"
        ).fetchall()
        if [status for _, status in runs] != ["FINISHED"]:
            return f"MLflow has {[status for _, status in runs] or 'no run'}"
        query = "SELECT step FROM metrics WHERE key = 'loss' AND run_uuid = ? ORDER BY step"
        steps = [step for (step,) in store.execute(query, runs[0][:1])]
    return "" if steps == [1, 2, 3] else f"MLflow has the losses of steps {steps}"


def with_store(folder: Path) -> None:
    """A store in which nothing was logged yet."""
    shutil.copytree(folder / "logged/mlflow", folder / "results/mlflow")


@contextmanager
def silent(folder: Path) -> Iterator[None]:
    """A server that takes every connection and never says a word; ``port`` holds its port."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        (folder / "port").write_text(str(listening.getsockname()[1]))
        yield
    (folder / "port").unlink()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Somebody writes to the store and does not end."""
    with closing(sqlite3.connect(folder / STORE, isolation_level=None)) as store:
        store.execute("PRAGMA locking_mode = EXCLUSIVE")
        store.execute("BEGIN EXCLUSIVE")
        yield
        store.execute("ROLLBACK")


def at(scheme: str) -> Callable[[], None]:
    """In the command's own process: the store is the server of :func:`silent`."""

    def within() -> None:
        port = Path("port").read_text()
        os.environ["MLFLOW_TRACKING_URI"] = f"{scheme}://me:s3cret@127.0.0.1:{port}/mlflow"

    return within


def clock_back() -> None:
    """In the command's own process: from now on every look at the clock is a minute earlier."""
    true, looks = time.time, iter(range(10**9))
    time.time = lambda: true() - 60.0 * next(looks)


def _remove(running: Running) -> None:
    running.wait_for_moment()
    shutil.rmtree(running.folder / "results/mlflow", ignore_errors=True)


def _logging(
    name: str, run: tuple[str, ...] = LOG, codes: tuple[int, ...] = (0,),
    says: str = "`gaussianmotion sync` logs them later", **more: object,
) -> Fault:  # fmt: skip
    more = {"again": SYNC, "makes": False, "check": is_logged} | more
    if more.get("around") is silent:
        more |= {"seconds": _BOUND}
    return Fault(name, run, codes=codes, says=says, silent="s3cret", **more)  # type: ignore[arg-type]


CASES = [
    _logging("kill -9 of logging", codes=(0, -9), says="", strike=kill, before=with_store,
             moments=True),
    _logging("SIGTERM of logging", codes=STOPPED, says="", strike=terminate, before=with_store,
             moments=True),
    _logging("Ctrl-C twice of logging", codes=STOPPED, says="", strike=interrupt_twice,
             before=with_store, moments=True),
    _logging("the store is deleted while a run is logged", says="", strike=_remove,
             before=with_store),
    _logging("the store is a file of garbage", before=lambda folder: (
             with_store(folder), (folder / STORE).write_bytes(b"garbage" * 999))[0],
             again=(), check=None),
    _logging("the store is locked by somebody", before=with_store, around=locked),
    _logging("a PostgreSQL that never answers, logging", around=silent, within=at("postgresql")),
    _logging("a PostgreSQL that never answers, two runs in one job", run=_TWO, around=silent,
             within=at("postgresql"), before=lambda folder: shutil.copytree(
             folder / RUN, folder / _SECOND)),
    _logging("a PostgreSQL that never answers, the store is made", around=silent,
             run=("tracking-init", *CONFIG, "--out", "new/created.json"),
             within=at("postgresql")),
    _logging("an MLflow server that never answers, logging", around=silent, within=at("http")),
    _logging("a PostgreSQL that never answers, during a training", run=_LIVE, around=silent,
             within=at("postgresql"), makes=True, again=TRAIN, check=None),
    _logging("the clock runs backwards, logging", says="", within=clock_back, before=with_store),
]  # fmt: skip
