"""The prompts of an experiment as the dataset of its runs."""

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

from gaussianmotion.records.experiment_folder import PROMPTS


def log_prompts(client: Any, run_id: str, root: Path, prompt: str) -> None:
    """Note from which prompts a run is, once.

    Args:
        client: An MlflowClient.
        run_id: The run.
        root: The experiment's folder; without a prompt list there, the one prompt is the dataset.
        prompt: The run's sentence.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag

    inputs = client.get_run(run_id).inputs
    if inputs is not None and inputs.dataset_inputs:
        return
    rows = prompt_rows(root) or [prompt]
    digest = hashlib.sha256("\n".join(rows).encode()).hexdigest()[:8]
    columns = [{"name": name, "type": "string", "required": True} for name in ("id", "prompt")]
    dataset = Dataset(
        name="prompts",
        digest=digest,
        source_type="local",
        source=json.dumps({"uri": f"{root.name}/{PROMPTS}"}),
        schema=json.dumps({"mlflow_colspec": columns}),
        profile=json.dumps({"num_rows": len(rows)}),
    )
    tags = [InputTag("mlflow.data.context", "training")]
    client.log_inputs(run_id, [DatasetInput(dataset, tags)])


def prompt_rows(root: Path) -> list[str]:
    """The rows of an experiment's prompt list, without its header; none where there is no list."""
    try:
        text = (root / PROMPTS).read_text(encoding="utf-8")
    except OSError:
        return []
    rows = list(csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    return ["\t".join(row) for row in rows[1:]]
