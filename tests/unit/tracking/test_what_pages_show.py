"""Pictures by step, system metrics, prompts, descriptions; nothing twice, and all from files."""

import csv
import hashlib
import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from run_folders import client, runs, write_run

from gaussianmotion.config import Config, TrackingConfig
from gaussianmotion.tracking import Identity, live, log_parents, mirror
from gaussianmotion.tracking.machine import measured

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own imports warn.


def write_whole_run(folder: Path) -> Path:
    """A run with two previews, a large avatar and measurements."""
    write_run(folder)
    (folder / "previews/step_00003.png").unlink()
    for step in (1, 3):
        picture = np.full((8, 8, 3), 80 * step, np.uint8)
        Image.fromarray(picture).save(folder / f"previews/step_{step:05d}.png")
    (folder / "avatar.safetensors").write_bytes(os.urandom(100_000))
    (folder / "system.csv").write_text(
        "time,cpu_utilization_percentage\n1735787000.5,90\n1735787010.5,95\n1735787020.5,"
    )
    (folder.parents[2] / "prompts.tsv").write_text("id\tprompt\nann\ta woman\nbob\ta man\n")
    return folder


def test_a_run_shows_pictures_measurements_and_prompts_once(
    tmp_path: Path, tracking: TrackingConfig
) -> None:
    folder = write_whole_run(tmp_path / "shown/ours/ann/0")
    run_id = mirror(folder, tracking)
    assert mirror(folder, tracking) == run_id
    store = client(tracking)
    images = [Path(file.path).name for file in store.list_artifacts(run_id, "images")]
    steps = sorted(name.split("+")[2] for name in images if name.endswith(".png"))
    assert steps == ["1", "3"]
    assert all(name.startswith("preview+step+") for name in images)
    run = store.get_run(run_id)
    assert run.data.tags["mlflow.loggedImages"] == "True"
    points = store.get_metric_history(run_id, "system/cpu_utilization_percentage")
    # The third row is not whole yet.
    assert [(point.step, point.value, point.timestamp) for point in points] == [
        (0, 90.0, 1735787000500),
        (1, 95.0, 1735787010500),
    ]
    (inputs,) = run.inputs.dataset_inputs
    digest = hashlib.sha256(b"ann\ta woman\nbob\ta man").hexdigest()[:8]
    assert (inputs.dataset.name, inputs.dataset.digest) == ("prompts", digest)
    assert json.loads(inputs.dataset.profile) == {"num_rows": 2}
    assert run.data.metrics["training/seconds"] == 60.0


def test_a_large_artifact_is_the_result_itself_until_that_is_replaced(
    tmp_path: Path, tracking: TrackingConfig
) -> None:
    folder = write_whole_run(tmp_path / "linked/ours/ann/0")
    run_id = mirror(folder, tracking)
    avatar = folder / "avatar.safetensors"
    artifacts = Path(tracking.artifacts) / "linked" / run_id / "artifacts"
    assert avatar.samefile(artifacts / avatar.name)
    # Curves grow in place, and must not grow in what was logged.
    assert not (folder / "curves.csv").samefile(artifacts / "curves.csv")
    before = avatar.read_bytes()
    newer = avatar.with_name("newer")
    newer.write_bytes(b"replaced by renaming, as all results are")
    newer.replace(avatar)
    assert (artifacts / avatar.name).read_bytes() == before
    mirror(folder, tracking)
    assert (artifacts / avatar.name).read_bytes() == avatar.read_bytes()


def test_parents_are_finished_and_took_as_long_as_their_runs(
    tmp_path: Path, tracking: TrackingConfig
) -> None:
    """Also where nobody logs the experiment as a whole, as after a demo."""
    run_id = mirror(write_run(tmp_path / "demo/ours/ann/0"), tracking)
    (parent,) = runs(tracking, "demo", "variant")
    run = client(tracking).get_run(run_id)
    assert parent.info.status == "FINISHED"
    assert (parent.info.start_time, parent.info.end_time) == (
        run.info.start_time,
        run.info.end_time,
    )
    assert parent.data.metrics["training/seconds"] == 60.0
    mirror(write_run(tmp_path / "demo/ours/bob/0"), tracking)
    (parent,) = runs(tracking, "demo", "variant")
    assert parent.data.metrics["training/total_seconds"] == 120.0


def test_a_parent_is_running_while_one_of_its_runs_is(
    tmp_path: Path, tracking: TrackingConfig
) -> None:
    folder = tmp_path / "busy/ours/ann/0"
    folder.mkdir(parents=True)
    config = Config(tracking=tracking)
    with live(folder, Identity("busy", "ours", "ann", 0, "a man"), config, every=0.1, short=0.1):
        (folder / "curves.csv").write_text("step,loss\n1,5\n")
        ended = time.monotonic() + 120
        while (status := _parent_status(tracking)) is None and time.monotonic() < ended:
            time.sleep(0.2)
        assert status == "RUNNING"
    assert _parent_status(tracking) == "FINISHED"


def _parent_status(tracking: TrackingConfig) -> str | None:
    store = client(tracking)
    found = store.get_experiment_by_name("busy")
    if found is None:
        return None
    kinds = store.search_runs([found.experiment_id], "tags.kind = 'variant'")
    own = store.search_runs([found.experiment_id], "attributes.status = 'RUNNING'")
    return str(kinds[0].info.status) if kinds and (own or kinds[0].info.end_time) else None


def test_the_description_says_what_it_is_and_leaves_a_users_own(
    tmp_path: Path, tracking: TrackingConfig
) -> None:
    folder = write_whole_run(tmp_path / "described/ours/ann/0")
    mirror(folder, tracking)
    log_parents(tmp_path / "described", tracking)
    store = client(tracking)
    experiment = store.get_experiment_by_name("described")
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    assert "2 prompts; 1 finished runs" in experiment.tags["mlflow.note.content"]
    store.set_experiment_tag(experiment.experiment_id, "mlflow.note.content", "my own words")
    log_parents(tmp_path / "described", tracking)
    tags = store.get_experiment_by_name("described").tags
    assert tags["mlflow.note.content"] == "my own words"


def test_measurements_are_rows_of_this_process(tmp_path: Path) -> None:
    with measured(tmp_path, every=0.05):
        ended = time.monotonic() + 60
        while time.monotonic() < ended and len(_measured(tmp_path)) < 2:
            time.sleep(0.05)
    row = _measured(tmp_path)[1]
    assert abs(float(row["time"]) - time.time()) < 60
    assert float(row["process_memory_megabytes"]) > 10
    assert 0 <= float(row["cpu_utilization_percentage"]) <= 100


def _measured(folder: Path) -> list[dict[str, str]]:
    path = folder / "system.csv"
    return list(csv.DictReader(path.open())) if path.exists() else []
