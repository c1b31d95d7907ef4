"""The stages that make avatars as commands: prompts, models, training."""

import argparse
from functools import partial
from pathlib import Path

from gaussianmotion.cli.arguments import (
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
from gaussianmotion.cli.device import leased_gpu
from gaussianmotion.config.section import MAX_SEED
from gaussianmotion.pipeline.stages import STAGES, TRAIN
from gaussianmotion.records.experiment_folder import ExperimentFolder

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
        help="leave it when the training is finished; `render` removes it",
    )

    reuse = add_command(
        commands, "reuse", _reuse, "copy a training to a variant that trains exactly alike"
    )
    add_code(reuse)
    reuse.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="the training's")
    reuse.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="the copy's")


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
