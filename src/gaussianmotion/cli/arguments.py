"""Arguments that several commands share, and what they mean."""

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from gaussianmotion.config import Config
from gaussianmotion.config.file import load_config, load_variants, with_variant
from gaussianmotion.config.section import SLUG_PATTERN
from gaussianmotion.models.sources import share_hub_cache
from gaussianmotion.pipeline.grid import OURS
from gaussianmotion.pipeline.stage import Settings, Stage
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.shipped import shipped
from gaussianmotion.runtime.threads import limit_threads

# A motion as one argument; the configuration has the same forms.
MOTION_HELP = (
    "bundled clip, path of a motion file, or '{path: x.bvh, fps: 30}' (docs/how-to/motions.md)"
)

Commands = Any  # argparse's sub-parsers; their class is private


class Parser(argparse.ArgumentParser):
    """A parser that says a mistake in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and exit with status 2."""
        self.exit(2, f"{self.prog}: {' '.join(message.split())}; see `{self.prog} --help`\n")


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """The type of an argument that is a whole number of a range."""

    def parse(text: str) -> int:
        inside = f"from {least} to {most}" if most is not None else f"of at least {least}"
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least or (most is not None and number > most):
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number {inside}")
        return number

    return parse


def file_named(suffix: str) -> Callable[[str], Path]:
    """The type of an argument that is a file to write, whose name must say what it is.

    One that says something else is most often a file that shall stay: ``--out avatar.safetensors``
    in place of ``--avatar``.
    """

    def parse(text: str) -> Path:
        path = Path(text)
        if path.suffix.lower() != suffix and not path.is_dir():  # of which the writer tells
            name = path.with_suffix(suffix) if path.name else f"FILE{suffix}"
            raise argparse.ArgumentTypeError(f"{text!r}: a {suffix} is written; name it {name}")
        return path

    return parse


def folder_name(text: str) -> str:
    """The type of an argument that names one of an experiment's folders."""
    if not re.fullmatch(SLUG_PATTERN, text):
        raise argparse.ArgumentTypeError(
            f"{text!r} may hold only lower-case letters, digits and _ . - (at most 80)"
        )
    return text


def add_command(
    commands: Commands, name: str, call: Callable[[argparse.Namespace], int | None], help: str
) -> argparse.ArgumentParser:
    """A command whose parsed options are passed to ``call``."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=help, description=help)
    parser.set_defaults(call=call)
    return parser


def add_config(parser: argparse.ArgumentParser, variant: bool = False) -> None:
    """``--config`` and ``--set``, which together make a configuration."""
    group = parser.add_argument_group("configuration")
    group.add_argument(
        "--config",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="YAML files, later ones overlay earlier ones (default: config.yaml); without a GPU: "
        "--config config.yaml config/laptop.yaml",
    )
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="one key, for example train.steps=400; may be repeated",
    )
    if variant:
        group.add_argument(
            "--variant",
            type=folder_name,
            default=OURS,
            help="name in the variants file (default: %(default)s)",
        )


def add_stage(parser: argparse.ArgumentParser, variant: bool = False) -> None:
    """A stage's settings: of configuration files by hand, by ``--settings`` from a rule."""
    add_config(parser, variant)
    group = add_code(parser)
    group.add_argument("--settings", metavar="JSON", help="the keys that this stage reads")


def add_code(parser: argparse.ArgumentParser) -> Any:
    """``--code`` of a rule; returns the group of its arguments."""
    group = parser.add_argument_group("from the workflow's rules")
    group.add_argument("--code", metavar="DIGEST", help="of the code that was planned to run")
    return group


def resolve_config(options: argparse.Namespace) -> Config:
    """The validated configuration that the options describe; limits the process to its threads.

    Raises:
        UserError: a key or value is wrong.
    """
    config = load_config(options.config or [shipped(Path("config.yaml"))], options.set)
    variant, variants = getattr(options, "variant", OURS), shipped(config.variants_file)
    if variant != OURS or variants.exists():
        overlays = load_variants(variants)
        if variant != OURS or variant in overlays:  # a file of one's own may lack it
            config = with_variant(config, variant, overlays)
    _prepare(options, config)
    return config


def resolve_stage(options: argparse.Namespace, stage: Stage[Settings]) -> Settings:
    """The settings of a stage: those of its rule, or its part of a whole configuration.

    The JSON of ``--settings`` comes from a rule and already holds the variant's keys.

    Raises:
        UserError: a key or value is wrong, or the code is not what the workflow planned with.
    """
    return resolve_both(options, stage)[0]


def resolve_both(options: argparse.Namespace, stage: Stage[Settings]) -> tuple[Settings, Config]:
    """The settings of a stage, and the configuration that they are of, for what is around it.

    Of a rule's settings the latter holds nothing else: paths are given by the rule, too.
    """
    check_code(options, stage)
    if options.settings is None:
        config = resolve_config(options)
        return stage.narrow(config), config
    if options.config or options.set:
        raise UserError("--settings holds all keys of the stage; leave out --config and --set")
    settings = stage.parse(options.settings)
    config = Config.model_validate(settings.model_dump())
    _prepare(options, config)
    return settings, config


def check_code(options: argparse.Namespace, stage: Stage[Any]) -> None:
    """Refuse to run another code than what a rule was planned with.

    Snakemake notes the planned code with the results: an edit while a run goes on must not make
    results of the new code look like those of the old one, or the other way round.

    Raises:
        UserError: the source was edited meanwhile.
    """
    if options.code is not None and options.code != stage.code():
        raise UserError(
            f"the source of {stage.name} was edited after this run was planned; start the same "
            "command again, which plans with what is there now"
        )


def _prepare(options: argparse.Namespace, config: Config) -> None:
    limit_threads(options.threads or config.threads)
    share_hub_cache(config)
