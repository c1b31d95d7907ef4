"""An avatar in motion, as a video."""

from pathlib import Path

import torch

from gaussianmotion.config.motion import MotionSource
from gaussianmotion.config.rendering import MovingAvatar
from gaussianmotion.pose.motion import Motion, load_motion
from gaussianmotion.records.picture_records import MotionRecord
from gaussianmotion.records.run_folder import record_beside
from gaussianmotion.rendering.filming import film, prepare
from gaussianmotion.rendering.frame import draw_sequence
from gaussianmotion.rendering.progress import tracked
from gaussianmotion.rendering.subject import Subject, load_subject
from gaussianmotion.rendering.video import write_video
from gaussianmotion.rendering.views import camera_facts, identity
from gaussianmotion.splat import Backend


def render_motion(
    avatar: Path | Subject,
    motion: Motion | MotionSource,
    out_path: Path,
    config: MovingAvatar,
    backend: Backend = "auto",
    device: torch.device | str = "cpu",
    progress: bool = True,
) -> Path:
    """Write ``out_path`` (.mp4), and a .json of the same name beside it.

    Args:
        avatar: An avatar file, or what was loaded from one.
        motion: A motion, or what :func:`load_motion` takes.
        out_path: The .mp4 to write or to replace.
        config: Size, rate, camera.
        backend: As of ``splat.rasterise``.
        device: Where to load it, and so to render.
        progress: Show a bar with an estimate.

    Returns:
        ``out_path``.

    Raises:
        UserError: avatar, body or motion cannot be read, or the folder cannot be written.
    """
    if not isinstance(motion, Motion):
        motion = load_motion(motion)
    subject = avatar if isinstance(avatar, Subject) else load_subject(avatar, device)
    clip = prepare(motion, config)
    cameras, floor = film(clip, subject.body, config.size, config)
    frames = draw_sequence(
        subject,
        clip.poses,
        clip.translation,
        cameras,
        floor=floor if config.ground else None,
        config=config,
        backend=backend,
    )
    out_path = Path(out_path)
    facts = write_video(
        out_path, tracked(frames, len(clip), motion.name, progress), float(config.fps)
    )
    record = MotionRecord.model_validate(
        {
            "version": MotionRecord.KNOWN,
            **identity(subject, backend),
            "file": out_path.name,
            "motion": motion.name,
            "source": motion.source,
            "frames": facts.frames,
            "fps": facts.fps,
            "size": config.size,
            "cycles": clip.cycles,
            "floor": round(floor, 4),
            "first_camera": camera_facts(cameras, 0),
        }
    )
    record.write(record_beside(out_path))
    return out_path
