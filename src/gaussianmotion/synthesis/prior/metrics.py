"""What the prior's samples are measured by: silhouettes, colours of garments, faces.

Each is compared with the held-out item's true render (the ceiling) and with samples of other
conditions (the floor).
"""

import json

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from gaussianmotion.camera import view_word
from gaussianmotion.guidance.layout import REGIONS
from gaussianmotion.synthesis.people.palette import COLOUR_WORDS
from gaussianmotion.synthesis.pictures.data import Shard
from gaussianmotion.synthesis.pictures.garment_colours import calibrate, nearest_colour, region_look

GARMENTS = ("top", "bottom", "dress", "hat")


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


def silhouettes(
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


def colours(
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
        regions = items.regions == REGIONS[garment]
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


def faces(
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
    """Share of the true head (skin, hair and hat above the neck) that is skin coloured."""
    neck = items.keypoints[item, 1]
    ears = items.keypoints[item, [0, 16, 17]].mean(axis=0)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    radius = max(3.0, 0.6 * float(np.hypot(*(ears - neck))))
    near = np.hypot(x - ears[0], y - ears[1]) < radius
    head = near & np.isin(items.regions[item], [REGIONS[part] for part in ("skin", "hair", "hat")])
    if head.sum() < 12:
        return float("nan")
    r, g, b = image[head].T
    # Skin of all tones: red leads green, green leads or equals blue, never by much.
    return float(np.mean((r > g) & (g >= b - 0.02) & (r - b > 0.06) & (r - b < 0.45)))


def _mean(values: list[float]) -> float:
    kept = [value for value in values if np.isfinite(value)]
    return round(float(np.mean(kept)), 3) if kept else float("nan")
