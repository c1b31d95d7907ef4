"""The training set as the diffusion sees it: latents, loss weights, keypoints, token states.

Encoding happens once; the autoencoder and the text encoder never run inside a training step.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from gaussianmotion.pose.openpose import draw_openpose
from gaussianmotion.synthesis.pictures.data import Shard, list_shards, load_captions, load_shard
from gaussianmotion.synthesis.prior.caption_states import chosen_captions
from gaussianmotion.synthesis.prior.networks import IMAGE_SIZE
from gaussianmotion.synthesis.prior.text_cache import TextCache
from gaussianmotion.synthesis.prior.train_autoencoder import encode_images
from gaussianmotion.synthesis.reporting import Report, log_line

# Loss weight of empty background; the person and what is near weighs 1. Plain background is learnt
# at once and would be most of the loss. Near pixels count as the person does, or else
# silhouettes would swell.
_GROUND_WEIGHT = 0.35


@dataclass
class EncodedData:
    """N training items.

    Attributes:
        latents: float16, scaled to spread 1.
        weights: Loss weight per latent cell, float16, mean 1.
        keypoints: Pixels.
        visible: Keypoints that are drawn.
        text: Row of ``cache.states`` of each caption.
        cache: Token states.
        scaling: What the autoencoder's latents were multiplied by.
        origin: Digest of the dataset and of the autoencoder that encoded it; empty where unknown.
    """

    latents: Float[Tensor, "N 4 h w"]
    weights: Float[Tensor, "N 1 h w"]
    keypoints: Float[Tensor, "N 18 2"]
    visible: Bool[Tensor, "N 18"]
    text: Int64[Tensor, " N"]
    cache: TextCache
    scaling: float
    origin: str

    def __len__(self) -> int:
        return len(self.latents)

    def poses(self, rows: Int64[Tensor, " B"]) -> Float[Tensor, "B 3 H W"]:
        """The conditioning pictures of some items, by the function that inference uses."""
        return draw_openpose(self.keypoints[rows], self.visible[rows], IMAGE_SIZE, IMAGE_SIZE)


def encode_dataset(
    dataset: Path,
    autoencoder: AutoencoderTiny,
    cache: TextCache,
    limit: int | None = None,
    scaling: float | None = None,
    report: Report = log_line,
) -> EncodedData:
    """Encode a dataset shard by shard.

    Args:
        dataset: Folder of shards.
        autoencoder: Trained.
        cache: Token states of :func:`training_captions`.
        limit: Items at most.
        scaling: Factor of the latents of an earlier training that is to go on; where not given, the
            one that makes their spread 1.
        report: Receives progress lines.
    """
    parts: dict[str, list[Tensor]] = {n: [] for n in ("latents", "weights", "keypoints", "visible")}
    count = 0
    for path in list_shards(dataset):
        shard = load_shard(path)
        latents = encode_images(autoencoder, shard.images)
        parts["latents"].append(latents)
        parts["weights"].append(loss_weights(shard, latents.shape[-1]))
        parts["keypoints"].append(torch.from_numpy(shard.keypoints))
        parts["visible"].append(torch.from_numpy(shard.visible))
        count += len(shard)
        report(f"encoded {count} images ({path.name})")
        if limit is not None and count >= limit:
            break
    tensors = {name: torch.cat(values)[:limit] for name, values in parts.items()}
    if scaling is None:
        scaling = 1.0 / tensors["latents"].float().std().item()
    tensors["latents"] = tensors["latents"].float().mul(scaling).half()
    text = cache.lookup(training_captions(dataset, limit))
    return EncodedData(**tensors, text=text, cache=cache, scaling=scaling, origin="")


def training_captions(dataset: Path, limit: int | None = None) -> list[str]:
    """One caption per item, as :func:`.caption_states.chosen_captions` chooses it.

    Few items are seen more than twice: a second wording of each would cost the text encoder's time
    and bring little.
    """
    captions: list[str] = []
    for path in list_shards(dataset):
        captions += chosen_captions(*load_captions(path))
        if limit is not None and len(captions) >= limit:
            break
    return captions[:limit]


def loss_weights(shard: Shard, size: int) -> Float[Tensor, "N 1 h w"]:
    """Weight per latent cell: 1 on and near the person, less on empty background, mean 1."""
    person = torch.from_numpy(shard.masks > 0).float()[:, None]
    cells = F.max_pool2d(person, person.shape[-1] // size)
    near = F.avg_pool2d(cells, 5, stride=1, padding=2, count_include_pad=False).mul(3).clamp(max=1)
    weights = _GROUND_WEIGHT + (1.0 - _GROUND_WEIGHT) * near
    return (weights / weights.mean(dim=(1, 2, 3), keepdim=True)).half()
