"""What the prior makes of a noised render, with and without the pose (Fig. 5).

The front render of an avatar is noised to a high timestep and denoised again by DDIM: at that level
the noise hides limbs and face, so that only the pose condition can tell the prior what it looks at.
"""

from pathlib import Path

import torch
from jaxtyping import Float
from pydantic import ValidationError
from torch import Tensor

from gaussianmotion.body.poses import named_pose
from gaussianmotion.camera import Cameras
from gaussianmotion.comparisons.references import save_sample
from gaussianmotion.config import NoisedConfig, PriorConfig
from gaussianmotion.config.stages import StandingRender
from gaussianmotion.guidance.prior import load_prior, precision
from gaussianmotion.guidance.prompts import compose_prompt
from gaussianmotion.models.fetch import pinned_revision, prior_digests
from gaussianmotion.models.finite import finite
from gaussianmotion.pose.condition import condition_image
from gaussianmotion.rendering.cameras import fitted_orbit
from gaussianmotion.rendering.frame import draw_layers
from gaussianmotion.rendering.subject import Subject, load_subject
from gaussianmotion.runtime.atomic import write_json
from gaussianmotion.runtime.digest import file_sha256
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.splat import Backend

PROTOCOL = "noised-1"


def sample_noised(
    avatar_path: Path,
    out_dir: Path,
    config: NoisedConfig,
    render: StandingRender,
    backend: Backend = "auto",
    device: torch.device | str = "cpu",
) -> Path:
    """Write ``render.png``, ``pose.png``, ``with.png``, ``without.png`` and ``noised.json``.

    The prior is the one that the avatar was trained with, and so is the size of the picture. Both
    samples start from the same noise.

    Args:
        avatar_path: An avatar file.
        out_dir: Folder of the outputs.
        config: Noise level and sampling.
        render: Pose, camera and ground of the front view.
        backend: As of ``splat.rasterise``.
        device: Where to render and sample.

    Returns:
        The path of ``noised.json``.

    Raises:
        UserError: the avatar, its body or its prior is not here or damaged.
    """
    device = torch.device(device)
    subject = load_subject(avatar_path, device)
    try:
        prior_config = PriorConfig.model_validate(subject.metadata.config["prior"])
    except (KeyError, ValidationError):
        raise UserError(
            f"{avatar_path} was written by another version of gaussianmotion, whose configuration "
            "of the prior this one does not know: train it again"
        ) from None
    prior = load_prior(prior_config, device)
    pose = named_pose(render.pose)[None].to(device)
    cameras = _front_camera(subject, pose, render)
    picture = _front(subject, pose, cameras, render, backend)
    drawn = condition_image(
        subject.body, pose, cameras, prior.condition_channels, prior_config.neck
    )
    text = compose_prompt(
        subject.metadata.prompt,
        0.0,
        "full body",
        prior_config.prompt_suffix,
        prior_config.framing_words,
    )
    with torch.no_grad():
        start = finite(prior.encode_image(picture), prior.name_of("vae"))
    noise = prior.draw_noise([config.seed], subject.training_size)
    samples = {"render": picture, "pose": drawn[:, :3]}
    for name, condition in (("with", drawn), ("without", None)):
        samples[name] = prior.sample(
            [text],
            condition,
            config.steps,
            config.guidance_scale,
            start_latents=start,
            start_timestep=config.timestep,
            noise=noise,
        )
    for name, image in samples.items():
        save_sample(out_dir / f"{name}.png", image[0])
    facts = {
        "protocol": PROTOCOL,
        "prompt_id": subject.metadata.prompt_id,
        "prompt": subject.metadata.prompt,
        "text": text,
        "avatar_sha256": subject.digest,
        "training_digest": subject.metadata.digest,
        **config.model_dump(mode="json"),
        "pose": render.pose,
        "size": subject.training_size,
        "model": prior_config.model,
        "revision": pinned_revision(prior_config.model, prior_config.revision),
        "controlnet": prior_config.controlnet,
        "controlnet_revision": pinned_revision(
            prior_config.controlnet, prior_config.controlnet_revision
        ),
        "dtype": precision(prior_config.dtype, device),
        "device": device.type,
        "weights_sha256": prior_digests(prior_config, pose=True),
        "files": {f"{name}.png": file_sha256(out_dir / f"{name}.png") for name in samples},
    }
    write_json(out_dir / "noised.json", facts)
    return out_dir / "noised.json"


def _front_camera(
    subject: Subject, pose: Float[Tensor, "1 24 3"], config: StandingRender
) -> Cameras:
    """The camera of ``front.png``, at the size that the prior was trained with."""
    points = subject.body.posed_vertices(pose)[0].cpu()
    size = subject.training_size
    return fitted_orbit(points, torch.zeros(1), config.elevation, size, config).to(subject.device)


def _front(
    subject: Subject,
    pose: Float[Tensor, "1 24 3"],
    cameras: Cameras,
    config: StandingRender,
    backend: Backend,
) -> Float[Tensor, "1 3 H W"]:
    """The avatar on its plain ground, RGB in [0, 1]."""
    layers = draw_layers(subject, pose, cameras, config, backend)
    ground = torch.tensor(config.background, device=layers.rgb.device)
    picture = layers.rgb + (1.0 - layers.alpha) * ground
    return picture.clamp(0.0, 1.0).permute(0, 3, 1, 2).contiguous()
