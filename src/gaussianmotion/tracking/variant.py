"""A variant's run, the parent of its runs: their means, and from when to when they took."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gaussianmotion.tracking.parents import PARENT
from gaussianmotion.tracking.run_contents import set_metrics, set_tags
from gaussianmotion.tracking.scores import variant_scores
from gaussianmotion.tracking.training_metrics import mean_training

GridPoint = tuple[str, str]


def refresh(
    client: Any, parent: str, members: Sequence[Path], pooled: Path, shared: set[GridPoint]
) -> None:
    """Bring a parent's means up to date, and end it unless one of its runs is training.

    Args:
        client: An MlflowClient.
        parent: The parent's id.
        members: Folders of the variant's finished runs.
        pooled: Folder with SEED/NAME.json, the scores of all prompts together; may be absent.
        shared: (prompt, seed) that all variants have a run of.

    Raises:
        UserError: a score file is damaged.
    """
    scores = variant_scores(members, pooled, shared)
    training, ended = mean_training(members)
    set_tags(client, parent, {"runs": str(len(members)), **scores.tags})
    set_metrics(client, parent, training, ended)
    set_metrics(client, parent, scores.metrics, scores.time)
    end(client, parent, ended)


def end(client: Any, parent: str, ended: int) -> None:
    """End a parent, unless one of its runs is training.

    Args:
        client: An MlflowClient.
        parent: The parent's id.
        ended: When its last run ended, milliseconds since 1970.
    """
    info = client.get_run(parent).info
    busy = client.search_runs(
        [info.experiment_id],
        filter_string=f"tags.`{PARENT}` = '{parent}' and attributes.status = 'RUNNING'",
        max_results=1,
    )
    if not busy:
        client.set_terminated(parent, "FINISHED", max(ended, info.start_time))
