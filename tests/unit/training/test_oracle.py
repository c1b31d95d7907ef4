"""With a prior that knows the answer, training finds it: poses, skinning, rasteriser, ASD."""

import pytest
import torch

from gaussianmotion.avatar.file import load_avatar
from gaussianmotion.config import CameraConfig
from gaussianmotion.config.stages import TrainSettings
from gaussianmotion.pose.sampling import sample_poses
from gaussianmotion.testing.oracle import OraclePrior, coloured_body, psnr, target_images
from gaussianmotion.training.cameras import sample_cameras
from gaussianmotion.training.loop import train


def learn(body, folder, steps, size, gaussians):
    """Train toward a coloured body; PSNR over all pixels and over the person's, in unseen poses."""
    target = coloured_body(body, 2 * gaussians, torch.Generator().manual_seed(7))
    settings = {
        "steps": steps,
        "size": size,
        "gaussians": gaussians,
        "opacity": 0.9,
        "score": {"guidance_scale": 7.5, "weighting": "one_minus_alpha_bar"},
        "lr": {"opacities": 5e-3, "colours": 2e-2},
        # The default is for 50,000 small splats and a prior that leaves them large.
        "loss": {"scale": 1.0},
        "density": {"enabled": False},
    }
    config = TrainSettings.model_validate({"device": "cpu", "train": settings})
    path = train(
        config,
        "oracle",
        "a person",
        0,
        folder,
        prior=OraclePrior(),
        progress=False,
        condition=target_images(target),
    )
    generator = torch.Generator().manual_seed(999)
    poses = sample_poses(8, config.train.poses, generator)
    whole = CameraConfig(full_body=1.0, upper_body=0.0, head=0.0)
    cameras = sample_cameras(body.posed_joints(poses), whole, size, generator)
    grey = torch.full((8, 3), 0.5)
    avatar, _ = load_avatar(path)
    with torch.no_grad():
        want = target.render(body, poses, cameras, grey)
        got = avatar.render(body, poses, cameras, grey)
    person = (want.alpha > 0.5).expand_as(want.rgb)
    return psnr(got.rgb, want.rgb), psnr(got.rgb[person], want.rgb[person])


def test_a_short_training_is_on_its_way(open_body, tmp_path):
    everything, person = learn(open_body, tmp_path, steps=60, size=64, gaussians=1500)
    assert everything > 25.0
    assert person > 15.0


@pytest.mark.slow
def test_two_hundred_steps_find_the_target_in_unseen_poses(open_body, tmp_path):
    everything, person = learn(open_body, tmp_path, steps=200, size=96, gaussians=8_000)
    assert everything > 37.0
    assert person > 28.0


def test_without_text_the_oracle_sees_the_picture_itself():
    prior = OraclePrior()
    generator = torch.Generator().manual_seed(0)
    rgb, target, noise = torch.rand(3, 2, 3, 8, 8, generator=generator)
    latents = prior.encode_image(rgb)
    timesteps = torch.tensor([100, 700])
    noisy = prior.add_noise(latents, noise, timesteps)
    text = prior.encode_text(["", "", "a man", "a man"])
    null, towards = prior.predict_noise(noisy, timesteps, text, target).chunk(2)
    assert torch.allclose(null, noise, atol=1e-4)
    # Denoising with the text's prediction gives the target.
    level = prior.alpha_bar[timesteps][:, None, None, None]
    clean = (noisy - (1 - level).sqrt() * towards) / level.sqrt()
    assert torch.allclose(clean, 2 * target - 1, atol=1e-4)
