"""All declared scores, found by walking the rooms of this package."""

from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any

from gaussianmotion.config.score_names import declared_scores
from gaussianmotion.errors import UserError
from gaussianmotion.models.sources import WeightsName
from gaussianmotion.pipeline.stage import COMPUTING, Stage
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
