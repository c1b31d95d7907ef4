"""Result folders as the stages leave them, and what a store holds."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from gaussianmotion.config import TrackingConfig
from gaussianmotion.scores.score_file import ScoreFile, Value

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def write_run(folder: Path, steps: int = 3) -> Path:
    """What a training leaves behind."""
    (folder / "previews").mkdir(parents=True)
    rows = [f"{step},{step / 10}" for step in range(1, steps + 1)]
    (folder / "curves.csv").write_text("step,loss\n" + "\n".join(rows) + "\n")
    (folder / "avatar.safetensors").write_bytes(b"avatar")
    (folder / "previews/step_00003.png").write_bytes(b"picture")
    (folder / "logs").mkdir()
    (folder / "logs/train.json").write_text("{}")
    write_facts(folder, steps)
    return folder


def write_facts(folder: Path, steps: int) -> None:
    """The training's run.json."""
    facts = {
        "prompt": f"a person called {folder.parent.name}",
        "git_commit": COMMIT,
        "finished_at": "2025-01-02T03:04:05+00:00",
        "seconds": 60.0,
        "config": {"train": {"steps": steps}, "device": "cpu"},
    }
    (folder / "run.json").write_text(json.dumps(facts))


def write_score(path: Path, value: float, n: int = 1, **facts: Any) -> None:
    """A score with one value, both called as the file."""
    name = path.stem
    values = {} if facts.get("status") else {name: Value(value=value)}
    title = f"Score {name}"
    ScoreFile(score=name, title=title, protocol=f"{name}-1", n=n, values=values, **facts).write(
        path
    )


def client(tracking: TrackingConfig) -> Any:
    """Of the store, as any program would open it."""
    from mlflow import MlflowClient

    return MlflowClient(tracking.uri)


def options_of(keys: dict[str, Any], prefix: str = "") -> list[str]:
    """Nested keys as a command's ``--set`` options."""
    options = []
    for name, value in keys.items():
        if isinstance(value, dict):
            options += options_of(value, f"{prefix}{name}.")
        elif value is not None:
            options += ["--set", f"{prefix}{name}={json.dumps(value)}"]
    return options


def sync_elsewhere(results: Path, tracking: TrackingConfig) -> None:
    """``gaussianmotion sync`` in a process of its own, which has no connection to a lost store."""
    options = options_of({"results": str(results), "tracking": tracking.model_dump(mode="json")})
    command = [sys.executable, "-m", "gaussianmotion", "sync", *options]
    subprocess.run(command, check=True, capture_output=True)


def runs(tracking: TrackingConfig, experiment: str, kind: str) -> list[Any]:
    """All of an experiment's runs of a kind, by name."""
    store = client(tracking)
    number = store.get_experiment_by_name(experiment).experiment_id
    found = store.search_runs([number], filter_string=f"tags.kind = '{kind}'")
    return sorted(found, key=lambda run: run.info.run_name)
