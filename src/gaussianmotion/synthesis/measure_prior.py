"""How well the embedded prior follows pose and text, on people it has not seen.

Four runs over the same held-out items, from the same noise: as the item says; without the pose;
with the pose of another item; with the caption of another item. The pictures are compared with the
item's true masks and colours. The same measures on the true renders are the ceiling, and on the
shuffled runs the floor.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from gaussianmotion.atomic import atomic_path, write_json
from gaussianmotion.camera import view_word
from gaussianmotion.config import PriorConfig
from gaussianmotion.errors import UserError
from gaussianmotion.guidance.prior import DiffusionPrior, load_prior
from gaussianmotion.pose.openpose import draw_openpose
from gaussianmotion.synthesis.garment_colours import calibrate, nearest_colour, region_look
from gaussianmotion.synthesis.palette import COLOUR_WORDS
from gaussianmotion.synthesis.prior_data import REGIONS, Shard, load_shards, read_palette

PROTOCOL = "prior-1"
GARMENTS = ("top", "bottom", "dress")
RUNS = ("conditioned", "no pose", "other pose", "other caption")


def measure_prior(
    prior: Path,
    heldout: Path,
    out: Path,
    count: int = 200,
    controls: int = 64,
    guidance: float = 5.0,
    steps: int = 25,
    seed: int = 0,
    batch: int = 16,
    report: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Measure a prior and write ``measures.json`` and ``grid.png``.

    Args:
        prior: Folder of the prior.
        heldout: Dataset of people that the training did not see.
        out: Folder to write to.
        count: Items to measure.
        controls: Items of the runs without the pose, with another pose, and with another caption:
            they tell large differences, so fewer do.
        guidance: Classifier-free guidance scale.
        steps: DDIM steps.
        seed: Of the noise.
        batch: Pictures at once.
        report: Receives progress lines.

    Raises:
        UserError: the prior or the dataset is missing or damaged, or too small.
    """
    items = load_shards(heldout, count)
    if len(items) < 16:
        raise UserError(f"{heldout} holds {len(items)} items: at least 16 are needed to measure")
    palette = read_palette(heldout)
    config = PriorConfig(model=str(prior), controlnet=str(prior / "controlnet"), dtype="bfloat16")
    model = load_prior(config, "cpu")
    started = time.monotonic()
    others = np.roll(np.arange(len(items)), 1)
    poses = draw_openpose(
        torch.from_numpy(items.keypoints), torch.from_numpy(items.visible), *items.masks.shape[1:]
    )
    captions = items.captions.tolist()
    few = slice(controls)
    plans: dict[str, tuple[list[str], Tensor | None]] = {
        "conditioned": (captions, poses),
        "no pose": (captions[few], None),
        "other pose": (captions[few], poses[others][few]),
        "other caption": ([captions[i] for i in others[few]], poses[few]),
    }
    images = {
        name: _sample(model, *plans[name], guidance, steps, seed, batch, name, report)
        for name in RUNS
    }
    true = items.images.astype(np.float32) / 255.0
    measures = {
        "protocol": PROTOCOL,
        "items": len(items),
        "control_items": min(controls, len(items)),
        "guidance": guidance,
        "ddim_steps": steps,
        "seed": seed,
        "silhouette": _silhouettes(images, true, items, others),
        "colours": _colours(images, true, items, palette),
        "faces": _faces(images["conditioned"], true, items),
        "seconds": round(time.monotonic() - started),
    }
    write_json(out / "measures.json", measures)
    write_grid(out / "grid.png", images["conditioned"], items)
    return measures


def _sample(
    model: DiffusionPrior,
    captions: list[str],
    poses: Float[Tensor, "N 3 H W"] | None,
    guidance: float,
    steps: int,
    seed: int,
    batch: int,
    name: str,
    report: Callable[[str], None],
) -> NDArray[np.float32]:
    """Pictures (N, H, W, 3); every run starts from the same noise."""
    generator = torch.Generator().manual_seed(seed)
    parts = []
    for start in range(0, len(captions), batch):
        part = slice(start, start + batch)
        pose = None if poses is None else poses[part]
        size = None if poses is not None else 128
        parts.append(
            model.sample(captions[part], pose, steps, guidance, generator=generator, size=size)
        )
        report(f"{name}: {min(start + batch, len(captions))}/{len(captions)} pictures")
    return torch.cat(parts).permute(0, 2, 3, 1).numpy()


def foreground(image: Float[np.ndarray, "H W 3"], margin: float = 0.12) -> NDArray[np.bool_]:
    """Pixels that differ from the plain background, which the image's border tells.

    Args:
        image: RGB in [0, 1].
        margin: Largest difference of a channel that still counts as background.
    """
    border = np.concatenate([image[0], image[: len(image) // 2, 0], image[: len(image) // 2, -1]])
    return np.abs(image - np.median(border, axis=0)).max(axis=-1) > margin


def overlap(a: Bool[np.ndarray, "H W"], b: Bool[np.ndarray, "H W"]) -> float:
    """Intersection over union."""
    union = int((a | b).sum())
    return float((a & b).sum() / union) if union else 1.0


def _silhouettes(
    images: dict[str, NDArray[np.float32]],
    true: NDArray[np.float32],
    items: Shard,
    others: NDArray[np.int64],
) -> dict[str, float]:
    """Mean overlap with the item's true mask, over items whose background is plain to tell."""
    masks = items.masks > 127
    result = {
        name: np.mean(
            [overlap(foreground(i), m) for i, m in zip(images[name], masks, strict=False)]
        )
        for name in ("conditioned", "no pose", "other pose")
    }
    result["true renders"] = np.mean(
        [overlap(foreground(i), m) for i, m in zip(true, masks, strict=True)]
    )
    result["other people's masks"] = np.mean(
        [overlap(a, b) for a, b in zip(masks[others], masks, strict=True)]
    )
    return {name: round(float(value), 3) for name, value in result.items()}


def _colours(
    images: dict[str, NDArray[np.float32]],
    true: NDArray[np.float32],
    items: Shard,
    palette: dict[str, tuple[int, int, int]],
) -> dict[str, dict[str, float | int]]:
    """Share of garments whose nearest colour is the caption's, within the true region.

    Only garments whose colour the caption names are counted: no model can know the others.
    """
    result: dict[str, dict[str, float | int]] = {}
    attributes = [json.loads(text) for text in items.attributes]
    for garment in GARMENTS:
        regions = items.regions == REGIONS.index(garment)
        named = [
            i
            for i, facts in enumerate(attributes)
            if names_colour(str(items.captions[i]), facts.get(f"{garment}_colour"))
            and region_look(true[i], regions[i]) is not None
        ]
        truth = {i: attributes[i][f"{garment}_colour"] for i in named}
        looks_seen = [(truth[i], region_look(true[i], regions[i])) for i in named]
        looks = calibrate(palette, [(name, look) for name, look in looks_seen if look is not None])

        def share(
            pictures: NDArray[np.float32],
            truth: dict[int, str] = truth,
            regions: NDArray[np.bool_] = regions,
            looks: dict[str, NDArray[np.float64]] = looks,
        ) -> float:
            right = [
                (look := region_look(pictures[i], regions[i])) is not None
                and nearest_colour(look, looks) == colour
                for i, colour in truth.items()
                if i < len(pictures)
            ]
            return round(float(np.mean(right)), 3) if right else float("nan")

        result[garment] = {
            "items": len(named),
            "right caption": share(images["conditioned"]),
            "other caption": share(images["other caption"]),
            "true renders": share(true),
        }
    return result


def names_colour(caption: str, colour: str | None) -> bool:
    """Whether a caption says the colour, in one of the palette's words for it."""
    if colour is None:
        return False
    return any(word in caption for word in COLOUR_WORDS.get(colour, (colour,)))


def _faces(
    pictures: NDArray[np.float32], true: NDArray[np.float32], items: Shard
) -> dict[str, dict[str, float | int]]:
    """Share of the head that is skin coloured: much in front views, little in back views."""
    views = np.array([view_word(float(azimuth)) for azimuth in items.azimuth])
    result = {}
    for view in ("front view", "back view"):
        rows = [int(i) for i in np.flatnonzero(views == view)]
        result[view] = {
            "items": len(rows),
            "samples": _mean([_skin_share(pictures[i], items, i) for i in rows]),
            "true renders": _mean([_skin_share(true[i], items, i) for i in rows]),
        }
    return result


def _skin_share(image: Float[np.ndarray, "H W 3"], items: Shard, item: int) -> float:
    """Share of the true head (skin and hair above the neck) that is skin coloured."""
    neck = items.keypoints[item, 1]
    ears = items.keypoints[item, [0, 16, 17]].mean(axis=0)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    radius = max(3.0, 0.6 * float(np.hypot(*(ears - neck))))
    near = np.hypot(x - ears[0], y - ears[1]) < radius
    head = near & np.isin(items.regions[item], (1, 2, 7))
    if head.sum() < 12:
        return float("nan")
    r, g, b = image[head].T
    # Skin of all tones: red leads green, green leads or equals blue, never by much.
    return float(np.mean((r > g) & (g >= b - 0.02) & (r - b > 0.06) & (r - b < 0.45)))


def _mean(values: list[float]) -> float:
    kept = [value for value in values if np.isfinite(value)]
    return round(float(np.mean(kept)), 3) if kept else float("nan")


def write_grid(path: Path, pictures: NDArray[np.float32], items: Shard, columns: int = 12) -> None:
    """Rows of pose, sample and true render, side by side for looking at."""
    rows = []
    height, width = items.masks.shape[1:]
    poses = draw_openpose(
        torch.from_numpy(items.keypoints), torch.from_numpy(items.visible), height, width
    )
    count = min(len(pictures), 4 * columns) // columns * columns
    for start in range(0, count, columns):
        part = slice(start, start + columns)
        rows.append(_row(poses[part].permute(0, 2, 3, 1).numpy()))
        rows.append(_row(pictures[part]))
        rows.append(_row(items.images[part].astype(np.float32) / 255.0))
    with atomic_path(path) as temporary:
        Image.fromarray(np.concatenate(rows)).save(temporary, optimize=True)


def _row(pictures: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.concatenate(list((pictures.clip(0, 1) * 255).round().astype(np.uint8)), axis=1)
