"""Every tensor of a picture is on the avatar's device."""

import json

import numpy as np
from elsewhere import elsewhere
from looking import difference, is_red

from gaussianmotion.rendering.animate import render_motion
from gaussianmotion.rendering.video import decode
from gaussianmotion.rendering.views import render_views


def test_pictures_are_those_of_the_cpu(avatar_path, settings, tmp_path):
    def frames(device):
        folder = tmp_path / str(device)
        render_views(avatar_path, folder, settings, device=device, progress=False)
        clip = folder / "walk.mp4"
        render_motion(avatar_path, "walk", clip, settings, device=device, progress=False)
        return [*decode(folder / "turntable.mp4"), *decode(clip)]

    expected = frames("cpu")
    with elsewhere() as device:
        found = frames(device)
    assert is_red(found[0]).sum() > 40
    assert np.max([difference(a, b) for a, b in zip(found, expected, strict=True)]) < 0.5
    assert json.loads((tmp_path / str(device) / "views.json").read_text())["device"] == str(device)
