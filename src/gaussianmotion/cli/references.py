"""Samples of the text-to-image model: reference images, and Fig. 5's noised renders."""

import argparse
import sys
from pathlib import Path

from gaussianmotion.cli.arguments import (
    Commands,
    add_command,
    add_stage,
    folder_name,
    resolve_both,
    resolve_stage,
)
from gaussianmotion.cli.device import device_of, leased_gpu
from gaussianmotion.pipeline.stages import STAGES


def add_commands(commands: Commands) -> None:
    """Add the commands to the parser."""
    reference = add_command(
        commands, "reference", _reference, "sample the text-to-image model, for references"
    )
    add_stage(reference)
    reference.add_argument("--prompt", required=True, metavar="TEXT")
    reference.add_argument(
        "--prompt-id", type=folder_name, metavar="ID", help="default: a slug of the prompt"
    )
    reference.add_argument(
        "--out", type=Path, metavar="FOLDER", help="default: results/EXPERIMENT/reference/ID"
    )

    noised = add_command(
        commands, "noised", _noised, "noise an avatar's front and sample it with and without pose"
    )
    add_stage(noised)
    noised.add_argument("--avatar", type=Path, required=True, metavar="FILE")
    noised.add_argument("--out", type=Path, metavar="FOLDER", help="default: noised/ beside it")


def _reference(options: argparse.Namespace) -> None:
    from gaussianmotion.pipeline.prompts import clean, slug

    settings, config = resolve_both(options, STAGES["reference"])
    prompt = clean(options.prompt, "--prompt")
    prompt_id = options.prompt_id or slug(prompt)
    out = options.out or config.results / config.experiment / "reference" / prompt_id
    from gaussianmotion.runtime.gpu_errors import in_words

    smaller = f"set reference.batch below {config.reference.batch}, to 1 if need be"
    with leased_gpu(config) as leased, in_words(lambda total: smaller):
        from gaussianmotion.comparisons.references import sample_references

        path = sample_references(prompt_id, prompt, out, settings, device_of(settings, leased))
    print(f"reference: {path}", file=sys.stderr)


def _noised(options: argparse.Namespace) -> None:
    config = resolve_stage(options, STAGES["noised"])
    with leased_gpu(config) as leased:
        from gaussianmotion.comparisons.noised import sample_noised

        path = sample_noised(
            options.avatar,
            options.out or options.avatar.parent / "noised",
            config.noised,
            config.render,
            config.rasteriser,
            device_of(config, leased),
        )
    print(f"noised: {path}", file=sys.stderr)
