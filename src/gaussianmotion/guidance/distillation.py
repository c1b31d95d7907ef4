"""Score distillation: what the prior thinks of rendered pictures, as a loss.

Per step: encode the pictures, add noise (drawn, or found by inversion), let the prior predict it
with and without the prompt (one batch), combine the predictions to the score of the chosen method,
and hand its direction to the latents as a gradient.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import mse_loss

from gaussianmotion.camera import Cameras
from gaussianmotion.config import DistillationConfig, PriorConfig
from gaussianmotion.guidance import scores
from gaussianmotion.guidance.asked import Prior
from gaussianmotion.guidance.inversion import denoise
from gaussianmotion.guidance.methods import combined, guided_by, inverted
from gaussianmotion.guidance.prompts import view_prompts
from gaussianmotion.guidance.timesteps import late, sample_timesteps
from gaussianmotion.runtime.transfer import upload


class ScoreDistillation:
    """The loss of eq. 6 (or of SDS, CSD, NFSD, SDI, ISM) for one prompt."""

    def __init__(
        self, prior: Prior, config: DistillationConfig, prior_config: PriorConfig, prompt: str
    ) -> None:
        """Bind a prior to a prompt.

        Args:
            prior: Predicts the noise.
            config: Method, scales and timesteps.
            prior_config: Suffix, framing words, negative prompt.
            prompt: The user's sentence, without view and framing words.
        """
        self._prior = prior
        self._config = config
        self._prompt = prompt
        self._words = prior_config
        self._states: dict[str, Float[Tensor, "L D"]] = {}
        self._made: tuple[Int[Tensor, " B"], Float[Tensor, "B C h w"]] | None = None
        self._computed: tuple[Tensor, Tensor, Tensor, Tensor] | None = None

    def __call__(
        self,
        rgb: Float[Tensor, "B H W 3"],
        cameras: Cameras,
        pose_image: Float[Tensor, "B K H W"] | None,
        step: int,
        steps: int,
        generator: torch.Generator,
        again: bool = False,
    ) -> tuple[Float[Tensor, ""], dict[str, Float[Tensor, ""]]]:
        """The loss whose gradient with respect to the latents is w(t) delta / B.

        Args:
            rgb: Rendered pictures in [0, 1]; gradients flow back into them.
            cameras: Their cameras, for the view and framing words; on the CPU nothing waits.
            pose_image: Pictures of the same poses and cameras
                (:mod:`gaussianmotion.pose.condition`), or none.
            step: Step of the training, from 0.
            steps: Steps of the whole training.
            generator: Draws timesteps and noise.
            again: Whether the views are those of the step before, of which pictures are there.

        Returns:
            The loss, and what to plot: ``timestep`` (mean), ``grad_rms`` (of w delta),
            ``delta_c_rms`` and ``delta_n_rms`` (of eq. 5's differences, unscaled), on the device:
            reading them waits for it.
        """
        config, prior = self._config, self._prior
        latents = prior.encode_image(rgb.permute(0, 3, 1, 2))
        with torch.no_grad():
            if late(config, step, steps):
                if self._made is None or not again:
                    views = cameras, pose_image
                    self._made = self._pictures(latents.detach(), *views, step, steps, generator)
                timesteps, picture = self._made
                level = prior.alpha_bar[timesteps][:, None, None, None]
                delta = (level / (1.0 - level)).sqrt() * (latents.detach() - picture)
                self._computed = (rgb.detach(), latents.detach(), latents.detach(), picture)
                figures: dict[str, Float[Tensor, ""]] = {}
            else:
                delta, timesteps, figures = self._single_step(
                    rgb, latents.detach(), cameras, pose_image, step, steps, generator
                )
            weight = scores.weight(prior.alpha_bar, timesteps, config.weighting)
            gradient = weight * delta
            target = latents.detach() - gradient
            figures |= {
                "timestep": timesteps.float().mean(),
                "grad_rms": gradient.square().mean().sqrt(),
            }
        loss = 0.5 * mse_loss(latents, target, reduction="sum") / len(rgb)
        return loss, figures

    def forget_pictures(self) -> None:
        """Make the pictures of late steps anew, where they may be what was not finite."""
        self._made = None

    def _single_step(
        self,
        rgb: Float[Tensor, "B H W 3"],
        latents: Float[Tensor, "B C h w"],
        cameras: Cameras,
        pose_image: Float[Tensor, "B K H W"] | None,
        step: int,
        steps: int,
        generator: torch.Generator,
    ) -> tuple[Float[Tensor, "B C h w"], Int[Tensor, " B"], dict[str, Float[Tensor, ""]]]:
        """Delta of the configured method, its timesteps, and the sizes of eq. 5's differences."""
        config, prior = self._config, self._prior
        timesteps = sample_timesteps(step, steps, len(rgb), config, generator)
        text, branches = self._texts(cameras, negative=config.method == "nfsd")
        if config.method in ("sdi", "ism"):
            timesteps = upload(timesteps, latents.device)
            noisy, noise = inverted(config, prior, latents, timesteps, text, pose_image)
        else:
            timesteps, noisy, noise = self._noised(latents, timesteps, generator)
        predicted = prior.predict_noise(noisy, timesteps, text, pose_image)
        self._computed = (rgb.detach(), latents, noisy, predicted)
        eps = predicted.chunk(branches)
        figures = {
            "delta_c_rms": (eps[1] - eps[0]).square().mean().sqrt(),
            "delta_n_rms": (eps[0] - noise).square().mean().sqrt(),
        }
        return combined(config, eps, noise, timesteps), timesteps, figures

    def _pictures(
        self,
        latents: Float[Tensor, "B C h w"],
        cameras: Cameras,
        pose_image: Float[Tensor, "B K H W"] | None,
        step: int,
        steps: int,
        generator: torch.Generator,
    ) -> tuple[Int[Tensor, " B"], Float[Tensor, "B C h w"]]:
        """What the prior makes of rendered pictures under noise (SDEdit, Meng et al. 2021), each
        from its own timestep: the views' targets until they are made anew (Haque et al. 2023)."""
        config, prior = self._config, self._prior
        timesteps = sample_timesteps(step, steps, len(latents), config, generator)
        text, _ = self._texts(cameras)
        timesteps, noisy, _ = self._noised(latents, timesteps, generator)
        predict = guided_by(prior, text, pose_image, config.late_scale)
        return timesteps, denoise(
            predict, prior.alpha_bar, noisy, timesteps, config.late_steps, prior.latent_limit
        )

    def _noised(
        self,
        latents: Float[Tensor, "B C h w"],
        timesteps: Int[Tensor, " B"],
        generator: torch.Generator,
    ) -> tuple[Int[Tensor, " B"], Float[Tensor, "B C h w"], Float[Tensor, "B C h w"]]:
        """The timesteps on the latents' device, the latents under drawn noise, and that noise."""
        drawn = torch.randn(latents.shape, generator=generator, device=generator.device)
        timesteps = upload(timesteps, latents.device)
        noise = upload(drawn, latents.device)
        return timesteps, self._prior.add_noise(latents, noise, timesteps), noise

    def _texts(
        self, cameras: Cameras, negative: bool = False
    ) -> tuple[Float[Tensor, "KB L D"], int]:
        """Token states of the branches null, text (, negative) for each view; how many branches."""
        words = self._words
        prompts = view_prompts(self._prompt, cameras, words)
        branches = [[""] * len(prompts), prompts]
        if negative:
            branches.append([words.negative_prompt] * len(prompts))
        return self._encode([prompt for branch in branches for prompt in branch]), len(branches)

    def fault(self) -> str | None:
        """Which model of the prior made the last step's loss NaN or infinite; None where none did.

        Asked after such a step only: looking waits for the device.
        """
        if self._computed is None:
            return None
        rgb, latents, noisy, predicted = (bool(x.isfinite().all()) for x in self._computed)
        encodes, predicts = rgb and not latents, noisy and not predicted
        if not encodes and not predicts:
            return None
        name_of = getattr(self._prior, "name_of", None)
        if name_of is None:
            return "the prior"
        return str(name_of("vae")) if encodes else f"{name_of('unet')} (or its ControlNet)"

    def _encode(self, prompts: list[str]) -> Float[Tensor, "KB L D"]:
        """Token states of prompts; each distinct prompt is encoded once in a training."""
        missing = [p for p in dict.fromkeys(prompts) if p not in self._states]
        if missing:
            self._states.update(zip(missing, self._prior.encode_text(missing), strict=True))
        return torch.stack([self._states[prompt] for prompt in prompts])
