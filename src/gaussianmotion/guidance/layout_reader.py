"""Regions of pictures, told by copies of a prior's networks and the head trained with them."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gaussianmotion.guidance.diffusion import DiffusionPrior
from gaussianmotion.guidance.layout import FeatureTap, LayoutHead, tapped_layer
from gaussianmotion.guidance.networks import copy_of
from gaussianmotion.models.finite import finite

# Little noise: what is drawn is seen, and the UNet still sees what it was trained on.
TIMESTEP = 100


class LayoutReader:
    """Tells the regions of pictures by copies of a prior's networks.

    The prior's own may be compiled, or run by another engine: no layer between shows then.
    """

    def __init__(self, prior: DiffusionPrior, head: LayoutHead) -> None:
        """Copy a prior's UNet and ControlNet.

        Args:
            prior: Prior whose UNet the head was trained with.
            head: Head as :func:`load_layout_head` returns it.
        """
        self._prior, self._head = _by_torch(prior), head
        self._tap = FeatureTap(tapped_layer(self._prior._unet))

    @torch.no_grad()
    def __call__(
        self,
        rgb: Float[Tensor, "B H W 3"],
        text: Float[Tensor, "B L D"],
        pose_image: Float[Tensor, "B K H W"] | None,
        generator: torch.Generator,
    ) -> Float[Tensor, "B H W R"]:
        """The probability of each region, in the order of :data:`REGIONS`, for each pixel.

        Args:
            rgb: Pictures in [0, 1].
            text: Token states of what is shown.
            pose_image: Pictures of the poses, as the prior reads them, or none.
            generator: CPU generator of the noise.

        Raises:
            UserError: the networks compute NaN or infinity.
        """
        latents = self._prior.encode_image(rgb.permute(0, 3, 1, 2))
        noise = torch.randn(latents.shape, generator=generator).to(latents.device)
        timesteps = torch.full((len(rgb),), TIMESTEP, device=latents.device)
        noisy = self._prior.add_noise(latents, noise, timesteps)
        self._prior.predict_noise(noisy, timesteps, text, pose_image)
        features = finite(self._tap.take().float(), self._prior.name_of("unet"))
        logits, _ = self._head(features)
        told = nn.functional.interpolate(logits, rgb.shape[1:3], mode="bilinear")
        return told.softmax(dim=1).permute(0, 2, 3, 1)


def _by_torch(prior: DiffusionPrior) -> DiffusionPrior:
    """A prior with copies of the networks, as before an engine or a compiler took them."""
    unet, controlnet = copy_of(prior._unet), copy_of(prior._controlnet)
    for network in (unet, controlnet):
        nn.Module.to(network, prior.device, prior.dtype)  # diffusers' own warns for no reason
    return DiffusionPrior(
        prior._vae,
        unet,
        controlnet,
        prior._text_encoder,
        prior.alpha_bar,
        folders=prior._folders,
        predicts="sample" if prior._predicts_clean else "epsilon",
    )
