"""Environment variables of jobs: where they run, and what changes no result."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from gaussianmotion.config import Config
from gaussianmotion.workflow.environment import job_environment, one_writer

SERVER = {"uri": "http://127.0.0.1:9"}


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def environment(
    cores: int | None = 2, elsewhere: bool = False, given: dict[str, str] | None = None, **keys: Any
) -> dict[str, str]:
    return job_environment(Config(**keys), Path("/checkout/src"), cores, elsewhere, given or {})


def test_jobs_run_this_checkout_by_this_interpreter() -> None:
    found = environment(given={"PATH": "/usr/bin", "PYTHONPATH": "/mine"})
    assert found["PATH"].split(os.pathsep) == [str(Path(sys.executable).parent), "/usr/bin"]
    assert found["PYTHONPATH"].split(os.pathsep) == ["/checkout/src", "/mine"]
    assert environment()["PYTHONPATH"] == "/checkout/src"


@pytest.mark.parametrize(
    ("tracking", "elsewhere", "live"),
    [({}, False, True), ({}, True, False), (SERVER, True, True), ({"live": False}, False, False)],
)
def test_trainings_on_other_computers_do_not_write_a_sqlite_store(
    tracking: dict[str, Any], elsewhere: bool, live: bool
) -> None:
    found = environment(elsewhere=elsewhere, tracking=tracking)
    assert json.loads(found["GAUSSIANMOTION_TRACKING"])["live"] is live
    assert one_writer(Config(tracking=tracking)) is (tracking != SERVER)


@pytest.mark.parametrize(("cores", "bars"), [(1, "1"), (3, "1"), (4, "0"), (None, "1")])
def test_bars_are_shown_where_one_job_runs_at_a_time(cores: int | None, bars: str) -> None:
    assert environment(cores, threads=2)["GAUSSIANMOTION_BARS"] == bars


def test_what_the_user_set_for_memory_stays() -> None:
    assert environment()["MALLOC_MMAP_MAX_"] == "0"
    assert environment(given={"MALLOC_MMAP_MAX_": "7"})["MALLOC_MMAP_MAX_"] == "7"


def test_a_folder_of_models_is_passed_on_whole(tmp_path: Path) -> None:
    assert "GAUSSIANMOTION_MODELS_FOLDER" not in environment()
    found = environment(models={"folder": str(tmp_path)})
    assert found["GAUSSIANMOTION_MODELS_FOLDER"] == str(tmp_path)
