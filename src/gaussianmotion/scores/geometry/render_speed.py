"""How long one frame takes, from a pose to pixels."""

import time

import numpy as np
import torch

from gaussianmotion.body.poses import named_pose
from gaussianmotion.camera import Cameras
from gaussianmotion.config.rendering import AntiAliasing
from gaussianmotion.rendering.cameras import select
from gaussianmotion.rendering.frame import draw_layers
from gaussianmotion.rendering.subject import Subject
from gaussianmotion.splat import Backend

FRAMES = 8


def milliseconds_per_frame(
    subject: Subject, cameras: Cameras, config: AntiAliasing, backend: Backend = "auto"
) -> float:
    """Median over :data:`FRAMES` single frames of posing and drawing the A-pose.

    The first frame, which compiles and warms up, is not counted. The figure is of this computer, as
    busy as it was.
    """
    pose = named_pose("a")[None].to(subject.device)
    times = []
    for index in range(FRAMES + 1):
        camera = select(cameras, [index % len(cameras)]).to(subject.device)
        start = time.perf_counter()
        draw_layers(subject, pose, camera, config, backend)
        if subject.device.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return 1000.0 * float(np.median(times[1:]))
