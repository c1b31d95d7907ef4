"""Pictures for the text alignment model, changed until only their content is left.

The model judges splatted avatars but learns from mesh renders. What differs between the two
(texture, sharpness, light, where the person stands, the ground) is therefore drawn at random, and
what texts name (shape and colour of hair and clothes) is kept.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.pictures.data import Shard, list_shards, load_shard
from gaussianmotion.synthesis.reporting import Report, log_line

FULL_BODY = 0
#: Mean and spread of the network's input, as open_clip's preprocessing is told.
MEAN, STD = 0.5, 0.5


@dataclass(frozen=True)
class Pictures:
    """Full-body pictures at the model's size.

    Attributes:
        rgba: RGB and coverage of the person.
        ground: Colour of the ground.
        azimuth: Degrees, 0 in front.
        attributes: What is to be seen, for each picture.
        captions: As rendered.
    """

    rgba: UInt8[Tensor, "N 4 S S"]
    ground: UInt8[Tensor, "N 3"]
    azimuth: list[float]
    attributes: list[dict[str, str]]
    captions: list[str]

    def __len__(self) -> int:
        return len(self.attributes)


def load_pictures(
    dataset: Path, size: int, limit: int | None = None, report: Report = log_line
) -> Pictures:
    """The full-body pictures of a dataset, area-averaged to ``size`` pixels.

    Raises:
        UserError: the dataset is missing or damaged, or shows no whole person.
    """
    parts: list[Pictures] = []
    shards = list_shards(dataset)
    for number, path in enumerate(shards, start=1):
        part = _full_bodies(load_shard(path), size)
        if len(part):
            parts.append(part)
        report(f"pictures: shard {number}/{len(shards)}")
        if limit is not None and sum(map(len, parts)) >= limit:
            break
    if not parts:
        raise UserError(f"{dataset} shows no whole person: render more pictures")
    return Pictures(
        torch.cat([part.rgba for part in parts])[:limit],
        torch.cat([part.ground for part in parts])[:limit],
        [a for part in parts for a in part.azimuth][:limit],
        [a for part in parts for a in part.attributes][:limit],
        [c for part in parts for c in part.captions][:limit],
    )


def _full_bodies(shard: Shard, size: int) -> Pictures:
    rows = np.flatnonzero(shard.framing == FULL_BODY)
    rgba = np.concatenate([shard.images[rows], shard.masks[rows][..., None]], axis=3)
    pictures = torch.from_numpy(rgba).permute(0, 3, 1, 2).float()
    pictures = F.interpolate(pictures, size=(size, size), mode="bilinear", antialias=True)
    try:
        attributes = [json.loads(str(item)) for item in shard.attributes[rows]]
    except ValueError as error:
        raise UserError("the dataset's attributes are no JSON: render it again") from error
    return Pictures(
        pictures.round().clamp(0, 255).to(torch.uint8),
        # The ground is plain: any corner shows it.
        torch.from_numpy(shard.images[rows][:, 0, 0].copy()),
        [float(a) for a in shard.azimuth[rows]],
        attributes,
        [str(c) for c in shard.captions[rows]],
    )


def plain(pictures: Pictures, rows: Iterable[int]) -> Float[Tensor, "B 3 S S"]:
    """Pictures on a white ground in [0, 1], otherwise as they are: for measuring."""
    chosen = torch.as_tensor(list(rows))
    person = _person(pictures, chosen)
    return (person[:, :3] + (1.0 - person[:, 3:])).clamp(0, 1)


def _person(pictures: Pictures, rows: Int[Tensor, "B"]) -> Float[Tensor, "B 4 S S"]:
    """The person alone: colours times coverage, and coverage."""
    rgba = pictures.rgba[rows].float().div(255.0)
    ground = pictures.ground[rows].float().div(255.0)[..., None, None]
    colour = (rgba[:, :3] - (1.0 - rgba[:, 3:]) * ground).clamp(0, 1)
    return torch.cat([colour, rgba[:, 3:]], dim=1)


def augmented(
    pictures: Pictures, rows: Int[Tensor, "B"], generator: torch.Generator
) -> Float[Tensor, "B 3 S S"]:
    """Pictures in [0, 1], each moved, relit, blurred and grained at random on a random ground."""
    count = len(rows)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=generator)

    person = _moved(_person(pictures, rows), uniform)
    colour, cover = person[:, :3], person[:, 3:]
    grey = (colour * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(1, keepdim=True)
    colour = torch.lerp(grey, colour, uniform(0.75, 1.35, 1, 1, 1))  # saturation
    colour = colour * uniform(0.8, 1.12, 1, 1, 1) * uniform(0.96, 1.04, 3, 1, 1)  # light
    blotches = F.interpolate(torch.randn(count, 1, 12, 12, generator=generator), colour.shape[-2:],
                             mode="bilinear")  # fmt: skip
    colour = colour * (1.0 + uniform(0.0, 0.15, 1, 1, 1) * blotches)  # splats are uneven
    white = (uniform(0.0, 1.0, 1, 1, 1) < 0.6).float()
    ground = torch.maximum(white, uniform(0.0, 1.0, 3, 1, 1))
    images = colour + (1.0 - cover) * ground
    images = _blurred(images, generator)
    grain = torch.randn(images.shape, generator=generator) * uniform(0.0, 0.05, 1, 1, 1)
    return (images + grain).clamp(0, 1)


def _moved(
    person: Float[Tensor, "B 4 S S"], uniform: Callable[..., Tensor]
) -> Float[Tensor, "B 4 S S"]:
    """Scaled by 0.85 to 1.1, shifted by up to 5 %, turned by up to 4 degrees, mirrored or not."""
    count = len(person)
    scale, angle = uniform(0.9, 1.18), torch.deg2rad(uniform(-4.0, 4.0))
    mirror = torch.sign(uniform(-1.0, 1.0))
    matrix = torch.zeros(count, 2, 3)
    matrix[:, 0, 0], matrix[:, 0, 1] = mirror * scale * torch.cos(angle), -scale * torch.sin(angle)
    matrix[:, 1, 0], matrix[:, 1, 1] = mirror * scale * torch.sin(angle), scale * torch.cos(angle)
    matrix[:, :, 2] = uniform(-0.1, 0.1, 2)
    grid = F.affine_grid(matrix, list(person.shape), align_corners=False)
    return F.grid_sample(person, grid, align_corners=False)


def _blurred(
    images: Float[Tensor, "B 3 S S"], generator: torch.Generator
) -> Float[Tensor, "B 3 S S"]:
    """Half of the pictures through a smaller size and back."""
    size, half = images.shape[-1], len(images) // 2
    small = int(torch.randint(size * 3 // 8, size, (1,), generator=generator))
    shrunk = F.interpolate(images[:half], size=(small, small), mode="bilinear", antialias=True)
    blurred = F.interpolate(shrunk, size=(size, size), mode="bilinear")
    return torch.cat([blurred, images[half:]])


def normalise(images: Float[Tensor, "B 3 S S"]) -> Float[Tensor, "B 3 S S"]:
    """[0, 1] to the network's input, channels last in memory."""
    return images.sub(MEAN).div(STD).contiguous(memory_format=torch.channels_last)
