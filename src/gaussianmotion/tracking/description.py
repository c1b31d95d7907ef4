"""What an experiment and a run are, in words, on their pages in MLflow."""

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gaussianmotion.records.run_record import RunRecord, known_run
from gaussianmotion.tracking.dataset import prompt_rows

NOTE = "mlflow.note.content"
KIND_OF_EXPERIMENT = "mlflow.experimentKind"
# Of the text that this program wrote last: a user's own words stay.
_OURS = "gaussianmotion.description"


def describe_experiment(client: Any, experiment: str, root: Path, folders: Sequence[Path]) -> None:
    """Write the experiment's description, and that its runs are trainings.

    Args:
        client: An MlflowClient.
        experiment: Id of the MLflow experiment.
        root: The experiment's folder.
        folders: Its finished runs; may be empty.
    """
    tags = client.get_experiment(experiment).tags
    text = _text(root, folders)
    wanted = {KIND_OF_EXPERIMENT: "custom_model_development"}
    if tags.get(NOTE, "") in ("", tags.get(_OURS)):
        wanted |= {NOTE: text, _OURS: text}
    for key, value in wanted.items():
        if tags.get(key) != value:
            client.set_experiment_tag(experiment, key, value)


def escaped(text: str) -> str:
    """A sentence as Markdown that shows it as it is, HTML and all."""
    safe = html.escape(text, quote=False)
    return "".join(f"\\{letter}" if letter in "\\`*_[]#|~" else letter for letter in safe)


def _text(root: Path, folders: Sequence[Path]) -> str:
    prompts = prompt_rows(root)
    variants = list(dict.fromkeys(folder.parents[1].name for folder in folders))
    record = known_run(folders[0]) if folders else RunRecord()
    train, prior = record.config.get("train", {}), record.prior
    lines = [
        f"**{escaped(root.name)}**: 3D Gaussian avatars that are trained from text by score "
        "distillation (GaussianMotion), and animated.",
        "",
        f"* {len(prompts) or 'Its'} prompts; {len(folders)} finished runs, each one prompt, "
        f"variant and seed, of the variants {', '.join(map(escaped, variants)) or '(none yet)'}.",
    ]
    if train:
        made = [f"{train.get('steps')} steps"]
        made += [f"prior {escaped(str(prior.get('model')))}"] if prior else []
        lines.append(f"* Trained for {', '.join(made)}.")
    lines += [
        "* A variant is the parent of its runs. Its metrics are their means; "
        "`shared/...` are means over the prompts and seeds that all variants have, by which "
        "variants are compared.",
        "* The image grid shows previews by training step. Results are files; this page is made "
        f"from `{escaped(root.name)}/` in the results folder, and can be made again from it "
        "(`gaussianmotion sync`).",
    ]
    return "\n".join(lines)
