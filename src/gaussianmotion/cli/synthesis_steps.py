"""What the steps of ``gaussianmotion synthesis`` share: options, threads, progress."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from gaussianmotion.cli.arguments import Commands, add_command
from gaussianmotion.config.section import MAX_SEED
from gaussianmotion.runtime.threads import limit_threads

WORK = Path("results/synthesis")


def seed_option(parser: argparse.ArgumentParser) -> None:
    """``--seed``, as large as those of the configuration."""
    count_option(parser, "--seed", 0, "of everything random", least=0, most=MAX_SEED)


def path_option(parser: argparse.ArgumentParser, name: str, default: str) -> None:
    """An option that is a file or folder."""
    parser.add_argument(
        name, type=Path, default=Path(default), metavar="PATH", help=f"default: {default}"
    )


def count_option(
    parser: argparse.ArgumentParser,
    name: str,
    default: int,
    help_text: str,
    least: int = 1,
    most: int = 10**12,
) -> None:
    """An option that is a whole number."""

    def count(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is too small: give {least} or more")
        if value > most:
            raise argparse.ArgumentTypeError(f"{value} is too large: give {most} or less")
        return value

    parser.add_argument(
        name, type=count, default=default, metavar="N", help=f"{help_text} (default: {default})"
    )


def learning_rate(text: str) -> float:
    """A learning rate as it was typed."""
    value = float(text)
    if not 0.0 < value < 1.0:
        raise argparse.ArgumentTypeError(f"{text} is no learning rate: give one such as 0.002")
    return value


def number_option(
    step: argparse.ArgumentParser,
    name: str,
    default: float,
    most: float,
    help_text: str,
    least: float = 0.0,
) -> None:
    """A number from ``least`` to ``most``."""

    def number(text: str) -> float:
        value = float(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between {least:g} and {most:g}")
        return value

    step.add_argument(
        name, type=number, default=default, metavar="X", help=f"{help_text} (default: {default:g})"
    )


def add_step(
    steps: Commands, name: str, call: Callable[[argparse.Namespace], None], help_text: str
) -> argparse.ArgumentParser:
    """A command that keeps to the threads of ``gaussianmotion --threads``."""

    def limited(options: argparse.Namespace) -> None:
        if options.threads is not None:
            limit_threads(options.threads)
        call(options)

    return add_command(steps, name, limited, help_text)


def say(text: str) -> None:
    """Show a line of progress on the terminal; what library functions receive as ``report``."""
    print(text, file=sys.stderr, flush=True)
