"""All measurements of the score ``geometry`` of one avatar, module by module."""

from typing import Any

import numpy as np
import torch

from gaussianmotion.rendering.subject import Subject
from gaussianmotion.scores.geometry import appearance, consistency, holes, silhouette, splat_cloud
from gaussianmotion.scores.geometry.judged_views import (
    SHAPE_SIZE,
    UNSEEN_SEED,
    head_views,
    standing_views,
    unseen_views,
)
from gaussianmotion.scores.geometry.render_speed import FRAMES, milliseconds_per_frame
from gaussianmotion.scores.geometry.settings import GeometrySettings
from gaussianmotion.splat.rasterise import chosen_backend

DECIMALS = 5


def measure(subject: Subject, config: GeometrySettings) -> tuple[dict[str, float], dict[str, Any]]:
    """All numbers of :mod:`.geometry_score`, and the circumstances."""
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
            "threads": torch.get_num_threads(),
            "backend": chosen_backend(backend, subject.device),
            "device": torch.cuda.get_device_name() if cuda else "cpu",
        },
    }
    return values, details
