"""The diffusion prior: a text-to-image latent diffusion model with a pose ControlNet.

One class serves Stable Diffusion 1.5 with ControlNet 1.1 openpose and the embedded prior. Both are
folders in diffusers layout; they differ in sizes, in the autoencoder (AutoencoderKL,
AutoencoderTiny, or pixel patches in its place), in the text encoder, in what the UNet predicts (the
noise, or the clean picture, from which the noise follows), and in whether the ControlNet reads the
text.

Precision. UNet, ControlNet and autoencoder hold weights of one type: float16 or bfloat16 on CUDA,
bfloat16 on CPUs that multiply it in hardware, else float32. The UNet's last normalisation and
convolution stay in float32, and so do all latents and noises outside: score distillation lives on
differences of predictions, which half precision's rounding would drown.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussianmotion.guidance.layout import LayoutHead
from gaussianmotion.guidance.networks import (
    check_parts,
    condition_pixels,
    keep_float32,
    pixels_per_cell,
    repeat,
    scale_gradient_between,
)
from gaussianmotion.guidance.patches import is_patches, noise_of, pooled_for, pose_at
from gaussianmotion.guidance.pictures import Conditions, DrawsPictures, Images, Latents
from gaussianmotion.guidance.text import TextEncoder, words
from gaussianmotion.models.finite import finite


class DiffusionPrior(DrawsPictures):
    """Predicts the noise in latents, given text and pose; frozen.

    Attributes:
        alpha_bar: Cumulative product of the scheduler's alphas, shape (T,).
        device: Where the networks are.
        dtype: Precision of the networks.
        engine: What runs UNet and ControlNet: ``torch``, or ``openvino`` and
            its version (:mod:`gaussianmotion.guidance.engine`).
        downscale: Pixels per latent cell and side.
        condition_channels: Of the pose's picture that the ControlNet reads: 3 for a skeleton, 6
            for a skeleton and a surface map (:mod:`gaussianmotion.pose.condition`).
        latent_limit: Largest magnitude of clean latents, or None where the model names none.
        layout_head: Names regions from the UNet's features; None for a prior without one.
    """

    def __init__(
        self,
        vae: Any,
        unet: Any,
        controlnet: Any,
        text_encoder: TextEncoder,
        alpha_bar: Float[Tensor, " T"],
        vocabulary: frozenset[str] = frozenset(),
        latent_limit: float | None = None,
        folders: Mapping[str, Path] = MappingProxyType({}),
        predicts: str = "epsilon",
        layout_head: LayoutHead | None = None,
    ) -> None:
        """Take over networks of one device and precision.

        Args:
            vae: diffusers AutoencoderKL or AutoencoderTiny, or PixelPatches.
            unet: diffusers UNet2DConditionModel.
            controlnet: diffusers ControlNetModel with the UNet's block sizes.
            text_encoder: Encoder of the UNet's text dimension.
            alpha_bar: Cumulative product of the alphas.
            vocabulary: Lower-case words that the prior knows; empty: any.
            latent_limit: What no clean latent exceeds, which sampling then keeps to.
            folders: Where ``vae``, ``unet``, ``controlnet`` and ``text_encoder`` are from, for
                messages.
            predicts: What the UNet does: the noise (``epsilon``) or clean latents (``sample``).
            layout_head: What was trained to name regions from the UNet's features, if anything.

        Raises:
            UserError: the parts do not belong together.
        """
        self.dtype: torch.dtype = unet.dtype
        self.device: torch.device = unet.device
        self.engine = "torch"
        self.alpha_bar = alpha_bar.to(self.device)
        self.downscale = pixels_per_cell(vae)
        self.latent_limit = latent_limit
        self._vae, self._unet, self._controlnet = vae, unet, controlnet
        self._text_encoder = text_encoder
        self._vocabulary = vocabulary
        self._folders = folders
        self.layout_head = layout_head
        self._predicts_clean = predicts == "sample"
        check_parts(vae, unet, controlnet, text_encoder.dim)
        self.condition_channels: int = controlnet.config.conditioning_channels
        self._pose_factor = self.downscale // condition_pixels(controlnet.config)
        # Pixels are not rounded on their way in; an autoencoder takes its own precision.
        self._image_dtype = torch.float32 if is_patches(vae) else self.dtype
        for network in (vae, unet, controlnet):
            network.eval().requires_grad_(False)
            for parameter in network.parameters():
                if parameter.dim() == 4:  # channels_last: no reordering around convolutions.
                    parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        keep_float32(unet.conv_norm_out, unet.conv_out)
        # Without text in it, one pass of the ControlNet serves all text branches.
        self._controlnet_reads_text = any(
            getattr(block, "has_cross_attention", False)
            for block in [*controlnet.down_blocks, controlnet.mid_block]
        )

    def latent_size(self, pixels: int) -> int:
        """Side of the latents of an image whose side is ``pixels``."""
        return pixels // self.downscale

    def encode_image(self, rgb: Images) -> Latents:
        """Latents of images, scaled as the UNet expects them; gradients flow through.

        Of AutoencoderKL's posterior the mode is taken: its spread is far below the noise that the
        diffusion adds, and a sample would only make the gradient noisier.

        Args:
            rgb: In [0, 1]; sides are multiples of :attr:`downscale`.

        Returns:
            float32 latents.
        """
        image = 2.0 * rgb - 1.0
        encoded = self._vae.encode(image.to(self._image_dtype, memory_format=torch.channels_last))
        raw = encoded.latents if hasattr(encoded, "latents") else encoded.latent_dist.mode()
        raw = raw.float()
        if self.dtype == torch.float16 and raw.requires_grad:
            scale_gradient_between(image, raw)
        config = self._vae.config
        return (raw - (config.get("shift_factor") or 0.0)) * config.scaling_factor

    @torch.no_grad()
    def decode(self, latents: Latents) -> Images:
        """Images of latents, RGB in [0, 1], float32.

        Raises:
            UserError: the autoencoder computes NaN or infinity.
        """
        config = self._vae.config
        raw = latents / config.scaling_factor + (config.get("shift_factor") or 0.0)
        image = self._vae.decode(raw.to(self._image_dtype)).sample.float()
        finite(image, self.name_of("vae"))
        return (0.5 * image + 0.5).clamp(0.0, 1.0).contiguous()

    def encode_text(self, prompts: list[str]) -> Float[Tensor, "B L D"]:
        """Token states of prompts, float32; the empty prompt is the unconditional input.

        Raises:
            UserError: the text encoder computes NaN or infinity.
        """
        return finite(self._text_encoder(prompts), self.name_of("text_encoder"))

    def name_of(self, part: str) -> str:
        """What a message calls ``vae``, ``unet``, ``controlnet`` or ``text_encoder``."""
        return str(self._folders.get(part, f"the prior's {part}"))

    @torch.no_grad()
    def predict_noise(
        self,
        latents: Latents,
        timesteps: Int[Tensor, " B"],
        text: Float[Tensor, "KB L D"],
        pose_image: Conditions | None = None,
    ) -> Float[Tensor, "KB C h w"]:
        """The noise in noisy latents, for K text branches at once.

        Args:
            latents: Noisy latents x_t.
            timesteps: 0..T-1 per sample.
            text: Token states of K branches, one branch's B rows after the other's.
            pose_image: Pictures of the pose in [0, 1], at the image's size and of
                :attr:`condition_channels`; without them the ControlNet is left out.

        Returns:
            float32 noise, branch after branch as ``text``.
        """
        branches = len(text) // len(latents)
        x = latents.to(self.dtype, memory_format=torch.channels_last)
        text = text.to(self.dtype)
        timesteps = timesteps.to(self.device)
        repeated, repeated_t = repeat(x, branches), repeat(timesteps, branches)

        down, mid = None, None
        if pose_image is not None:
            pose = pose_at(pose_image, self._pose_factor)
            pose = pose.to(self.dtype, memory_format=torch.channels_last)
            control = (x, timesteps, text[: len(x)], pose)
            if self._controlnet_reads_text:
                control = (repeated, repeated_t, text, repeat(pose, branches))
            down, mid = self._controlnet(*control, return_dict=False)
            if not self._controlnet_reads_text:
                down, mid = [repeat(d, branches) for d in down], repeat(mid, branches)
        predicted: Tensor = self._unet(
            repeated,
            repeated_t,
            encoder_hidden_states=text,
            **pooled_for(self._unet, text),
            down_block_additional_residuals=down,
            mid_block_additional_residual=mid,
            return_dict=False,
        )[0]
        if not self._predicts_clean:
            return predicted
        level = self.alpha_bar[repeated_t][:, None, None, None]
        return noise_of(predicted, repeat(latents, branches), level)

    def add_noise(self, latents: Latents, noise: Latents, timesteps: Int[Tensor, " B"]) -> Latents:
        """x_t of clean latents: sqrt(alpha_bar) x + sqrt(1 - alpha_bar) noise."""
        level = self.alpha_bar[timesteps.to(self.device)][:, None, None, None]
        return level.sqrt() * latents + (1.0 - level).sqrt() * noise

    def unknown_words(self, prompt: str) -> list[str]:
        """Words of the prompt that never occurred in the prior's training captions, each once.

        Empty for a prior without a word list, such as Stable Diffusion.
        """
        if not self._vocabulary:
            return []
        return [w for w in dict.fromkeys(words(prompt)) if w not in self._vocabulary]

    def fits(self, prompt: str) -> bool:
        """Whether the text encoder reads the whole prompt, or leaves out its middle."""
        return self._text_encoder.tokens(prompt) <= self._text_encoder.length
