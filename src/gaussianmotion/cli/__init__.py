"""The command line: one command per stage, nothing but parsing and calling.

Exit codes: 0 done, 1 a bug (with a traceback), 2 a mistake that the user can correct (one line),
130 interrupted (what was done so far is kept and resumed).
"""

import argparse
import gc
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

from gaussianmotion import __version__
from gaussianmotion.cli import (
    avatar_tools,
    demo,
    export,
    manage,
    motion,
    pictures,
    references,
    report,
    scores,
    stages,
    study,
    synthesis,
    tables,
    ui,
)
from gaussianmotion.cli.arguments import Parser, whole_number
from gaussianmotion.cli.interrupts import heard
from gaussianmotion.cli.joblog import job_log
from gaussianmotion.runtime import gpu_errors
from gaussianmotion.runtime.errors import UserError


def program() -> NoReturn:
    """Run the command of the command line and end the program with its exit code."""
    try:
        sys.exit(main())
    finally:
        # Python would search all that is loaded for cycles before it ends: with torch and diffusers
        # a second and a half of each job.
        gc.freeze()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    try:
        with heard():
            options = build_parser().parse_args(arguments)
            with job_log(options.log):
                return _run(options)
    except UserError as error:  # the log itself cannot be written
        print(f"gaussianmotion: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # before or after the command
        return _interrupted()


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = Parser(
        prog="gaussianmotion",
        description="Text to animatable 3D Gaussian avatars; a command for each stage.",
    )
    parser.add_argument("--version", action="version", version=f"gaussianmotion {__version__}")
    parser.add_argument("--log", metavar="FILE", help="also write messages to this file")
    parser.add_argument(
        "--threads",
        type=whole_number(1),
        metavar="N",
        help="CPU threads to use (default: the configuration's)",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (
        stages,
        pictures,
        references,
        scores,
        avatar_tools,
        export,
        motion,
        manage,
        demo,
        synthesis,
        report,
        study,
        tables,
        ui,
    ):
        module.add_commands(commands)
    return parser


def _run(options: argparse.Namespace) -> int:
    try:
        return int(options.call(options) or 0)
    except UserError as error:
        print(f"gaussianmotion: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:
        # The reader of our output (head, less) has gone; nothing is left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        said = gpu_errors.one_line(error)
        if said is not None:
            print(f"gaussianmotion: {said}", file=sys.stderr)
            return 2
        traceback.print_exc()
        print("gaussianmotion: this is a bug; please report the lines above", file=sys.stderr)
        return 1


def _interrupted() -> int:
    print("gaussianmotion: interrupted; the same command goes on from here", file=sys.stderr)
    return 130
