"""Results that are copied or moved take their store with them, and leave the original alone."""

import json
import shutil
from pathlib import Path

import pytest
from run_folders import client, runs, write_run

from gaussianmotion.config import TrackingConfig
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.tracking import create_store, mirror, sync

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own imports warn.


def store_of(results: Path) -> TrackingConfig:
    """The store that a checkout's configuration names."""
    folder = results / "mlflow"
    return TrackingConfig(uri=f"sqlite:///{folder}/mlflow.db", artifacts=f"{folder}/artifacts")


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def original(tmp_path: Path, empty_database: Path) -> Path:
    """Results with one run in a store of their own."""
    results = tmp_path / "original/results"
    (results / "mlflow").mkdir(parents=True)
    shutil.copy(empty_database, results / "mlflow")
    mirror(write_run(results / "copied/ours/ann/0"), store_of(results))
    return results


def test_a_copy_never_writes_into_the_original(original: Path, tmp_path: Path) -> None:
    before = files_below(original / "mlflow/artifacts")
    copy = tmp_path / "copy/results"
    shutil.copytree(original, copy)
    folder = copy / "copied/ours/ann/0"
    (folder / "avatar.safetensors").write_bytes(b"of the copy")
    assert sync(copy, store_of(copy)) == (1, [])
    assert files_below(original / "mlflow/artifacts") == before
    run_id = json.loads((folder / "mlflow.json").read_text())["run_id"]
    (run,) = runs(store_of(copy), "copied", "run")
    assert run.info.run_id == run_id
    assert run.info.artifact_uri.startswith((copy / "mlflow/artifacts").as_uri())
    in_copy = copy / "mlflow/artifacts/copied" / run_id / "artifacts/avatar.safetensors"
    assert in_copy.read_bytes() == b"of the copy"


def test_results_that_were_moved_go_on_where_they_are(original: Path, tmp_path: Path) -> None:
    moved = original.parent.rename(tmp_path / "moved") / "results"
    mirror(write_run(moved / "copied/ours/bob/0"), store_of(moved))
    assert not original.exists()
    for run in runs(store_of(moved), "copied", "run"):
        assert client(store_of(moved)).list_artifacts(run.info.run_id) != []


def test_a_store_without_its_artifacts_is_refused_by_name(original: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy/results"
    shutil.copytree(original, copy, ignore=shutil.ignore_patterns("artifacts"))
    with pytest.raises(UserError, match=rf"belongs to {original}/mlflow, .*delete .* sync`"):
        create_store(store_of(copy))
