"""Scores as commands: of one avatar, and of many against references."""

import argparse
import sys
from pathlib import Path

from gaussianmotion.cli.arguments import Commands, add_command, add_stage, resolve_both
from gaussianmotion.cli.device import device_of, leased_gpu
from gaussianmotion.errors import UserError
from gaussianmotion.scores.registry import (
    pooled_score,
    pooled_scores,
    run_score,
    run_scores,
    score_stages,
)
from gaussianmotion.scores.score_file import ScoreFile


def add_commands(commands: Commands) -> None:
    """Add the commands to the parser."""
    score = add_command(commands, "score", _score, "score one avatar")
    add_stage(score)
    score.add_argument("name", choices=list(run_scores()), help="which score")
    score.add_argument("--run", type=Path, required=True, metavar="FOLDER")
    score.add_argument(
        "--out", type=Path, metavar="FILE", help="default: scores/NAME.json in that folder"
    )

    pooled = add_command(
        commands, "score-pooled", _pooled, "score avatars together, against reference images"
    )
    add_stage(pooled)
    pooled.add_argument("name", choices=list(pooled_scores()), help="which score")
    pooled.add_argument("--runs", type=Path, nargs="+", required=True, metavar="FOLDER")
    pooled.add_argument(
        "--references",
        type=Path,
        nargs="+",
        required=True,
        metavar="FOLDER",
        help="for each run the folder of its prompt's references",
    )
    pooled.add_argument("--out", type=Path, required=True, metavar="FILE")


def _score(options: argparse.Namespace) -> None:
    _, config = resolve_both(options, score_stages()[f"score_{options.name}"])
    with leased_gpu(config) as leased:
        result = run_score(options.name)(options.run, config, device_of(config, leased))
    _write(result, options.out or options.run / "scores" / f"{options.name}.json")


def _pooled(options: argparse.Namespace) -> None:
    if len(options.runs) != len(options.references):
        raise UserError(
            f"score-pooled: {len(options.runs)} runs, but {len(options.references)} folders of "
            "references; give each run's own, in the same order"
        )
    _, config = resolve_both(options, score_stages()[f"pooled_{options.name}"])
    with leased_gpu(config) as leased:
        result = pooled_score(options.name)(
            options.runs, options.references, config, device_of(config, leased)
        )
    _write(result, options.out)


def _write(result: ScoreFile, out: Path) -> None:
    result.write(out)
    numbers = ", ".join(f"{name} {value.value:.4g}" for name, value in result.values.items())
    print(f"{result.title}: {numbers or result.reason} (N = {result.n}): {out}", file=sys.stderr)
