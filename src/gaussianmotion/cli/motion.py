"""Motions of the user's own: look at one before an avatar moves by it, or make it one of ours."""

import argparse
import sys
from pathlib import Path
from typing import Any

from gaussianmotion.cli.arguments import (
    MOTION_HELP,
    Commands,
    add_command,
    file_named,
    whole_number,
)
from gaussianmotion.config.motion import MotionFile, motion_file
from gaussianmotion.runtime.errors import UserError


def add_commands(commands: Commands) -> None:
    """Add ``motion`` with its own commands to the parser."""
    motion = commands.add_parser(
        "motion",
        help="motion files: look, convert, list",
        description="Motions of all kinds of files (docs/how-to/motions.md).",
    )
    verbs = motion.add_subparsers(title="commands", metavar="COMMAND", required=True)

    look = add_command(verbs, "look", _look, "a picture of a motion on the plain body")
    _add_source(look)
    look.add_argument(
        "--out", type=file_named(".png"), metavar="FILE", help="PNG to write (default: NAME.png)"
    )

    convert = add_command(verbs, "convert", _convert, "write a motion file as an .npz of ours")
    _add_source(convert)
    convert.add_argument("--out", type=Path, required=True, metavar="FILE", help=".npz to write")

    add_command(verbs, "list", _list, "names of the bundled clips, and how long they are")


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="FILE", help=MOTION_HELP)
    group = parser.add_argument_group("what the file does not say, or says wrong")
    group.add_argument("--fps", metavar="N", help="frames per second")
    group.add_argument(
        "--up", metavar="AXIS", help="the axis that points up: y or z, or down: --up=-y, --up=-z"
    )
    group.add_argument("--unit", metavar="UNIT", help="of positions: m, cm, mm, in or ft")
    group.add_argument(
        "--take", type=whole_number(0), metavar="N", help="sample or person, where it holds several"
    )
    group.add_argument(
        "--joint-names", type=Path, metavar="FILE", help="YAML of a BVH file's joint names"
    )


def _source(options: argparse.Namespace) -> str | MotionFile:
    """The motion that the options describe."""
    keys = ("fps", "up", "unit", "take", "joint_names")
    said: dict[str, Any] = {key: getattr(options, key) for key in keys}
    said = {key: value for key, value in said.items() if value is not None}
    file = motion_file(options.source)
    if file is None:
        if said:
            raise UserError(f"{options.source} is a bundled clip, which says all of it already")
        return str(options.source)
    return motion_file({**file.model_dump(exclude_unset=True), **said}) or file


def _look(options: argparse.Namespace) -> None:
    from gaussianmotion.body import load_body
    from gaussianmotion.pose.files.read import BODY
    from gaussianmotion.pose.motion import load_motion
    from gaussianmotion.rendering.motion_look import facts_of, look

    motion = load_motion(_source(options))
    body = load_body(BODY)
    out = look(motion, body, options.out or Path(f"{motion.name}.png"))
    print(f"{motion.layout}: {', '.join(facts_of(motion, body))}: {out}", file=sys.stderr)


def _convert(options: argparse.Namespace) -> None:
    from gaussianmotion.pose.motion import load_motion
    from gaussianmotion.pose.save import save_motion

    if options.out.suffix != ".npz":
        raise UserError(f"--out {options.out}: motions are written as .npz; name it so")
    source = _source(options)
    own = source.path if isinstance(source, MotionFile) else None
    if own is not None and options.out.exists() and own.exists() and options.out.samefile(own):
        raise UserError(f"--out {options.out} is the file that is read: give another name")
    motion = load_motion(source)
    out = save_motion(options.out, motion)
    print(
        f"{motion.layout}: {len(motion)} frames at {motion.fps:g} a second: {out}", file=sys.stderr
    )


def _list(options: argparse.Namespace) -> None:
    from gaussianmotion.pose.motion import bundled_motions, load_motion

    for name in bundled_motions():
        clip = load_motion(name)
        print(f"{name:18} {clip.seconds:5.1f} s{'  loops' if clip.cyclic else ''}")
