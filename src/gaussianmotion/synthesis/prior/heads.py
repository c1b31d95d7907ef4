"""What head close-ups show: hair of the caption's colour and length, a hat where there is one.

Judged by colours within the true render's regions, as garments are. True renders are the ceiling,
samples of another head's caption the floor.
"""

import json
from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from gaussianmotion.guidance.layout import REGIONS
from gaussianmotion.synthesis.people.palette import HAIR_COLOURS
from gaussianmotion.synthesis.pictures.data import Shard
from gaussianmotion.synthesis.pictures.garment_colours import (
    calibrate,
    lab,
    nearest_colour,
    region_look,
)

Pictures = Float[np.ndarray, "N H W 3"]
Judge = Callable[[NDArray[np.float32], int], bool | None]

#: Largest difference of two looks that are still the same.
_SAME = 18.0
# Where long hair falls and short hair does not, in distances from the neck to the head's middle:
# beside and below the ears.
_BELOW, _WIDE = (0.15, 1.1), 1.4
# Shares of that place that look like hair in renders of long and of short hair; between them, the
# hair is behind the shoulders or the skin has its colour, and nothing can be said.
_LONG, _SHORT = 0.25, 0.08
_NECK, _NOSE, _EARS = 1, 0, [16, 17]


def heads(
    images: Mapping[str, Pictures], true: Pictures, items: Shard
) -> dict[str, dict[str, float | int]]:
    """Shares of head close-ups that show what the caption says.

    Args:
        images: Samples by the run's name: ``conditioned`` and ``other caption``, the latter of the
            first items only.
        true: The renders.
        items: Of framing ``head``, with captions that name everything.
    """
    attributes = [json.loads(str(text)) for text in items.attributes]
    result = {}
    for name, judge in {
        "hair colour": _hair_colour(true, items, attributes),
        "hat or none": _hat(true, items, attributes),
        "hair length": _hair_length(true, items, attributes),
    }.items():
        row: dict[str, float | int] = {"items": len(_judged(judge, true))}
        for run, pictures in {
            "right caption": images["conditioned"],
            "other caption": images["other caption"],
            "true renders": true,
        }.items():
            judged = _judged(judge, pictures)
            row[run] = round(float(np.mean(judged)), 3) if judged else float("nan")
        result[name] = row
    return result


def _judged(judge: Judge, pictures: Pictures) -> list[bool]:
    found = [judge(picture, i) for i, picture in enumerate(pictures)]
    return [right for right in found if right is not None]


def _hair_colour(true: Pictures, items: Shard, attributes: list[dict[str, str]]) -> Judge:
    """Whether the hair's colour is the nearest of all hair colours."""
    regions = items.regions == REGIONS["hair"]
    seen = [
        (facts["hair_colour"], look)
        for i, facts in enumerate(attributes)
        if "hair_colour" in facts and (look := region_look(true[i], regions[i])) is not None
    ]
    looks = calibrate(HAIR_COLOURS, seen)

    def judge(picture: NDArray[np.float32], i: int) -> bool | None:
        colour, look = attributes[i].get("hair_colour"), region_look(picture, regions[i])
        if colour is None or look is None or region_look(true[i], regions[i]) is None:
            return None
        return nearest_colour(look, looks) == colour

    return judge


def _hat(true: Pictures, items: Shard, attributes: list[dict[str, str]]) -> Judge:
    """Whether the crown looks as it does in the true render: a hat of its colour, or hair."""

    def judge(picture: NDArray[np.float32], i: int) -> bool | None:
        worn = "hat" in attributes[i]
        if not worn and "hair_colour" not in attributes[i]:
            return None
        crown = items.regions[i] == REGIONS["hat" if worn else "hair"]
        if not worn:
            crown &= _rows_above(crown, 3)
        asked, found = region_look(true[i], crown), region_look(picture, crown)
        if asked is None or found is None:
            return None
        return float(np.linalg.norm(asked - found)) < _SAME

    return judge


def _rows_above(region: Bool[np.ndarray, "H W"], part: int) -> NDArray[np.bool_]:
    """The upper 1 / ``part`` of a region's rows: the crown, whatever falls below."""
    rows = np.flatnonzero(region.any(1))
    above = np.zeros_like(region)
    if len(rows):
        above[rows[0] : rows[0] + max(1, (rows[-1] - rows[0]) // part)] = True
    return above


def _hair_length(true: Pictures, items: Shard, attributes: list[dict[str, str]]) -> Judge:
    """Whether hair falls below the ears; of heads whose true render shows which it is."""
    asked: dict[int, bool] = {}
    for i, facts in enumerate(attributes):
        share = _hair_below(true[i], items, i) if "hat" not in facts else None
        if share is not None and facts["hair"] == "long" and share > _LONG:
            asked[i] = True
        elif share is not None and facts["hair"] == "short" and share < _SHORT:
            asked[i] = False

    def judge(picture: NDArray[np.float32], i: int) -> bool | None:
        if i not in asked:
            return None
        share = _hair_below(picture, items, i)
        return share is not None and (share > 0.5 * (_LONG + _SHORT)) == asked[i]

    return judge


def _hair_below(picture: NDArray[np.float32], items: Shard, i: int) -> float | None:
    """Share of the pixels beside the neck that look like the hair at the crown."""
    points = items.keypoints[i]
    head = points[[_NOSE, *_EARS]].mean(0)
    unit = float(np.linalg.norm(head - points[_NECK]))
    hair = items.regions[i] == REGIONS["hair"]
    look = region_look(picture, hair & _rows_above(hair, 5))
    y, x = np.mgrid[: len(picture), : len(picture)] + 0.5
    band = (y > head[1] + _BELOW[0] * unit) & (y < head[1] + _BELOW[1] * unit)
    band &= np.abs(x - head[0]) < _WIDE * unit
    if look is None or band.sum() < 24:
        return None
    return float((np.linalg.norm(lab(picture[band]) - look, axis=1) < _SAME).mean())
