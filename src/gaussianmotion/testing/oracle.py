"""A prior that knows the answer: proves poses, skinning, rasteriser and distillation together.

It is asked for noise like any prior, through the real score distillation with its schedule, and
answers with the noise that would lead to the picture of a known avatar in the same pose, before
the same camera and background. If all else is right, training turns grey Gaussians into that
avatar, in poses never seen too.

Latents are the pixels themselves, scaled to [-1, 1]. The "pose image" carries the target
(:func:`target_images`), the text only says which branch is asked: with a prompt the prediction
leads to the target, without one to the very picture that was encoded, so that delta_n of eq. 5
vanishes and delta_c points from the picture to the target.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.body import Body
from gaussianmotion.splat import Backend
from gaussianmotion.training.cameras import Views

BETA_START, BETA_END, TIMESTEPS = 0.00085, 0.012, 1000


class OraclePrior:
    """Answers like ``guidance.prior.DiffusionPrior``, with the truth."""

    dtype = torch.float32
    condition_channels = 3
    latent_limit = None

    def __init__(self, device: torch.device | str = "cpu") -> None:
        betas = torch.linspace(BETA_START**0.5, BETA_END**0.5, TIMESTEPS, dtype=torch.float64)
        self.alpha_bar = torch.cumprod(1.0 - betas**2, dim=0).float().to(device)
        self._encoded = torch.empty(0)

    def encode_image(self, rgb: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 3 H W"]:
        """Pixels as latents; remembers them for the branch without text."""
        latents = 2.0 * rgb - 1.0
        self._encoded = latents.detach()
        return latents

    def encode_text(self, prompts: list[str]) -> Float[Tensor, "B 1 1"]:
        """1 for a prompt, 0 for the empty one."""
        flags = [float(bool(prompt)) for prompt in prompts]
        return torch.tensor(flags, device=self.alpha_bar.device)[:, None, None]

    def add_noise(
        self,
        latents: Float[Tensor, "B 3 H W"],
        noise: Float[Tensor, "B 3 H W"],
        timesteps: Int[Tensor, " B"],
    ) -> Float[Tensor, "B 3 H W"]:
        """x_t of clean latents."""
        level = self.alpha_bar[timesteps][:, None, None, None]
        return level.sqrt() * latents + (1.0 - level).sqrt() * noise

    def predict_noise(
        self,
        latents: Float[Tensor, "B 3 H W"],
        timesteps: Int[Tensor, " B"],
        text: Float[Tensor, "KB 1 1"],
        pose_image: Float[Tensor, "B 3 H W"] | None = None,
    ) -> Float[Tensor, "KB 3 H W"]:
        """The noise that leads from x_t to the target, or to the encoded picture without text."""
        if pose_image is None:
            raise ValueError("the oracle finds its target in the pose image: set pose_guidance")
        branches = len(text) // len(latents)
        level = self.alpha_bar[timesteps][:, None, None, None].repeat(branches, 1, 1, 1)
        target = (2.0 * pose_image - 1.0).repeat(branches, 1, 1, 1)
        picture = self._encoded.repeat(branches, 1, 1, 1)
        clean = torch.where(text[:, :, :, None] > 0.5, target, picture)
        noisy = latents.repeat(branches, 1, 1, 1)
        return (noisy - level.sqrt() * clean) / (1.0 - level).sqrt()

    def unknown_words(self, prompt: str) -> list[str]:
        """None: it does not read."""
        return []


def target_images(
    target: Avatar, backend: Backend = "auto"
) -> Callable[[Body, Views], Float[Tensor, "B 3 H W"]]:
    """Pictures of ``target`` in place of OpenPose pictures, for ``training.loop.train``."""

    @torch.no_grad()
    def draw(body: Body, views: Views) -> Float[Tensor, "B 3 H W"]:
        device = target.means.device
        poses, cameras = views.poses.to(device), views.cameras.to(device)
        backgrounds = views.backgrounds.to(device)
        rgb = target.render(body.to(device), poses, cameras, backgrounds, backend).rgb
        return rgb.permute(0, 3, 1, 2).contiguous()

    return draw


def coloured_body(body: Body, count: int, generator: torch.Generator) -> Avatar:
    """A target: the body in bright clothes, its front unlike its back, its left unlike its right.

    Args:
        count: Number of Gaussians; more than the trained avatar has, so that it is no mere copy.
        generator: CPU generator.
    """
    avatar = Avatar.on_body(body, count, 0.98, generator, residual_skinning=False)
    normals = body.normals[torch.cdist(avatar.means.detach(), body.vertices).argmin(dim=1)]
    x, y, _ = avatar.means.detach().unbind(dim=-1)
    waist, neck = body.joints[3, 1], body.joints[12, 1]
    rgb = torch.empty_like(avatar.means)
    rgb[:] = torch.tensor([0.85, 0.65, 0.55])  # skin
    rgb[(y > waist) & (y < neck)] = torch.tensor([0.8, 0.2, 0.2])  # shirt
    rgb[y <= waist] = torch.tensor([0.2, 0.3, 0.7])  # trousers
    rgb[(y > waist) & (y < neck) & (normals[:, 2] < 0.0)] = torch.tensor([0.2, 0.6, 0.3])
    rgb[(y <= waist) & (x > 0.0)] = torch.tensor([0.9, 0.8, 0.3])  # the left leg
    rgb[(y >= neck) & (normals[:, 2] < 0.2)] = torch.tensor([0.2, 0.12, 0.1])  # hair
    avatar.colours.data = rgb.logit()
    return avatar


def psnr(one: Float[Tensor, "..."], other: Float[Tensor, "..."]) -> float:
    """Peak signal-to-noise ratio in dB over all pixels of pictures in [0, 1]."""
    return float(-10.0 * (one - other).square().mean().log10())
