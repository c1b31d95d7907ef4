"""What else can be done with a finished avatar: judge its animations."""

import argparse
import sys
from pathlib import Path

from gaussianmotion.cli.arguments import (
    MOTION_HELP,
    Commands,
    add_command,
    add_config,
    resolve_config,
    whole_number,
)


def add_commands(commands: Commands) -> None:
    """Add the commands to the parser."""
    agreement = add_command(
        commands, "pose-agreement", _agreement, "does an animated avatar keep the pose asked for?"
    )
    add_config(agreement)
    agreement.add_argument("--avatar", type=Path, required=True, metavar="FILE")
    agreement.add_argument("--motion", required=True, metavar="NAME", help=MOTION_HELP)
    agreement.add_argument(
        "--frames",
        type=whole_number(1),
        default=24,
        metavar="N",
        help="frames to judge (default: %(default)s)",
    )
    agreement.add_argument(
        "--out", type=Path, metavar="FILE", help="default: pose_agreement/MOTION.json beside it"
    )


def _agreement(options: argparse.Namespace) -> None:
    from gaussianmotion.pipeline.experiment_files import motion_name
    from gaussianmotion.scores.pose.pose_agreement import pose_agreement

    name = f"{motion_name(options.motion)}.json"
    out = options.out or options.avatar.parent / "pose_agreement" / name
    config = resolve_config(options)
    result = pose_agreement(options.avatar, options.motion, out, config.render, options.frames)
    ceiling = result["ceiling"]
    print(
        f"{result['motion']}: {result['pck']:.0%} of the joints within "
        f"{result['right_within_torsos']} torsos of the pose asked for "
        f"(a painted mannequin: {ceiling['pck']:.0%}), {result['frames']} frames: {out}",
        file=sys.stderr,
    )
