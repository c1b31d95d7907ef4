"""The same pictures on CUDA, where there is one."""

import numpy as np
import pytest
import torch
from looking import difference, is_red

from gaussianmotion.rendering.animate import render_motion
from gaussianmotion.rendering.video import decode
from gaussianmotion.rendering.views import render_views


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_gpu_draws_what_the_cpu_draws(avatar_path, settings, tmp_path):
    frames = {}
    for device in ("cpu", "cuda"):
        folder = tmp_path / device
        render_views(avatar_path, folder, settings, device=device, progress=False)
        render_motion(
            avatar_path, "walk", folder / "walk.mp4", settings, device=device, progress=False
        )
        frames[device] = [*decode(folder / "turntable.mp4"), *decode(folder / "walk.mp4")]
    assert is_red(frames["cuda"][0]).sum() > 40
    worst = np.max([difference(a, b) for a, b in zip(*frames.values(), strict=True)])
    assert worst < 1.0
