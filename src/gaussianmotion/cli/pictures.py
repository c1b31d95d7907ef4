"""Pictures and videos of a finished avatar as commands: all of them, or one thing."""

import argparse
import sys
from pathlib import Path

from gaussianmotion.cli.arguments import (
    MOTION_HELP,
    Commands,
    add_code,
    add_command,
    add_stage,
    check_code,
    file_named,
    folder_name,
    resolve_stage,
)
from gaussianmotion.cli.device import device_of, leased_gpu
from gaussianmotion.pipeline.stages import STAGES
from gaussianmotion.records.run_folder import RunFolder

# Everything that imports torch is imported by the command that needs it.


def add_commands(commands: Commands) -> None:
    """Add the commands to the parser."""
    render = add_command(
        commands, "render", _render, "render all pictures and videos of an avatar, and their sheet"
    )
    add_stage(render)
    render.add_argument("--avatar", type=Path, required=True, metavar="FILE")
    render.add_argument(
        "--variant",
        dest="shown_variant",  # it chooses no overlay of the configuration
        type=folder_name,
        metavar="NAME",
        help="shown on the sheet",
    )
    render.add_argument("--out", type=Path, metavar="FOLDER", help="default: the avatar's folder")

    views = add_command(commands, "views", _views, "render still views and a turntable")
    add_stage(views)
    views.add_argument("--avatar", type=Path, required=True, metavar="FILE")
    views.add_argument("--out", type=Path, metavar="FOLDER", help="default: the avatar's folder")

    animate = add_command(commands, "animate", _animate, "render an avatar in motion")
    add_stage(animate)
    animate.add_argument("--avatar", type=Path, required=True, metavar="FILE")
    animate.add_argument("--motion", required=True, metavar="NAME", help=MOTION_HELP)
    animate.add_argument(
        "--out",
        type=file_named(".mp4"),
        metavar="FILE",
        help="default: motions/MOTION.mp4 beside it",
    )

    sheet = add_command(commands, "sheet", _sheet, "contact sheet of an avatar or an experiment")
    add_code(sheet)
    sheet.add_argument("runs", type=Path, nargs="+", metavar="FOLDER", help="folders of runs")
    sheet.add_argument("--experiment", action="store_true", help="one row for each run")
    sheet.add_argument(
        "--motions", nargs="*", metavar="NAME", help="videos to show (default: all that are there)"
    )
    sheet.add_argument("--variant", metavar="NAME", help="shown on the sheet of one avatar")
    sheet.add_argument(
        "--out", type=file_named(".png"), required=True, metavar="FILE", help="PNG to write"
    )


def _render(options: argparse.Namespace) -> None:
    from gaussianmotion.pipeline.experiment_files import motion_names

    config = resolve_stage(options, STAGES["render"])
    motions = motion_names(config.motions)
    _forget_checkpoint(options.avatar)
    with leased_gpu(config) as leased:
        from gaussianmotion.rendering.render import render_avatar

        render_avatar(
            options.avatar,
            options.out or options.avatar.parent,
            motions,
            config.render,
            options.shown_variant,
            backend=config.rasteriser,
            device=device_of(config, leased),
        )


def _views(options: argparse.Namespace) -> None:
    config = resolve_stage(options, STAGES["views"])
    _forget_checkpoint(options.avatar)
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
    from gaussianmotion.rendering.sheet import avatar_sheet, experiment_sheet
    from gaussianmotion.runtime.errors import UserError

    check_code(options, STAGES["sheet"])
    if options.experiment:
        experiment_sheet(options.runs, options.out, options.motions)
    elif len(options.runs) == 1:
        avatar_sheet(options.runs[0], options.out, options.motions, options.variant)
    else:
        raise UserError("sheet: give one folder, or --experiment for a sheet of several")
    print(f"sheet: {options.out}", file=sys.stderr)


def _forget_checkpoint(avatar: Path) -> None:
    """Remove a finished training's checkpoint: the workflow has noted its end, or was not asked."""
    from gaussianmotion.training.checkpoint import forget_finished

    forget_finished(avatar.parent)
