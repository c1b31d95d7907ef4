"""``gaussianmotion ui``: what MLflow holds, in the browser."""

import argparse

from gaussianmotion.cli.arguments import Commands, add_command, add_config, resolve_config


def add_commands(commands: Commands) -> None:
    """Add the command to the parser."""
    ui = add_command(commands, "ui", _ui, "show the runs in the browser (MLflow)")
    add_config(ui)
    ui.add_argument(
        "--port", type=int, default=5000, metavar="N", help="0 takes a free one (%(default)s)"
    )


def _ui(options: argparse.Namespace) -> None:
    from gaussianmotion.tracking.server import show

    show(resolve_config(options).tracking, options.port)
