"""Does training find an avatar that a prior describes perfectly, in poses that it never saw?

    python benchmarks/oracle.py [--steps 300] [--size 128] [--gaussians 12000] [--out FOLDER]

The oracle (``testing/oracle.py``) stands in for the diffusion prior; everything else is the real
training. Prints the PSNR over person and background in unseen poses from all around, and over the
person's pixels alone, and writes the pictures: target above, avatar below, their difference last.
"""

import argparse
import json
import time
from pathlib import Path

import torch

from gaussianmotion.avatar.file import load_avatar
from gaussianmotion.body import load_body
from gaussianmotion.config import CameraConfig
from gaussianmotion.config.stages import TrainSettings
from gaussianmotion.pose.sampling import sample_poses
from gaussianmotion.testing.oracle import OraclePrior, coloured_body, psnr, target_images
from gaussianmotion.training.cameras import sample_cameras
from gaussianmotion.training.loop import train
from gaussianmotion.training.previews import save_picture

VIEWS = 16
UNSEEN_SEED = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--gaussians", type=int, default=12_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("results/benchmarks/oracle"))
    arguments = parser.parse_args()

    # The laptop's settings where they matter here; density control off, as there.
    config = TrainSettings.model_validate(
        {
            "device": "cpu",
            "train": {
                "steps": arguments.steps,
                "size": arguments.size,
                "gaussians": arguments.gaussians,
                "opacity": 0.9,
                "score": {"guidance_scale": 7.5, "weighting": "one_minus_alpha_bar"},
                "lr": {"opacities": 5e-3, "colours": 2e-2},
                "loss": {"scale": 1.0},  # the oracle leaves no splat too large
                "density": {"enabled": False},
            },
        }
    )
    body = load_body(config.body.path)
    target = coloured_body(body, 2 * arguments.gaussians, torch.Generator().manual_seed(7))
    began = time.perf_counter()
    path = train(
        config,
        "oracle",
        "a person",
        0,
        arguments.out,
        prior=OraclePrior(),
        condition=target_images(target),
        threads=arguments.threads,
    )
    seconds = time.perf_counter() - began

    generator = torch.Generator().manual_seed(UNSEEN_SEED)
    poses = sample_poses(VIEWS, config.train.poses, generator)
    full_body = CameraConfig(full_body=1.0, upper_body=0.0, head=0.0)
    cameras = sample_cameras(body.posed_joints(poses), full_body, arguments.size, generator)
    grey = torch.full((VIEWS, 3), 0.5)
    avatar, _ = load_avatar(path)
    with torch.no_grad():
        want = target.render(body, poses, cameras, grey)
        got = avatar.render(body, poses, cameras, grey)
    person = (want.alpha > 0.5).expand_as(want.rgb)
    result = {
        "psnr_db": round(psnr(got.rgb, want.rgb), 2),
        "psnr_person_db": round(psnr(got.rgb[person], want.rgb[person]), 2),
        "views": VIEWS,
        "steps": arguments.steps,
        "size": arguments.size,
        "gaussians": len(avatar),
        "seconds": round(seconds, 1),
    }
    print(json.dumps(result))
    rows = [want.rgb[:8], got.rgb[:8], (got.rgb - want.rgb)[:8].abs()]
    picture = torch.cat([torch.cat(list(row), dim=1) for row in rows], dim=0)
    save_picture(arguments.out / "unseen_poses.png", picture.clamp(0.0, 1.0))


if __name__ == "__main__":
    main()
