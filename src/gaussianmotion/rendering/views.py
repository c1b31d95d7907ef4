"""The still views of an avatar, its front, and a turntable that loops.

The views are the multi-view set of the paper's Table 1: plain background, the endpoint of
[-180, 180] excluded, since both ends are the same view.
"""

from contextlib import ExitStack
from pathlib import Path

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from gaussianmotion.body.poses import named_pose
from gaussianmotion.camera import turntable_azimuths
from gaussianmotion.config.rendering import StandingAvatar
from gaussianmotion.records.picture_records import ViewsRecord
from gaussianmotion.records.run_folder import FRONT, TURNTABLE, RunFolder, view_name
from gaussianmotion.rendering.cameras import fitted_orbit
from gaussianmotion.rendering.frame import draw_sequence
from gaussianmotion.rendering.progress import tracked
from gaussianmotion.rendering.subject import Subject, load_subject
from gaussianmotion.rendering.video import write_video
from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.splat import Backend
from gaussianmotion.splat.rasterise import chosen_backend


def render_views(
    avatar: Path | Subject,
    out_dir: Path,
    config: StandingAvatar,
    backend: Backend = "auto",
    device: torch.device | str = "cpu",
    progress: bool = True,
) -> Path:
    """Write ``views/00.png ...``, ``front.png``, ``turntable.mp4`` and ``views.json``.

    Everything is drawn before anything is replaced, so an interrupted call leaves what was there.

    Args:
        avatar: An avatar file, or what was loaded from one.
        out_dir: Folder of the outputs.
        config: Sizes, pose and cameras.
        backend: As of ``splat.rasterise``.
        device: Where to load it, and so to render.
        progress: Show a bar with an estimate.

    Returns:
        The path of ``views.json``.

    Raises:
        UserError: the avatar or its body cannot be read, or the folder cannot be written.
    """
    subject = avatar if isinstance(avatar, Subject) else load_subject(avatar, device)
    pose = named_pose(config.pose).to(subject.device)
    points = subject.body.posed_vertices(pose[None])[0].cpu()
    views = turntable_azimuths(config.views)
    azimuths = torch.cat([views, torch.zeros(1)])  # the last one is front.png
    stills = fitted_orbit(points, azimuths, config.elevation, config.size, config)
    frames = draw_sequence(
        subject,
        *_standing(pose, len(azimuths)),
        cameras=stills,
        floor=None,
        config=config,
        backend=backend,
    )
    images = [Image.fromarray(frame) for frame in tracked(frames, len(stills), "views", progress)]

    folder = RunFolder(out_dir)
    names = [view_name(index) for index in range(config.views)]
    with ExitStack() as files:  # left in reverse, all at once, after the turntable is done
        for name, image in zip([*names, FRONT], images, strict=True):
            image.save(files.enter_context(atomic_path(folder.path / name)))
        _turntable(subject, pose, points, folder.turntable, config, backend, progress)
    for stale in set(folder.views) - {folder.path / name for name in names}:
        stale.unlink()  # of an earlier call with more views
    record = ViewsRecord.model_validate(
        {
            "version": ViewsRecord.KNOWN,
            **identity(subject, backend),
            "pose": config.pose,
            "size": config.size,
            "background": list(config.background),
            "front": {"file": FRONT, **camera_facts(stills, config.views)},
            "views": [
                {"file": name, **camera_facts(stills, index)} for index, name in enumerate(names)
            ],
            "turntable": {
                "file": TURNTABLE,
                "frames": config.turntable_frames,
                "fps": config.fps,
            },
        }
    )
    record.write(folder.views_record)
    return folder.views_record


def identity(subject: Subject, backend: Backend) -> dict[str, object]:
    """Whose pictures these are: what every JSON beside pictures starts with."""
    return {
        "prompt_id": subject.metadata.prompt_id,
        "prompt": subject.metadata.prompt,
        "seed": subject.metadata.seed,
        "avatar_sha256": subject.digest,
        "training_digest": subject.metadata.digest,
        "body": subject.body.id,
        "gaussians": len(subject.avatar),
        "backend": chosen_backend(backend, subject.device),
        "device": str(subject.device),
    }


def camera_facts(cameras, index: int) -> dict[str, object]:
    """One camera as JSON: degrees, and OpenCV matrices (world to camera, metres; pixels)."""
    return {
        "azimuth": round(float(cameras.azimuth[index]), 4),
        "elevation": round(float(cameras.elevation[index]), 4),
        "viewmat": [[round(v, 6) for v in row] for row in cameras.viewmats[index].tolist()],
        "K": [[round(v, 6) for v in row] for row in cameras.Ks[index].tolist()],
    }


def _turntable(
    subject: Subject,
    pose: Float[Tensor, "24 3"],
    points: Float[Tensor, "V 3"],
    path: Path,
    config: StandingAvatar,
    backend: Backend,
    progress: bool,
) -> None:
    """One turn in equal steps that starts in front: the last frame is one step before the first."""
    azimuths = turntable_azimuths(config.turntable_frames) + 180.0
    cameras = fitted_orbit(points, azimuths, config.video_elevation, config.size, config)
    frames = draw_sequence(
        subject,
        *_standing(pose, len(azimuths)),
        cameras=cameras,
        floor=float(points[:, 1].min()) if config.ground else None,
        config=config,
        backend=backend,
    )
    write_video(path, tracked(frames, len(azimuths), "turntable", progress), float(config.fps))


def _standing(
    pose: Float[Tensor, "24 3"], count: int
) -> tuple[Float[Tensor, "T 24 3"], Float[Tensor, "T 3"]]:
    return pose.expand(count, *pose.shape), torch.zeros(count, 3)
