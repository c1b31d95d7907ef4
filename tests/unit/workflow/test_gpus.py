"""GPUs of jobs, and how many jobs start at once."""

from types import SimpleNamespace
from typing import Any

import pytest

from gaussianmotion.config import Config
from gaussianmotion.pipeline.stages import STAGES
from gaussianmotion.workflow.gpus import Gpus


def gpus(pool: list[str], **keys: Any) -> Gpus:
    return Gpus(Config(**keys), pool)


@pytest.mark.parametrize(
    ("device", "pool", "each"),
    [("auto", [], 0), ("auto", ["a"], 1), ("cpu", ["a"], 0), ("cuda", [], 1)],
)
def test_a_job_takes_a_gpu_where_it_would_use_one(device: str, pool: list[str], each: int) -> None:
    found = gpus(pool, device=device)
    assert (found.each, found.of(STAGES["train"]), found.of(STAGES["render"])) == (each, each, 0)


@pytest.mark.parametrize(
    ("rasteriser", "pool", "compiled"),
    [("auto", ["a"], True), ("gsplat", ["a"], True), ("numba", ["a"], False), ("auto", [], False)],
)
def test_gsplat_is_compiled_where_jobs_draw_with_it(
    rasteriser: str, pool: list[str], compiled: bool
) -> None:
    assert gpus(pool, rasteriser=rasteriser).draw_with_gsplat is compiled


def workflow(
    wanted: int | None, nodes: int | None = None, main: bool = True, cores: int | None = 16
) -> SimpleNamespace:
    resources: dict[str, Any] = {
        "_nodes": SimpleNamespace(value=nodes),
        "_cores": SimpleNamespace(value=cores),
    }
    if wanted is not None:
        resources["gpu"] = SimpleNamespace(value=wanted)
    return SimpleNamespace(global_resources=resources, is_main_process=main)


def test_no_more_jobs_start_than_there_are_gpus(capsys: pytest.CaptureFixture[str]) -> None:
    asked = workflow(8)
    gpus(["a", "b"]).limit(asked)
    assert asked.global_resources["gpu"] == 2
    assert "2 GPUs are here: --resources gpu=8 is taken for gpu=2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "pool"),
    [(workflow(8, nodes=4), ["a"]), (workflow(8), []), (workflow(None), ["a"])],
    ids=["on a cluster", "no GPU", "no number"],
)
def test_otherwise_what_was_asked_for_stays(asked: SimpleNamespace, pool: list[str]) -> None:
    before = dict(asked.global_resources)
    gpus(pool).limit(asked)
    assert asked.global_resources == before


def test_one_line_says_so_once(capsys: pytest.CaptureFixture[str]) -> None:
    gpus(["a"]).limit(workflow(2, main=False))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("cores", "threads"), [(32, 4), (20, 4), (16, 3), (8, 1), (4, 1), (1, 1), (None, 4)]
)
def test_jobs_that_hold_gpus_leave_cores_to_one_that_does_not(
    cores: int | None, threads: int
) -> None:
    found = gpus(["a", "b", "c", "d"], device="cuda")
    assert found.threads(4, workflow(8, cores=cores)) == threads


@pytest.mark.parametrize(
    ("asked", "pool", "device"),
    [
        (workflow(8, nodes=4, cores=4), ["a"], "cuda"),
        (workflow(None, cores=4), ["a"], "cuda"),
        (workflow(1, cores=4), [], "auto"),
    ],
    ids=["on a cluster", "no number", "on the CPU"],
)
def test_otherwise_they_have_as_many_threads_as_others(
    asked: SimpleNamespace, pool: list[str], device: str
) -> None:
    assert gpus(pool, device=device).threads(4, asked) == 4
