"""What the methods of score distillation differ in: whose noise, and how predictions combine."""

from jaxtyping import Float, Int
from torch import Tensor

from gaussianmotion.config import DistillationConfig
from gaussianmotion.guidance import scores
from gaussianmotion.guidance.asked import Prior
from gaussianmotion.guidance.inversion import invert, move, noise_between
from gaussianmotion.guidance.sampling import Predict, guided


def guided_by(
    prior: Prior,
    text: Float[Tensor, "KB L D"],
    pose_image: Float[Tensor, "B K H W"] | None,
    scale: float,
) -> Predict:
    """Predicts the noise with classifier-free guidance.

    Args:
        text: Token states of the branches null and text.
        pose_image: What the prior is conditioned on, if anything.
        scale: Of the guidance.
    """

    def predict(x: Float[Tensor, "B C h w"], t: Int[Tensor, " B"]) -> Float[Tensor, "B C h w"]:
        null, full = prior.predict_noise(x, t, text, pose_image).chunk(2)
        return guided(null, full, scale)

    return predict


def inverted(
    config: DistillationConfig,
    prior: Prior,
    latents: Float[Tensor, "B C h w"],
    timesteps: Int[Tensor, " B"],
    text: Float[Tensor, "KB L D"],
    pose_image: Float[Tensor, "B K H W"] | None,
) -> tuple[Float[Tensor, "B C h w"], Float[Tensor, "B C h w"]]:
    """Noisy latents on the prior's own path, and the noise that delta_n is taken against.

    SDI (Lukoianov et al. 2024): x_t by inversion with the prompt, at a guidance scale of its
    own, and the noise that lies between the picture and x_t.
    ISM (Liang et al. 2023): x_s by inversion without a prompt, ``inversion_interval`` before t;
    x_t one step of the same noise further; delta_n is taken against that noise, eps(x_s; s).
    """
    alpha_bar = prior.alpha_bar

    def unguided(x: Float[Tensor, "B C h w"], t: Int[Tensor, " B"]) -> Float[Tensor, "B C h w"]:
        return prior.predict_noise(x, t, text[: len(x)], pose_image)

    clean, steps = latents.detach(), config.inversion_steps
    if config.method == "sdi":
        prompted = guided_by(prior, text, pose_image, config.inversion_scale)
        noisy = invert(prompted, alpha_bar, clean, timesteps, steps)
        return noisy, noise_between(clean, noisy, alpha_bar[timesteps])
    earlier = (timesteps - config.inversion_interval).clamp(min=0)
    before = invert(unguided, alpha_bar, clean, earlier, steps)
    noise = unguided(before, earlier)
    return move(before, noise, alpha_bar[earlier], alpha_bar[timesteps]), noise


def combined(
    config: DistillationConfig,
    eps: tuple[Float[Tensor, "B C h w"], ...],
    noise: Float[Tensor, "B C h w"],
    timesteps: Int[Tensor, " B"],
) -> Float[Tensor, "B C h w"]:
    """Delta of the configured method, from the branches null, text (, negative)."""
    null, text = eps[:2]
    s = config.guidance_scale
    match config.method:
        case "asd":
            return scores.asd(text, null, noise, timesteps, s, config.tau, config.low_t_scale)
        case "sds" | "sdi" | "ism":  # the latter two differ in where the noise is from
            return scores.sds(text, null, noise, s)
        case "csd":
            return scores.csd(text, null, s)
        case "nfsd":
            return scores.nfsd(text, null, eps[2], timesteps, s)
