"""All declared scores, found by walking the rooms of this package."""

import json
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any

from gaussianmotion.config import Config
from gaussianmotion.config.score_names import declared_scores
from gaussianmotion.models.sources import WeightsName
from gaussianmotion.pipeline.stage import COMPUTING, Stage
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.score import PooledScore, RunScore, Score


@cache
def scores() -> MappingProxyType[str, Score]:
    """Every declaration by name, in the order of their names."""
    found = {}
    for name, room in declared_scores().items():
        score = import_module(f"gaussianmotion.scores.{room}.{name}_score").SCORE
        if score.name != name:
            raise ValueError(f"scores/{room}/{name}_score.py declares a score {score.name!r}")
        found[name] = score
    return MappingProxyType(found)


@cache
def score_stages() -> MappingProxyType[str, Stage[Any]]:
    """The stage of every score by its name: score_NAME of one avatar, pooled_NAME of many."""
    found = {}
    for name, room in declared_scores().items():
        score = scores()[name]
        stage = f"{'pooled' if score.pooled else 'score'}_{name}"
        entry = f"scores.{room}.{name}_score:SCORE"
        # Large networks take a GPU; what draws or reads a small one leaves them to training.
        small = not score.weights
        found[stage] = Stage(stage, entry, score.settings, COMPUTING, on_cpu=small)
    return MappingProxyType(found)


def joint_settings(names: Sequence[str], config: Config) -> str:
    """The settings of several scores of one avatar, as the command ``score`` takes them.

    Args:
        names: Of one score its settings as they are; of several, JSON by their names.
        config: The whole configuration.
    """
    found = {name: score_stages()[f"score_{name}"].text(config) for name in names}
    if len(found) == 1:
        return next(iter(found.values()))
    return json.dumps({name: json.loads(text) for name, text in found.items()}, sort_keys=True)


def joint_code(names: Sequence[str]) -> str:
    """The digests of several scores' code, in the same form."""
    found = {name: score_stages()[f"score_{name}"].code() for name in names}
    return next(iter(found.values())) if len(found) == 1 else json.dumps(found, sort_keys=True)


def run_scores() -> dict[str, RunScore]:
    """The scores of one avatar."""
    return {name: score for name, score in scores().items() if isinstance(score, RunScore)}


def pooled_scores() -> dict[str, PooledScore]:
    """The scores of many avatars together."""
    return {name: score for name, score in scores().items() if isinstance(score, PooledScore)}


def run_score(name: str) -> RunScore:
    """A score of one avatar.

    Raises:
        UserError: there is no such score.
    """
    found = run_scores()
    if name not in found:
        raise UserError(f"score: no score {name!r}; choose one of {', '.join(found)}")
    return found[name]


def pooled_score(name: str) -> PooledScore:
    """A score of many avatars.

    Raises:
        UserError: there is no such score.
    """
    found = pooled_scores()
    if name not in found:
        raise UserError(f"score-pooled: no score {name!r}; choose one of {', '.join(found)}")
    return found[name]


def weights_of(names: list[str]) -> tuple[WeightsName, ...]:
    """The sections of ``models`` that some scores need, each once, in the order of the scores."""
    return tuple(dict.fromkeys(w for name in names for w in scores()[name].weights))
