"""Compile what numba compiles, once: ``python tests/compiled_kernels.py``.

In a fresh clone each process of the tests, and each program that they start, would compile the same
loops by itself, half a minute each.
"""

from pathlib import Path

import torch

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.body import load_body
from gaussianmotion.body.poses import a_pose
from gaussianmotion.config.rendering import Framing
from gaussianmotion.pose.condition import condition_image
from gaussianmotion.rendering.cameras import fitted_orbit
from gaussianmotion.splat.rasterise import rasterise


def main() -> None:
    body = load_body(Path(__file__).parents[1] / "resources/body/open_body.npz")
    avatar = Avatar.on_body(body, 50, 0.9, torch.Generator().manual_seed(0), False)
    poses = a_pose()[None]
    cameras = fitted_orbit(body.posed_vertices(poses)[0], torch.zeros(1), 0.0, 32, Framing())
    means, covars, _ = avatar.posed(body, poses)
    drawn = rasterise(
        *(means, covars, avatar.rgb, avatar.opacities, cameras.viewmats, cameras.Ks),
        *(cameras.width, cameras.height),
    )
    drawn.rgb.sum().backward()
    for channels in (3, 6):
        condition_image(body, poses, cameras, channels, "joint")


if __name__ == "__main__":
    main()
