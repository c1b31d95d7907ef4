"""The steps of ``gaussianmotion synthesis`` that train, export and measure models."""

import argparse
from collections.abc import Callable
from pathlib import Path

from gaussianmotion.cli.synthesis_steps import (
    WORK,
    count_option,
    learning_rate,
    number_option,
    path_option,
    say,
    seed_option,
)
from gaussianmotion.runtime.errors import UserError

Step = Callable[[str, Callable[[argparse.Namespace], None], str], argparse.ArgumentParser]


def add_steps(step: Step) -> None:
    """Add the steps to the parser."""
    prior = step("prior", _prior, "train the prior on pixel patches, on a CPU or a GPU")
    path_option(prior, "--dataset", str(WORK / "train"))
    path_option(prior, "--held-out", str(WORK / "held_out"))
    path_option(prior, "--out", str(WORK / "prior"))
    count_option(prior, "--samples", 400_000, "samples in all")
    tail = "last samples, over which the learning rate falls to zero"
    count_option(prior, "--tail", 60_000, tail, least=0)
    count_option(prior, "--small", 45_000, "samples of the first phase, at 64 px", least=0)
    count_option(prior, "--batch", 32, "samples per step; 1024 suits a large GPU")
    rate = "factor of the learning rate; 1024 samples bear 2"
    number_option(prior, "--rate", 1.0, 10.0, rate, least=0.01)
    heads = "share of heads in what is drawn, for a last stretch; 0 is as in the data, 0.28"
    number_option(prior, "--heads", 0.0, 1.0, heads)
    count_option(prior, "--workers", 1, "processes that share a step, a core of a CPU each")
    count_option(prior, "--log-every", 20_000, "samples between two measurements")
    prior.add_argument("--no-mlflow", action="store_true", help="curves and grids in files only")
    seed_option(prior)

    autoencoder = step(
        "autoencoder", _autoencoder, "train a latent prior's autoencoder (no longer ships)"
    )
    path_option(autoencoder, "--dataset", str(WORK / "train"))
    path_option(autoencoder, "--out", str(WORK / "prior"))
    count_option(autoencoder, "--steps", 1800, "optimiser steps")

    diffusion = step("diffusion", _diffusion, "train a latent prior's networks (no longer ships)")
    path_option(diffusion, "--dataset", str(WORK / "train"))
    path_option(diffusion, "--out", str(WORK / "prior"))
    count_option(diffusion, "--steps", 6000, "optimiser steps in all")
    count_option(
        diffusion, "--tail", 1500, "last steps, over which the learning rate falls to zero", least=0
    )
    diffusion.add_argument(
        "--lr",
        type=learning_rate,
        metavar="X",
        help="learning rate (default: 0.002)",
    )
    diffusion.add_argument(
        "--resume",
        type=Path,
        metavar="FILE",
        help="before_tail.pt of a training to extend, or shipped.pt of import-prior",
    )

    again = step("import-prior", _import, "checkpoints of the shipped prior, to train it further")
    path_option(again, "--prior", "resources/prior")
    path_option(again, "--out", str(WORK / "prior"))

    export = step("export-prior", _export, "write the prior in diffusers layout")
    path_option(export, "--work", str(WORK / "prior"))
    path_option(export, "--dataset", str(WORK / "train"))
    path_option(export, "--out", "resources/prior")

    measure = step("measure-prior", _measure, "how well the prior does what it is told")
    path_option(measure, "--prior", "resources/prior")
    path_option(measure, "--held-out", str(WORK / "held_out"))
    path_option(measure, "--out", "resources/prior")
    path_option(measure, "--samples", str(WORK / "samples"))
    count_option(measure, "--count", 200, "held-out people")
    notes = "Markdown on what the samples look like, for the prior's README"
    measure.add_argument("--notes", type=Path, metavar="FILE", help=notes)

    alignment = step("alignment", _alignment, "train, export and measure the text alignment model")
    path_option(alignment, "--dataset", str(WORK / "train"))
    path_option(alignment, "--held-out", str(WORK / "held_out"))
    path_option(alignment, "--work", str(WORK / "alignment"))
    path_option(alignment, "--out", "resources/alignment")
    count_option(alignment, "--steps", 1600, "optimiser steps")


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
        phases_of(options.small, options.batch, options.heads),
        logging=Logging(every=options.log_every, mlflow=not options.no_mlflow),
        workers=options.workers,
        rate=options.rate,
        report=say,
    )


def _autoencoder(options: argparse.Namespace) -> None:
    from gaussianmotion.synthesis.prior.train_autoencoder import (
        AutoencoderSettings,
        train_autoencoder,
    )

    settings = AutoencoderSettings(steps=options.steps)
    train_autoencoder(options.dataset, options.out, settings, report=say)


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
        report=say,
    )


def _import(options: argparse.Namespace) -> None:
    from gaussianmotion.guidance.load import read_json
    from gaussianmotion.synthesis.prior.import_patches import import_patches
    from gaussianmotion.synthesis.prior.import_prior import import_prior

    settings = read_json(options.prior / "training.json").get("settings")
    if not isinstance(settings, dict):
        raise UserError(f"{options.prior / 'training.json'} says nothing of a training's settings")
    if "shape" in settings:  # of pixel patches
        say(f"wrote {import_patches(options.prior, options.out)}")
        return
    for path in import_prior(options.prior, options.out):
        say(f"wrote {path}")


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
        report=say,
    )
    if options.out == options.prior:
        say(f"wrote {write_model_card(options.prior, options.out / MEASURES, notes)}")


def _alignment(options: argparse.Namespace) -> None:
    from gaussianmotion.synthesis.alignment.card import write_alignment_card
    from gaussianmotion.synthesis.alignment.export import export_alignment
    from gaussianmotion.synthesis.alignment.measure import measure_alignment
    from gaussianmotion.synthesis.alignment.training import (
        AlignmentTrainingSettings,
        train_alignment,
    )
    from gaussianmotion.synthesis.pictures.data import list_shards

    list_shards(options.held_out)  # which is missed before the training, not after it
    settings = AlignmentTrainingSettings(steps=options.steps)
    checkpoint = train_alignment(options.dataset, options.work, settings, report=say)
    export_alignment(checkpoint, options.held_out, options.out)
    measure_alignment(options.out, options.held_out, options.out, report=say)
    say(f"wrote {write_alignment_card(options.out)}")
