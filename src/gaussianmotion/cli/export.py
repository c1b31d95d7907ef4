"""A finished avatar leaves the pipeline: to a browser, to other programs."""

import argparse
import sys
from pathlib import Path
from typing import Literal

from gaussianmotion.cli.arguments import (
    Commands,
    add_code,
    add_command,
    add_stage,
    check_code,
    file_named,
    folder_name,
    resolve_stage,
    whole_number,
)
from gaussianmotion.config.motion import motion_text
from gaussianmotion.pipeline.stages import STAGES
from gaussianmotion.records.run_folder import MESH
from gaussianmotion.runtime.errors import UserError

UPS: dict[str | None, Literal["y", "-y"] | None] = {"up": "y", "down": "-y", None: None}
FORMATS = ("ply", "spz", "splat-glb", "mesh-glb")


def add_commands(commands: Commands) -> None:
    """Add the commands to the parser."""
    viewer = add_command(
        commands, "viewer", _viewer, "make avatar.html: turn and move an avatar in a browser"
    )
    add_stage(viewer)
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
        "--out",
        type=file_named(".html"),
        metavar="FILE",
        help="HTML to write (default: avatar.html beside it)",
    )

    gallery = add_command(
        commands, "gallery", _gallery, "make gallery.html: avatars' pages side by side"
    )
    add_code(gallery)
    gallery.add_argument(
        "pages", type=Path, nargs="+", metavar="FILE", help="avatar.html of each run"
    )
    gallery.add_argument("--title", default="Avatars", help="default: %(default)s")
    gallery.add_argument(
        "--out", type=file_named(".html"), required=True, metavar="FILE", help="HTML to write"
    )

    export = add_command(
        commands, "export", _export, "write an avatar as a file for other programs"
    )
    export.add_argument(
        "format",
        choices=FORMATS,
        help="ply or spz (splats), splat-glb (splats by KHR_gaussian_splatting), mesh-glb (a "
        "rigged mesh with animations)",
    )
    add_code(export)
    export.add_argument("--avatar", type=Path, required=True, metavar="FILE")
    export.add_argument(
        "--pose", metavar="NAME", help="star, a, t, arms_down or standing (default: star)"
    )
    export.add_argument(
        "--motion",
        metavar="NAME",
        help="bundled clip, or path of a motion file, in place of a pose: all of its frames as a "
        "numbered series, or one",
    )
    export.add_argument(
        "--frame", type=whole_number(0), metavar="N", help="only this frame of the motion, from 0"
    )
    export.add_argument(
        "--every",
        type=whole_number(1),
        metavar="N",
        help="of a series, every N-th frame (default: 1)",
    )
    export.add_argument(
        "--motions",
        nargs="+",
        metavar="NAME",
        help="mesh-glb only: its animations (default: all bundled clips, which add half a "
        "megabyte to the mesh's four and no time)",
    )
    export.add_argument(
        "--y",
        choices=("up", "down"),
        help="where y points in a ply or spz (default: down in ply, up in spz, as viewers expect)",
    )
    export.add_argument(
        "--out",
        type=Path,
        metavar="PATH",
        help="file to write, or folder of a series (default: beside the avatar)",
    )


def _viewer(options: argparse.Namespace) -> None:
    from gaussianmotion.export.viewer import write_viewer
    from gaussianmotion.pipeline.experiment_files import motion_name
    from gaussianmotion.pose.motion import bundled_motions

    settings = resolve_stage(options, STAGES["viewer"])
    out = options.out or options.avatar.with_suffix(".html")
    chosen = {motion_name(motion): motion_text(motion) for motion in settings.motions}
    others = [name for name in bundled_motions() if name not in chosen]
    motions = options.motions or [*chosen.values(), *others]
    size = write_viewer(options.avatar, out, motions, settings.render, options.shown_variant)
    print(f"viewer: {size / 1e6:.1f} MB: {out}", file=sys.stderr)


def _gallery(options: argparse.Namespace) -> None:
    from gaussianmotion.export.viewer.gallery import write_gallery

    check_code(options, STAGES["gallery"])
    prompts = write_gallery(options.pages, options.out, options.title)
    print(f"gallery: {prompts} prompts: {options.out}", file=sys.stderr)


def _export(options: argparse.Namespace) -> None:
    check_code(options, STAGES[f"export_{'mesh' if options.format == 'mesh-glb' else 'splats'}"])
    if options.format == "mesh-glb":
        _mesh(options)
        return
    from gaussianmotion.export.posed import moving, standing
    from gaussianmotion.export.stills import FILES, write_series, write_still
    from gaussianmotion.pipeline.experiment_files import motion_name
    from gaussianmotion.rendering.subject import load_subject

    kind = options.format.replace("-", "_")
    series = options.motion is not None and options.frame is None
    _refuse_unread(options, series)
    beside = options.avatar.parent
    if not series:
        if options.motion is None:
            moment = standing(options.pose or "star")
        else:
            moment = moving(options.motion, options.frame)[0]
        _refuse_other_name(options.out, Path(FILES[kind]).suffix)
        out = options.out or beside / FILES[kind]
        subject = load_subject(options.avatar)
        write_still(out, subject, moment, kind, UPS[options.y])
        print(f"export: {len(subject.avatar):,} Gaussians: {out}", file=sys.stderr)
        return
    moments = moving(options.motion, every=options.every or 1)
    name = motion_name(options.motion)
    folder = options.out or beside / "frames"
    subject = load_subject(options.avatar)
    paths = write_series(folder, subject, moments, kind, name, UPS[options.y])
    print(f"export: {len(paths)} files: {paths[0]} ... {paths[-1].name}", file=sys.stderr)


def _refuse_unread(options: argparse.Namespace, series: bool) -> None:
    """Refuse options that would say nothing of what is written: one may have been meant."""
    if options.motions is not None:
        raise UserError("--motions is for mesh-glb: give one --motion NAME")
    if options.frame is not None and options.motion is None:
        raise UserError("--frame is of a motion: give --motion NAME, too")
    if options.pose is not None and options.motion is not None:
        raise UserError("--pose and --motion are two ways to stand: give one of them")
    if options.every is not None and not series:
        raise UserError("--every is of a series: give --motion NAME without --frame")
    if options.y == "down" and options.format == "splat-glb":
        raise UserError("in a .glb y is up: leave out --y")


def _refuse_other_name(out: Path | None, suffix: str) -> None:
    """Refuse a file whose name says something else than what would be written."""
    if out is None:
        return
    try:
        file_named(suffix)(str(out))
    except argparse.ArgumentTypeError as error:
        raise UserError(f"--out {error}") from None


def _mesh(options: argparse.Namespace) -> None:
    from gaussianmotion.config import RenderConfig
    from gaussianmotion.export.mesh import write_mesh
    from gaussianmotion.pose.motion import bundled_motions
    from gaussianmotion.rendering.subject import load_subject

    unread = (options.motion, options.frame, options.y, options.pose, options.every)
    if any(option is not None for option in unread):
        raise UserError("a mesh-glb holds whole motions, with y up: give --motions NAME ...")
    _refuse_other_name(options.out, Path(MESH).suffix)
    motions = options.motions or bundled_motions()
    out = options.out or options.avatar.parent / MESH
    triangles = write_mesh(out, load_subject(options.avatar), motions, RenderConfig())
    print(f"export: {triangles:,} triangles, {len(motions)} animations: {out}", file=sys.stderr)
