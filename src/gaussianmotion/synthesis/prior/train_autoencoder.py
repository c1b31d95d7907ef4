"""Training of the autoencoder: 128 px images to 32 px latents of 4 channels, and back.

The loss is L1 plus the error of 4x4-pooled images: without the second term colours drift (pink
becomes skin). The latents are drawn to mean 0 and spread 1 per channel, as the diffusion assumes,
and blurred by a little noise before decoding, so that near latents mean near images.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.synthesis.by_steps import SteppedTraining, StepSettings, train_by_steps
from gaussianmotion.synthesis.pictures.data import Shard, load_shards
from gaussianmotion.synthesis.prior.checkpoint import load_checkpoint
from gaussianmotion.synthesis.prior.networks import new_autoencoder
from gaussianmotion.synthesis.prior.precision import autocast
from gaussianmotion.synthesis.reporting import Report, log_line

KIND = "autoencoder"


@dataclass(frozen=True)
class AutoencoderSettings(StepSettings):
    """What decides the result of a training.

    Muon matters here: with Adam, pink stayed skin and green stayed dark for thousands of steps,
    since few pixels pull in those directions.

    Attributes:
        crop: Side of a crop in pixels; small crops see more different people per second.
        images: Images read from the dataset; an autoencoder of this size needs few.
        latent_noise: Spread of the noise on latents before decoding.
        pooled_weight: Weight of the 4x4-pooled error.
        latent_weight: Weight that draws latents to mean 0 and spread 1.
    """

    steps: int = 1800
    batch: int = 12
    crop: int = 64
    images: int = 6000
    latent_noise: float = 0.05
    pooled_weight: float = 1.0
    latent_weight: float = 0.01


def train_autoencoder(
    dataset: Path,
    out: Path,
    settings: AutoencoderSettings | None = None,
    stop_after: int | None = None,
    report: Report = log_line,
) -> Path:
    """Train, or go on training, the autoencoder.

    Args:
        dataset: Folder of shards.
        out: Folder for ``autoencoder.pt``; a run that was interrupted there is resumed.
        settings: See :class:`AutoencoderSettings`.
        stop_after: Stop at this step, as if interrupted.
        report: Receives a progress line now and then.

    Returns:
        The checkpoint's path.

    Raises:
        UserError: the dataset or the checkpoint is damaged, or the checkpoint has other settings.
    """
    settings = settings or AutoencoderSettings()

    def begin() -> _Training:
        return _Training(load_shards(dataset, settings.images), settings)

    return train_by_steps(out / "autoencoder.pt", KIND, settings, begin, stop_after, report)


class _Training(SteppedTraining[AutoencoderSettings, AutoencoderTiny]):
    """The autoencoder, its optimiser and its pictures."""

    def __init__(self, data: Shard, settings: AutoencoderSettings) -> None:
        torch.manual_seed(settings.seed)
        super().__init__(new_autoencoder(), settings, weight_decay=0.0, warmup=100, least=0.02)
        self.data, self.l1 = data, 0.0

    def loss(self) -> Float[Tensor, ""]:
        settings = self.settings
        generator = np.random.default_rng((settings.seed, self.done))
        images, weights = _crops(self.data, settings, generator)
        torch.manual_seed(settings.seed * 1_000_003 + self.done)
        loss, self.l1 = _loss(self.network, images, weights, settings)
        return loss

    def tell(self, last: int, report: Report) -> None:
        if self.done % 100 == 0 or self.done == last:
            steps, seconds = self.settings.steps, self.seconds
            report(f"autoencoder step {self.done}/{steps} L1 {self.l1:.4f} {seconds:.0f} s")


def load_autoencoder(path: Path) -> AutoencoderTiny:
    """The trained network of a checkpoint, frozen."""
    network = new_autoencoder()
    network.load_state_dict(load_checkpoint(path, KIND)["network"])
    return network.eval().requires_grad_(False)


@torch.no_grad()
def encode_images(
    network: AutoencoderTiny, images: np.ndarray, batch: int = 64
) -> Float[Tensor, "N 4 h w"]:
    """Latents, float16, of uint8 images (N, H, W, 3)."""
    latents = []
    for start in range(0, len(images), batch):
        with autocast():
            latents.append(network.encode(_to_float(images[start : start + batch])).latents.half())
    return torch.cat(latents).contiguous()


def _to_float(images: np.ndarray) -> Float[Tensor, "N 3 H W"]:
    """uint8 (N, H, W, 3) to [-1, 1], channels last in memory."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).float().div(127.5).sub(1.0)


def _crops(
    data: Shard, settings: AutoencoderSettings, generator: np.random.Generator
) -> tuple[Float[Tensor, "B 3 c c"], Float[Tensor, "B 1 c c"]]:
    """Random crops with a person in most of them, and their loss weights."""
    size, crop = data.images.shape[1], settings.crop
    images = np.empty((settings.batch, crop, crop, 3), np.uint8)
    weights = np.empty((settings.batch, 1, crop, crop), np.float32)
    for i, item in enumerate(generator.integers(len(data), size=settings.batch)):
        # Of three crops the one that shows most of the person: background is learnt in no time.
        corners = generator.integers(size - crop + 1, size=(3, 2))
        windows = [(slice(y, y + crop), slice(x, x + crop)) for y, x in corners]
        best = max(windows, key=lambda window: int(data.masks[item][window].sum()))
        images[i] = data.images[item][best]
        weights[i, 0] = 0.3 + 1.7 * (data.masks[item][best] > 0)
        if generator.random() < 0.5:
            images[i], weights[i] = images[i, :, ::-1].copy(), weights[i, :, :, ::-1].copy()
    return _to_float(images), torch.from_numpy(weights)


def _loss(
    network: AutoencoderTiny,
    images: Float[Tensor, "B 3 c c"],
    weights: Float[Tensor, "B 1 c c"],
    settings: AutoencoderSettings,
) -> tuple[Float[Tensor, ""], float]:
    """The loss, and the plain L1 on the scale [0, 1] for the log."""
    with autocast():
        latents = network.encode(images).latents
        noise = torch.randn(latents.shape) * settings.latent_noise
        decoded = network.decode(latents.float() + noise).sample
    difference, latents = decoded.float() - images, latents.float()
    l1 = difference.abs().mean()
    weighted = (difference.abs() * weights).mean()
    pooled = F.avg_pool2d(difference * weights, 4)
    pooled = pooled.abs().mean() + 4.0 * pooled.square().mean()
    mean, spread = latents.mean(dim=(0, 2, 3)), latents.std(dim=(0, 2, 3))
    unit = mean.square().mean() + (spread + 1e-4).log().square().mean()
    loss = weighted + settings.pooled_weight * pooled + settings.latent_weight * unit
    return loss, l1.item() / 2
