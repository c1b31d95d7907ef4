"""Scores as commands: of avatars one by one, and of many against references."""

import argparse
import json
import sys
from contextlib import nullcontext
from pathlib import Path

from gaussianmotion.cli.arguments import Commands, add_command, add_stage, resolve_both
from gaussianmotion.cli.device import device_of, leased_gpu
from gaussianmotion.config import Config
from gaussianmotion.config.section import Section
from gaussianmotion.records.run_folder import RunFolder
from gaussianmotion.runtime.errors import UserError
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
    score = add_command(commands, "score", _score, "score avatars, each by itself")
    add_stage(score)
    score.add_argument("names", choices=list(run_scores()), nargs="+", metavar="NAME",
                       help=f"which scores: {', '.join(run_scores())}")  # fmt: skip
    score.add_argument(
        "--run",
        type=Path,
        nargs="+",
        required=True,
        metavar="FOLDER",
        help="of one avatar or of many, for which models are loaded once",
    )
    score.add_argument(
        "--out",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="of each run, for each score (default: scores/NAME.json in the run's folder)",
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
    names, runs = options.names, options.run
    outs = options.out or [RunFolder(run).score(name) for run in runs for name in names]
    if len(outs) != len(runs) * len(names):
        raise UserError(
            f"score: {len(outs)} files for {len(runs)} runs and {len(names)} scores; give one for "
            "each score of each run, or leave out --out"
        )
    for place, name in enumerate(names):
        settings, config = _settings_of(options, name)
        computes = "device" in type(settings).model_fields
        with leased_gpu(config) if computes else nullcontext() as leased:
            device = device_of(config, leased) if computes else "cpu"
            scorer = run_score(name).prepare(settings, device)
            for run, out in zip(runs, outs[place :: len(names)], strict=True):
                _write(scorer(run), out)


def _settings_of(options: argparse.Namespace, name: str) -> tuple[Section, Config]:
    """What one of the scores reads; of several, a rule gives settings and code by their names."""
    given = dict(vars(options))
    if len(options.names) > 1:
        for key in ("settings", "code"):
            text = given[key]
            given[key] = None if text is None else _part_of(text, name, key)
    return resolve_both(argparse.Namespace(**given), score_stages()[f"score_{name}"])


def _part_of(text: str, name: str, key: str) -> str:
    """One score's part of JSON by score; settings stay JSON."""
    try:
        part = json.loads(text)[name]
    except (ValueError, KeyError, TypeError):
        raise UserError(
            f"--{key}: of several scores a JSON object by their names is needed, as in "
            f'{{"{name}": ...}}'
        ) from None
    return part if isinstance(part, str) else json.dumps(part)


def _pooled(options: argparse.Namespace) -> None:
    if len(options.runs) != len(options.references):
        raise UserError(
            f"score-pooled: {len(options.runs)} runs, but {len(options.references)} folders of "
            "references; give each run's own, in the same order"
        )
    settings, config = resolve_both(options, score_stages()[f"pooled_{options.name}"])
    with leased_gpu(config) as leased:
        scorer = pooled_score(options.name).prepare(settings, device_of(config, leased))
        result = scorer(options.runs, options.references)
    _write(result, options.out)


def _write(result: ScoreFile, out: Path) -> None:
    result.write(out)
    numbers = ", ".join(f"{name} {value.value:.4g}" for name, value in result.values.items())
    print(f"{result.title}: {numbers or result.reason} (N = {result.n}): {out}", file=sys.stderr)
