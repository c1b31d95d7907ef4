"""The scores by name, each found in its module when it is asked for.

Modules are imported late: one score's libraries must not be needed, nor its source be read, to make
another one.
"""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast, runtime_checkable

from gaussianmotion.config import Config
from gaussianmotion.errors import UserError
from gaussianmotion.scores.score_file import ScoreFile


@runtime_checkable  # so that the tests' run-time checks of signatures can look at it
class RunScore(Protocol):
    """A score of one avatar."""

    def __call__(self, run: Path, config: Config, device: str) -> ScoreFile:
        """Score the run whose folder is ``run``."""


@runtime_checkable
class PooledScore(Protocol):
    """A score of many avatars together, against references of the same prompts."""

    def __call__(
        self, runs: Sequence[Path], references: Sequence[Path], config: Config, device: str
    ) -> ScoreFile:
        """Score the runs; ``references[i]`` is the folder of the references of ``runs[i]``."""


# Name -> module of this package and function.
RUN_SCORES = {
    "clip": ("pictures.clip_score", "score_clip"),
    "hps": ("pictures.hps", "score_hps"),
    "alignment": ("pictures.alignment", "score_alignment"),
    "geometry": ("geometry.geometry", "score_geometry"),
    "pose": ("pose.pose_score", "score_pose"),
}
POOLED_SCORES = {
    "fid": ("distances.fid", "score_fid"),
    "features": ("distances.lite_features", "score_features"),
}


def run_score(name: str) -> RunScore:
    """The function of a score of one avatar.

    Raises:
        UserError: there is no such score.
    """
    return cast(RunScore, _find(name, RUN_SCORES, "score"))


def pooled_score(name: str) -> PooledScore:
    """The function of a score of many avatars.

    Raises:
        UserError: there is no such score.
    """
    return cast(PooledScore, _find(name, POOLED_SCORES, "score-pooled"))


def _find(name: str, places: dict[str, tuple[str, str]], command: str) -> object:
    if name not in places:
        raise UserError(f"{command}: no score {name!r}; choose one of {', '.join(places)}")
    module, function = places[name]
    return getattr(import_module(f"gaussianmotion.scores.{module}"), function)
