"""Cartoon people whose attributes captions can name, and a network trained in a moment."""

import json
from pathlib import Path

import numpy as np
from prior_fakes import cartoon

from gaussianmotion.synthesis.pictures.captions import caption

MODEL = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "head_width": 32},
    "text_cfg": {
        "context_length": 32, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1,
    },
}  # fmt: skip
AGES, HAIR = ("young", "old"), ("brown", "black")


def write_people(folder: Path, count: int, seed: int = 0) -> Path:
    """A dataset of ``count`` cartoons in one shard."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    items = []
    for i in range(count):
        item = cartoon(rng)
        seen = json.loads(str(item["attributes"]))
        seen |= {"sex": "man", "age": AGES[i % 2], "build": "average", "hair": "short"}
        seen |= {"hair_colour": HAIR[i % 2], "top": "t-shirt", "bottom": "trousers"}
        item["attributes"] = json.dumps(seen)
        azimuth = float(item["azimuth"])
        item["captions"] = caption(seen, azimuth, 0, "white", rng, full=True)
        item["captions2"] = caption(seen, azimuth, 0, "white", rng)
        items.append(item)
    arrays = {name: np.stack([np.asarray(item[name]) for item in items]) for name in items[0]}
    np.savez(folder / "shard_0000.npz", **arrays)
    return folder
