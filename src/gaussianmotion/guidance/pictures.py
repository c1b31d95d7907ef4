"""Pictures of a diffusion model: what it draws by itself, of prompts and poses.

Score distillation does not need it; references, noised renders and measures of a prior do.
"""

from abc import ABC, abstractmethod
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussianmotion.guidance.sampling import ddim, ddim_timesteps, guided
from gaussianmotion.models.finite import finite

Images = Float[Tensor, "B 3 H W"]
Conditions = Float[Tensor, "B K H W"]
Latents = Float[Tensor, "B C h w"]


class DrawsPictures(ABC):
    """Sampling, for a model that predicts noise.

    Attributes:
        alpha_bar: Cumulative product of the scheduler's alphas, shape (T,).
        device: Where the networks are.
        latent_limit: Largest magnitude of clean latents, or None where the model names none.
    """

    alpha_bar: Float[Tensor, " T"]
    device: torch.device
    latent_limit: float | None
    _unet: Any

    @abstractmethod
    def latent_size(self, pixels: int) -> int:
        """Side of the latents of an image whose side is ``pixels``."""

    @abstractmethod
    def encode_text(self, prompts: list[str]) -> Float[Tensor, "B L D"]:
        """Token states of prompts."""

    @abstractmethod
    def predict_noise(
        self,
        latents: Latents,
        timesteps: Int[Tensor, " B"],
        text: Float[Tensor, "KB L D"],
        pose_image: Conditions | None = None,
    ) -> Float[Tensor, "KB C h w"]:
        """The noise in noisy latents, for K text branches at once."""

    @abstractmethod
    def add_noise(self, latents: Latents, noise: Latents, timesteps: Int[Tensor, " B"]) -> Latents:
        """Noisy latents of clean ones."""

    @abstractmethod
    def decode(self, latents: Latents) -> Images:
        """Images of latents."""

    @abstractmethod
    def name_of(self, part: str) -> str:
        """What a message calls one of the model's parts."""

    @torch.no_grad()
    def sample(
        self,
        prompts: list[str],
        pose_image: Conditions | None = None,
        steps: int = 25,
        guidance_scale: float = 5.0,
        generator: torch.Generator | None = None,
        size: int | None = None,
        negative: str = "",
        start_latents: Latents | None = None,
        start_timestep: int | None = None,
        limit: float | None = None,
        noise: Latents | None = None,
    ) -> Images:
        """Images of prompts, by DDIM with classifier-free guidance.

        Args:
            prompts: One per image.
            pose_image: Pictures of poses in [0, 1] at the image's size, or none.
            steps: Denoising steps.
            guidance_scale: 1 is no guidance.
            generator: Source of the starting noise; on the CPU it gives the same noise everywhere.
            size: Side in pixels; that of ``pose_image``, else of the model's training.
            negative: Prompt to move away from.
            start_latents: Clean latents to start from in place of pure noise: they are noised to
                ``start_timestep`` (image to image).
            start_timestep: Where denoising starts; the last timestep where not given.
            limit: See :func:`~gaussianmotion.guidance.sampling.ddim`; :attr:`latent_limit` where
                not given.
            noise: Starting noise in place of the generator's, as :meth:`draw_noise` makes it.

        Returns:
            RGB in [0, 1].

        Raises:
            UserError: a network computes NaN or infinity, of which no picture is made.
        """
        start = len(self.alpha_bar) - 1 if start_timestep is None else start_timestep
        if start_latents is not None:
            height, width = start_latents.shape[-2:]
        elif pose_image is not None:
            height, width = (self.latent_size(side) for side in pose_image.shape[-2:])
        else:
            height = width = self.latent_size(size) if size else int(self._unet.config.sample_size)
        shape = (len(prompts), self._unet.config.in_channels, height, width)
        where = generator.device if generator is not None else torch.device("cpu")
        if noise is None:
            noise = torch.randn(shape, generator=generator, device=where)
        noise = noise.to(self.device)
        if start_latents is not None:
            noise = self.add_noise(start_latents, noise, torch.full((len(prompts),), start))

        text = self.encode_text([negative] * len(prompts) + prompts)

        def predict(latents: Latents, timesteps: Int[Tensor, " B"]) -> Latents:
            noise = self.predict_noise(latents, timesteps, text, pose_image)
            if not bool(noise.isfinite().all()):
                # Either network may be the cause: without the ControlNet, the UNet is alone.
                alone = self.predict_noise(latents, timesteps, text)
                finite(alone, self.name_of("unet"))
                finite(noise, self.name_of("controlnet"))
            null, full = noise.chunk(2)
            return guided(null, full, guidance_scale)

        timesteps = ddim_timesteps(start, steps)
        limit = self.latent_limit if limit is None else limit
        return self.decode(ddim(predict, self.alpha_bar, noise, timesteps, limit))

    def draw_noise(self, seeds: list[int], size: int | None = None) -> Latents:
        """Starting noise of one seed per image: the same in every batch and on every device.

        Args:
            seeds: One per image.
            size: Side of the images in pixels; that of the model's training where not given.
        """
        side = self.latent_size(size) if size else int(self._unet.config.sample_size)
        shape = (self._unet.config.in_channels, side, side)
        return torch.stack(
            [torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
        )
