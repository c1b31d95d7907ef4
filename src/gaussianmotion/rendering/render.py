"""All pictures of an avatar in one go: still views, turntable, videos of motions, contact sheet.

The avatar and its body are read once.
"""

from collections.abc import Mapping
from pathlib import Path

import torch

from gaussianmotion.config.motion import MotionSource
from gaussianmotion.config.rendering import RenderConfig
from gaussianmotion.pose.motion import Motion, load_motion
from gaussianmotion.records.run_folder import RunFolder
from gaussianmotion.rendering.animate import render_motion
from gaussianmotion.rendering.sheet import avatar_sheet
from gaussianmotion.rendering.subject import load_subject
from gaussianmotion.rendering.views import render_views
from gaussianmotion.splat import Backend


def render_avatar(
    avatar_path: Path,
    out_dir: Path,
    motions: Mapping[str, Motion | MotionSource],
    config: RenderConfig,
    variant: str | None = None,
    backend: Backend = "auto",
    device: torch.device | str = "cpu",
    progress: bool = True,
) -> Path:
    """Write what ``render_views`` writes, ``motions/NAME.mp4`` and ``.json``, and ``sheet.png``.

    Everything is read before anything is drawn, and each file appears whole or not at all.

    Args:
        avatar_path: An avatar file.
        out_dir: Folder of the outputs.
        motions: By the names of their videos: motions, or what :func:`load_motion` takes.
        config: Sizes, pose, cameras, rate.
        variant: Name to show on the sheet of what the avatar was trained by.
        backend: As of ``splat.rasterise``.
        device: Where to render.
        progress: Show bars with an estimate.

    Returns:
        The path of ``sheet.png``.

    Raises:
        UserError: avatar, body or a motion cannot be read, or the folder cannot be written.
    """
    clips = {
        name: motion if isinstance(motion, Motion) else load_motion(motion)
        for name, motion in motions.items()
    }
    subject = load_subject(avatar_path, device)
    folder = RunFolder(Path(out_dir))
    render_views(subject, folder.path, config, backend, progress=progress)
    for name, clip in clips.items():
        render_motion(subject, clip, folder.video(name), config, backend, progress=progress)
    return avatar_sheet(folder.path, folder.sheet, list(clips), variant)
