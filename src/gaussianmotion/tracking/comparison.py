"""The page on which MLflow compares an experiment's variants, with its runs and columns shown.

MLflow opens an experiment with all runs folded away and columns that say nothing. What a page shows
can be kept as a tag of the experiment, under a key that a link names ("share" in its menu); this
writes that tag.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from gaussianmotion.tracking.parents import KIND
from gaussianmotion.tracking.pictures import GROWING

_TAG = "mlflow.sharedViewState."
# Longer tags are refused.
_LONGEST = 5000
_PARAMETERS, _METRICS, _CURVES = 4, 12, 6
_HEIGHT = 480
_MADE = {"isGenerated": False, "deleted": False, "isReordered": False}
# Runs that MLflow's page of two or more runs puts side by side.
_SIDE_BY_SIDE = 8
_MODE = "workflowType=machine_learning"


def share_comparison(client: Any, experiment: str) -> list[tuple[str, str]]:
    """Keep what the comparison shows, and say where it is.

    Args:
        client: An MlflowClient.
        experiment: Id of the MLflow experiment.

    Returns:
        (what is there, address below the server's): the runs, their previews and curves, and the
        variants, with their means.
    """
    variants = client.search_runs([experiment], f"tags.{KIND} = 'variant'", max_results=100)
    variants.sort(key=lambda run: run.info.start_time)
    views = {
        # The variants of one prompt follow each other.
        "runs": {"orderByKey": "tags.`prompt_id`", "orderByAsc": True},
        "variants": {"orderByKey": "attributes.start_time", "orderByAsc": True},
    }
    tags = client.get_experiment(experiment).tags
    for name, order in views.items():
        # A filter makes MLflow show a flat list: the runs below a folded parent have no pictures.
        state = {
            **order,
            "searchFilter": f"tags.{KIND} = '{name.removesuffix('s')}'",
            "selectedColumns": columns(variants),
            "runsHiddenMode": "FIRST_20_RUNS",
        }
        if name == "runs":
            state |= charts(client.search_runs([experiment], state["searchFilter"], max_results=1))
        text = json.dumps(state)
        if tags.get(_TAG + name) != text and len(text) < _LONGEST:
            client.set_experiment_tag(experiment, _TAG + name, text)
    page = f"/#/experiments/{experiment}/runs?{_MODE}&viewStateShareKey="
    links = [
        ("runs", f"{page}runs&compareRunsMode=TABLE"),
        ("previews and curves", f"{page}runs&compareRunsMode=CHART"),
        ("variants", f"{page}variants&compareRunsMode=TABLE"),
    ]
    if len(variants) > 1:
        ids = json.dumps([run.info.run_id for run in variants[:_SIDE_BY_SIDE]])
        asked = f"runs={quote(ids)}&experiments={quote(json.dumps([experiment]))}"
        # That page reads `runs` where it comes first only.
        links.append(("variants side by side", f"/#/compare-runs?{asked}&{_MODE}"))
    return links


def columns(variants: Sequence[Any]) -> list[str]:
    """What tells variants apart: keys that differ, what they cost, their scores.

    Args:
        variants: The variants' MLflow runs.

    Returns:
        Names as MLflow's page has them.
    """
    params = [run.data.params for run in variants]
    metrics = list(dict.fromkeys(name for run in variants for name in run.data.metrics))
    scores = sorted(
        name
        for name in metrics
        if any(f"score.{name.partition('/')[0]}" in run.data.tags for run in variants)
    )
    return [
        "attributes.`Duration`",
        "attributes.`Dataset`",
        "tags.`prompt`",
        *(f"params.`{name}`" for name in _differing(params)[:_PARAMETERS]),
        "metrics.`training/seconds`",
        "metrics.`training/gaussians`",
        *(f"metrics.`{name}`" for name in scores[:_METRICS]),
    ]


def charts(runs: Sequence[Any]) -> dict[str, Any]:
    """The previews first, then the curves, then the scores; MLflow's own order hides the previews.

    Args:
        runs: One of the experiment's runs; nothing is chosen where there is none.
    """
    if not runs:
        return {}
    (run,) = runs
    names = sorted(run.data.metrics)
    curves = [name for name in names if "/" not in name][:_CURVES]
    scores = [name for name in names if f"score.{name.partition('/')[0]}" in run.data.tags]
    steps = run.data.params.get("train.steps", "0")
    sections: list[dict[str, Any]] = []
    cards: list[dict[str, Any]] = []

    def add(title: str, columns: int, new: list[dict[str, Any]]) -> None:
        section = f"section-{len(sections)}"
        if new:
            shown = {"display": True, "columns": columns, "cardHeight": _HEIGHT}
            sections.append({"uuid": section, "name": title, **shown, **_MADE})
        for card in new:
            uuid = f"chart-{len(cards)}"
            cards.append({"uuid": uuid, "metricSectionId": section, **_MADE, **card})

    previews = {
        "type": "IMAGE",
        "imageKeys": [GROWING],
        "step": int(steps) if steps.isdigit() else 0,
    }
    add("Previews by step", 1, [previews | {"displayName": "Previews", "runsCountToCompare": 20}])
    line = {"type": "LINE", "runsCountToCompare": 20, "xAxisKey": "step"}
    line |= {"useGlobalXaxisKey": True, "useGlobalLineSmoothing": True, "scaleType": "linear"}
    add("Curves", 3, [{**line, "metricKey": name, "selectedMetricKeys": [name]} for name in curves])
    bar = {"type": "BAR", "runsCountToCompare": 20}
    add("Scores", 3, [{**bar, "metricKey": name} for name in scores[:_METRICS]])
    return {"compareRunCharts": cards, "compareRunSections": sections, "isAccordionReordered": True}


def _differing(params: Iterable[Mapping[str, str]]) -> list[str]:
    """Keys of which not all variants have the same value, sorted."""
    rows = list(params)
    names = sorted({name for row in rows for name in row})
    return [name for name in names if len({row.get(name) for row in rows}) > 1]
