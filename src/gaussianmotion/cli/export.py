"""A finished avatar leaves the pipeline: to a browser, to other programs."""

import argparse
import sys
from pathlib import Path

from gaussianmotion.cli.arguments import (
    Commands,
    add_command,
    add_config,
    folder_name,
    resolve_config,
)


def add_commands(commands: Commands) -> None:
    """Add the commands to the parser."""
    viewer = add_command(
        commands, "viewer", _viewer, "make avatar.html: turn and move an avatar in a browser"
    )
    add_config(viewer)
    viewer.add_argument("--avatar", type=Path, required=True, metavar="FILE")
    viewer.add_argument(
        "--motions",
        nargs="+",
        metavar="NAME",
        help="bundled clips, or paths of motion files (default: the configuration's, then all "
        "that are bundled)",
    )
    viewer.add_argument(
        "--variant",
        dest="shown_variant",  # it chooses no overlay of the configuration
        type=folder_name,
        metavar="NAME",
        help="shown on the page (default: by the avatar's folder)",
    )
    viewer.add_argument(
        "--out", type=Path, metavar="FILE", help="HTML to write (default: avatar.html beside it)"
    )


def _viewer(options: argparse.Namespace) -> None:
    from gaussianmotion.export.viewer import write_viewer
    from gaussianmotion.pose.motion import bundled_motions

    config = resolve_config(options)
    out = options.out or options.avatar.with_suffix(".html")
    motions = options.motions or list(dict.fromkeys([*config.motions, *bundled_motions()]))
    size = write_viewer(options.avatar, out, motions, config.render, options.shown_variant)
    print(f"viewer: {size / 1e6:.1f} MB: {out}", file=sys.stderr)
