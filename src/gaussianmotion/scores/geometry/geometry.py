"""What can be said of an avatar without any weights: protocol geometry-1.

N pictures: eight sides of the standing person at ``render.size``, eight poses that no training
drew, and two of the head; all drawn as videos are, on nothing. What each value means, and what it
can be compared with, is in the docstrings of the modules that measure it:

=================== ================ ============================================================
value               module           in short
=================== ================ ============================================================
silhouette_iou      silhouette       overlap with the bare body in unseen poses, 2 cm tolerance
coverage            silhouette       share of the body's pixels that the avatar covers there
spill               silhouette       share of its pixels 10 cm or farther from the body
holes               holes            share of the body's near side that is not there
floaters            splat_cloud      share of the Gaussians' weight not connected to the body
splats              splat_cloud      Gaussians
splat_size_median   splat_cloud      of their largest axes (standard deviations)
splat_size_p99      splat_cloud      99 % of them are smaller
left_right          consistency      mean colour difference of mirrored views
front_back          consistency      the same of face and back of the head: small is a Janus
face_behind         consistency      share of the back of the head in the face's colour
saturation          appearance       mean chroma
noise               appearance       speckle finer than a centimetre
sharpness           appearance       gradient of the steepest 5 %
edge_width          appearance       blur of those edges, whatever their contrast
render_ms           render_speed     one frame on this computer
=================== ================ ============================================================

A mannequin painted by hand on the bare body has silhouette_iou and coverage 1.00, holes and
floaters 0, left_right 1.2, front_back 35. What strict pruning takes away shows in coverage (hands
and feet first, which are too thin for silhouette_iou's tolerance) and in holes.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from gaussianmotion.config import Config
from gaussianmotion.rendering.subject import Subject, load_subject
from gaussianmotion.scores.geometry import appearance, consistency, holes, silhouette, splat_cloud
from gaussianmotion.scores.geometry.judged_views import (
    SHAPE_SIZE,
    UNSEEN_SEED,
    head_views,
    standing_views,
    unseen_views,
)
from gaussianmotion.scores.geometry.render_speed import FRAMES, milliseconds_per_frame
from gaussianmotion.scores.score_file import ScoreFile, Value, input_digests

PROTOCOL = "geometry-1"
TITLE = "Geometry and appearance, no model"
AVATAR = "avatar.safetensors"
# Value -> unit and which direction is better. More splats, more colour or a wider skirt are neither
# better nor worse by themselves.
MEANINGS = {
    "silhouette_iou": ("", "higher"),
    "coverage": ("", "higher"),
    "spill": ("", "none"),
    "holes": ("", "lower"),
    "floaters": ("", "lower"),
    "splats": ("", "none"),
    "splat_size_median": ("m", "none"),
    "splat_size_p99": ("m", "none"),
    "left_right": ("ΔE", "lower"),
    "front_back": ("ΔE", "higher"),
    "face_behind": ("", "lower"),
    "saturation": ("C*", "none"),
    "noise": ("ΔE", "lower"),
    "sharpness": ("ΔE/cm", "higher"),
    "edge_width": ("cm", "lower"),
    "render_ms": ("ms", "lower"),
}
DECIMALS = 5


def score_geometry(run: Path, config: Config, device: torch.device | str = "cpu") -> ScoreFile:
    """Score the avatar in a run's folder.

    Args:
        run: Folder with ``avatar.safetensors``.
        config: ``render`` (size, lens, margins, anti-aliasing), ``rasteriser`` and ``threads``.
        device: Where to render.

    Raises:
        UserError: the avatar or its body is missing or damaged.
    """
    path = Path(run) / AVATAR
    subject = load_subject(path, device)
    with torch.no_grad():
        values, details = measure(subject, config)
    return ScoreFile(
        score="geometry",
        title=TITLE,
        protocol=PROTOCOL,
        n=details["pictures"],
        values={
            name: Value(value=round(values[name], DECIMALS), unit=unit, better=better)
            for name, (unit, better) in MEANINGS.items()
        },
        inputs=input_digests([path], Path(run)),
        details=details,
    )


def measure(subject: Subject, config: Config) -> tuple[dict[str, float], dict[str, Any]]:
    """All values of :data:`MEANINGS`, and the circumstances."""
    render, backend = config.render, config.rasteriser
    standing = standing_views(subject, render, backend)
    unseen = unseen_views(subject, render, backend)
    head = head_views(subject, render, backend)

    depth = silhouette.body_depth(subject.body, unseen)
    body = np.isfinite(depth)
    near = holes.near_side(subject, unseen, depth, render, backend)
    loose, loose_sets = splat_cloud.floaters(subject.avatar, subject.body)
    sides, side_iou = consistency.left_right(standing)
    contrast, behind = consistency.front_back(head, subject.body)
    sharp, width = appearance.sharpness(standing)
    values = {
        **silhouette.overlap(unseen.person, body, unseen.metres),
        "holes": holes.hole_share(near, body, unseen.metres),
        "floaters": loose,
        **splat_cloud.splat_sizes(subject.avatar.scales.cpu().numpy()),
        "left_right": sides,
        "front_back": contrast,
        "face_behind": behind,
        "saturation": appearance.saturation(standing),
        "noise": appearance.noise(standing),
        "sharpness": sharp,
        "edge_width": width,
        "render_ms": milliseconds_per_frame(subject, standing.cameras, render, backend),
    }
    cuda = subject.device.type == "cuda"
    details: dict[str, Any] = {
        "pictures": sum(len(views.alpha) for views in (standing, unseen, head)),
        "size": render.size,
        "shape_size": SHAPE_SIZE,
        "unseen_poses": len(unseen.alpha),
        "unseen_seed": UNSEEN_SEED,
        "floating_sets": loose_sets,
        "left_right_iou": round(side_iou, DECIMALS),
        "render": {
            "frames": FRAMES,
            "size": render.size,
            "threads": config.threads,
            "backend": backend if backend != "auto" else ("gsplat" if cuda else "numba"),
            "device": torch.cuda.get_device_name() if cuda else "cpu",
        },
    }
    return values, details
