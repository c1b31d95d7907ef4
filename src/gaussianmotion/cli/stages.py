"""The stages of the pipeline as commands, from prompts to the contact sheet."""

import argparse
import sys
from functools import partial
from pathlib import Path

from gaussianmotion.cli.arguments import (
    MOTION_HELP,
    Commands,
    add_code,
    add_command,
    add_stage,
    check_code,
    folder_name,
    resolve_both,
    resolve_stage,
    whole_number,
)
from gaussianmotion.cli.device import device_of, leased_gpu
from gaussianmotion.config.section import MAX_SEED
from gaussianmotion.pipeline.stages import STAGES, TRAIN
from gaussianmotion.records.experiment_folder import ExperimentFolder
from gaussianmotion.records.run_folder import RunFolder

# Everything that imports torch is imported by the command that needs it: help must be instant, and
# a GPU must be leased before CUDA is initialised.


def add_commands(commands: Commands) -> None:
    """Add the stages to the parser."""
    prompts = add_command(commands, "prompts", _prompts, "check a prompt list and write it out")
    add_stage(prompts)
    prompts.add_argument("--out", type=Path, required=True, metavar="FILE", help="TSV to write")

    models = add_command(
        commands, "models", _models, "check the shipped prior, or fetch hub models once"
    )
    add_stage(models)
    models.add_argument(
        "--only",
        choices=["prior", "clip", "hps", "inception"],
        help="one of them (default: all that the configuration's scores need)",
    )
    models.add_argument("--out", type=Path, metavar="FILE", help="JSON of what is where")

    train = add_command(commands, "train", _train, "train one avatar: one prompt, variant and seed")
    add_stage(train, variant=True)
    train.add_argument("--prompt", required=True, metavar="TEXT", help="what the person looks like")
    train.add_argument(
        "--prompt-id", type=folder_name, metavar="ID", help="name of the prompt (default: a slug)"
    )
    train.add_argument(
        "--seed",
        type=whole_number(0, MAX_SEED),
        default=0,
        metavar="N",
        help="default: %(default)s",
    )
    train.add_argument(
        "--experiment", type=folder_name, metavar="NAME", help="default: the configuration's"
    )
    train.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="default: results/EXPERIMENT/VARIANT/PROMPT-ID/SEED",
    )
    train.add_argument(
        "--keep-checkpoint",
        action="store_true",
        help="leave it when the training is finished; `views` removes it",
    )

    reuse = add_command(
        commands, "reuse", _reuse, "copy a training to a variant that trains exactly alike"
    )
    add_code(reuse)
    reuse.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="the training's")
    reuse.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="the copy's")

    views = add_command(commands, "views", _views, "render still views and a turntable")
    add_stage(views)
    views.add_argument("--avatar", type=Path, required=True, metavar="FILE")
    views.add_argument("--out", type=Path, metavar="FOLDER", help="default: the avatar's folder")

    animate = add_command(commands, "animate", _animate, "render an avatar in motion")
    add_stage(animate)
    animate.add_argument("--avatar", type=Path, required=True, metavar="FILE")
    animate.add_argument("--motion", required=True, metavar="NAME", help=MOTION_HELP)
    animate.add_argument(
        "--out", type=Path, metavar="FILE", help="default: motions/MOTION.mp4 beside it"
    )

    sheet = add_command(commands, "sheet", _sheet, "contact sheet of an avatar or an experiment")
    add_code(sheet)
    sheet.add_argument("runs", type=Path, nargs="+", metavar="FOLDER", help="folders of runs")
    sheet.add_argument("--experiment", action="store_true", help="one row for each run")
    sheet.add_argument(
        "--motions", nargs="*", metavar="NAME", help="videos to show (default: all that are there)"
    )
    sheet.add_argument("--variant", metavar="NAME", help="shown on the sheet of one avatar")
    sheet.add_argument("--out", type=Path, required=True, metavar="FILE", help="PNG to write")


def _prompts(options: argparse.Namespace) -> None:
    from gaussianmotion.pipeline.prompts import configured_prompts, write_prompts

    write_prompts(options.out, configured_prompts(resolve_stage(options, STAGES["prompts"])))


def _models(options: argparse.Namespace) -> None:
    from gaussianmotion.config.file import load_variants
    from gaussianmotion.models.fetch import check_models
    from gaussianmotion.pipeline.experiment import own_priors
    from gaussianmotion.scores.registry import weights_of

    _, config = resolve_both(options, STAGES[f"models_{options.only or 'prior'}"])
    whole = options.only is None and config.variants_file.exists()
    priors = own_priors(config, load_variants(config.variants_file)) if whole else {}
    check_models(config, options.out, options.only, priors, weights_of(config.scores.names))


def _train(options: argparse.Namespace) -> None:
    from gaussianmotion.pipeline.prompts import clean, slug

    settings, config = resolve_both(options, TRAIN)
    prompt = clean(options.prompt, "--prompt")
    prompt_id = options.prompt_id or slug(prompt)
    experiment = options.experiment or config.experiment
    folder = ExperimentFolder(config.results / experiment)
    out = options.out or folder.run(options.variant, prompt_id, options.seed).path
    from gaussianmotion import tracking
    from gaussianmotion.runtime import gpu_errors
    from gaussianmotion.training.memory import out_of_memory, peak_gib

    identity = tracking.Identity(
        experiment=experiment,
        variant=options.variant,
        prompt_id=prompt_id,
        prompt=prompt,
        seed=options.seed,
    )
    code = options.code or TRAIN.code()
    explained = gpu_errors.in_words(partial(out_of_memory, config))
    with leased_gpu(settings, peak_gib(config)), tracking.live(out, identity, config), explained:
        from gaussianmotion.training.loop import train

        keep = options.keep_checkpoint
        train(settings, prompt_id, prompt, options.seed, out, code=code, keep=keep)


def _reuse(options: argparse.Namespace) -> None:
    from gaussianmotion.pipeline.same_training import copy_training

    check_code(options, STAGES["reuse"])
    copy_training(options.run, options.out)


def _views(options: argparse.Namespace) -> None:
    from gaussianmotion.training.checkpoint import forget_finished

    config = resolve_stage(options, STAGES["views"])
    # The workflow has noted the end of the training, or would not be here.
    forget_finished(options.avatar.parent)
    with leased_gpu(config) as leased:
        from gaussianmotion.rendering.views import render_views

        render_views(
            options.avatar,
            options.out or options.avatar.parent,
            config.render,
            backend=config.rasteriser,
            device=device_of(config, leased),
        )


def _animate(options: argparse.Namespace) -> None:
    from gaussianmotion.pipeline.experiment_files import motion_name

    config = resolve_stage(options, STAGES["animate"])
    out = options.out or RunFolder(options.avatar.parent).video(motion_name(options.motion))
    with leased_gpu(config) as leased:
        from gaussianmotion.rendering.animate import render_motion

        render_motion(
            options.avatar,
            options.motion,
            out,
            config.render,
            backend=config.rasteriser,
            device=device_of(config, leased),
        )


def _sheet(options: argparse.Namespace) -> None:
    from gaussianmotion.errors import UserError
    from gaussianmotion.rendering.sheet import avatar_sheet, experiment_sheet

    check_code(options, STAGES["sheet"])
    if options.experiment:
        experiment_sheet(options.runs, options.out, options.motions)
    elif len(options.runs) == 1:
        avatar_sheet(options.runs[0], options.out, options.motions, options.variant)
    else:
        raise UserError("sheet: give one folder, or --experiment for a sheet of several")
    print(f"sheet: {options.out}", file=sys.stderr)
