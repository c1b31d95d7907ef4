"""A toy training set of the renderer's format: cartoon people of flat colours in random poses."""

import json
from pathlib import Path

import numpy as np

from gaussianmotion.synthesis.people.palette import GARMENT_COLOURS

PALETTE = GARMENT_COLOURS
_GROUNDS = {"white": 255, "grey": 128, "black": 0}
_BONES = (
    (1, 8, 3, 9), (1, 11, 3, 9), (8, 11, 3, 7), (2, 3, 3, 5), (5, 6, 3, 5), (3, 4, 1, 4),
    (6, 7, 1, 4), (8, 9, 4, 6), (9, 10, 4, 5), (11, 12, 4, 6), (12, 13, 4, 5), (10, 10, 6, 5),
    (13, 13, 6, 5), (1, 0, 1, 4), (0, 0, 1, 9),
)  # fmt: skip


def cartoon(rng: np.random.Generator) -> dict[str, np.ndarray | str]:
    """One item: the arrays of a shard without their first axis."""
    turn = rng.uniform(-180, 180)
    side = np.cos(np.deg2rad(turn))
    centre, scale = rng.uniform(56, 72), rng.uniform(0.85, 1.1)
    arms, legs = rng.uniform(-0.2, 1.4, 2), rng.uniform(0, 0.5, 2)
    points = np.zeros((18, 2))
    points[0], points[1] = (0, -46), (0, -32)
    sides = ((-1, 2, arms[0], 8, legs[0]), (1, 5, arms[1], 11, legs[1]))
    for sign, start, angle, hip, leg in sides:
        way = np.array([sign * side * np.cos(angle), np.sin(angle)])
        points[start] = (sign * side * 11, -31)
        points[start + 1], points[start + 2] = points[start] + 15 * way, points[start] + 28 * way
        down = np.array([sign * side * np.sin(leg), np.cos(leg)])
        points[hip] = (sign * side * 6, 0)
        points[hip + 1], points[hip + 2] = points[hip] + 22 * down, points[hip] + 44 * down
    for index, (x, y) in {14: (-2, -49), 15: (2, -49), 16: (-6, -47), 17: (6, -47)}.items():
        points[index] = (side * x, y)
    points = points * scale + (centre, 66)
    visible = np.ones(18, bool)
    front = abs(turn) < 90
    visible[[0, 14, 15]] = front

    names = list(PALETTE)
    top, bottom = rng.choice(names, 2)
    ground = rng.choice(list(_GROUNDS))
    colours = {1: (224, 172, 140), 3: PALETTE[top], 4: PALETTE[bottom], 6: (60, 40, 30)}
    y, x = np.mgrid[:128, :128] + 0.5
    image = np.full((128, 128, 3), _GROUNDS[ground], np.uint8)
    regions = np.zeros((128, 128), np.uint8)
    for a, b, region, radius in _BONES:
        way = points[b] - points[a]
        along = (x - points[a][0]) * way[0] + (y - points[a][1]) * way[1]
        along = np.clip(along / max(way @ way, 1e-9), 0, 1)
        gap = np.hypot(x - points[a][0] - along * way[0], y - points[a][1] - along * way[1])
        inside = gap < radius * scale
        shade = np.clip(1.0 - 0.25 * gap / (radius * scale), 0, 1)[inside, None]
        image[inside] = (np.array(colours[region]) * shade).astype(np.uint8)
        regions[inside] = region
    if not front:
        hair = np.hypot(x - points[0][0], y - points[0][1]) < 9 * scale
        image[hair], regions[hair] = (90, 60, 30), 2
    view = "front view" if abs(turn) <= 60 else "back view" if abs(turn) >= 120 else "side view"
    return {
        "images": image,
        "masks": np.where(regions > 0, 255, 0).astype(np.uint8),
        "regions": regions,
        "keypoints": points.astype(np.float32),
        "visible": visible,
        "azimuth": np.float32(turn),
        "framing": np.uint8(0),
        "captions": f"a man wearing a {top} t-shirt and {bottom} trousers, {ground} background, "
        f"{view}, full body",
        "attributes": json.dumps({"top_colour": str(top), "bottom_colour": str(bottom)}),
        "background": np.uint8(list(_GROUNDS).index(ground)),
    }


def deeper(item: dict[str, np.ndarray | str]) -> dict[str, np.ndarray | str]:
    """The item as version 3 has it: a flat person three metres away."""
    depth = np.where(np.asarray(item["regions"]) > 0, 3000, 0).astype(np.uint16)
    return item | {"depth": depth, "fov": np.float32(50.0)}


def mapped(item: dict[str, np.ndarray | str]) -> dict[str, np.ndarray | str]:
    """The item as version 4 has it: a surface map that says where on the picture a point is."""
    y, x = np.mgrid[0:128, 0:128] + 127
    codes = np.stack([x, y, np.full_like(x, 200)], axis=-1).astype(np.uint8)
    return item | {"surface": codes * (np.asarray(item["regions"]) > 0)[..., None]}


def write_fakes(folder: Path, count: int, per_shard: int, seed: int = 0, version: int = 2) -> Path:
    """Write a dataset of ``count`` cartoons and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for number, start in enumerate(range(0, count, per_shard)):
        items = [cartoon(rng) for _ in range(start, min(start + per_shard, count))]
        items = [deeper(item) for item in items] if version > 2 else items
        items = [mapped(item) for item in items] if version > 3 else items
        np.savez(
            folder / f"shard_{number:04d}.npz",
            **{name: np.stack([np.asarray(item[name]) for item in items]) for name in items[0]},
        )
    (folder / "dataset.json").write_text(json.dumps({"palette": PALETTE}))
    return folder
