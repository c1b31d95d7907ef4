"""Close-ups of heads are judged by hair, hats and length, each against the true render."""

import json

import numpy as np
import pytest

from gaussianmotion.guidance.layout import REGIONS
from gaussianmotion.synthesis.people.palette import GARMENT_COLOURS, HAIR_COLOURS
from gaussianmotion.synthesis.pictures.data import Shard
from gaussianmotion.synthesis.prior.heads import heads

SIZE = 128
SKIN, GROUND = (224, 172, 140), (255, 255, 255)


def head(colour: str, long: bool, hat: str | None) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    """A round face under a cap of hair, which may fall beside the neck, or under a hat."""
    picture = np.full((SIZE, SIZE, 3), GROUND, np.uint8)
    regions = np.zeros((SIZE, SIZE), np.uint8)
    y, x = np.mgrid[:SIZE, :SIZE]
    parts = [
        ("skin", np.hypot(x - 64, y - 56) < 24, SKIN),
        ("skin", (abs(x - 64) < 8) & (y > 76), SKIN),
        ("hair", (np.hypot(x - 64, y - 56) < 28) & (y < 48), HAIR_COLOURS[colour]),
    ]
    if long:
        parts.append(("hair", (abs(abs(x - 64) - 26) < 10) & (y > 32), HAIR_COLOURS[colour]))
    if hat:
        parts.append(("hat", (np.hypot(x - 64, y - 56) < 34) & (y < 40), GARMENT_COLOURS[hat]))
    for name, where, rgb in parts:
        picture[where], regions[where] = rgb, REGIONS[name]
    facts = {"hair": "long" if long else "short", "hair_colour": colour}
    return picture, regions, facts | ({"hat": "fedora", "hat_colour": hat} if hat else {})


@pytest.fixture(scope="module")
def items() -> Shard:
    looks = [(colour, long, hat) for colour in ("black", "blonde", "red") for long in (True, False)
             for hat in (None, "green")]  # fmt: skip
    made = [head(*look) for look in looks]
    count = len(made)
    points = np.zeros((count, 18, 2), np.float32)
    points[:, [0, 16, 17, 1]] = [(64, 60), (40, 56), (88, 56), (64, 100)]
    return Shard(
        images=np.stack([picture for picture, _, _ in made]),
        masks=np.stack([np.where(regions > 0, 255, 0).astype(np.uint8) for _, regions, _ in made]),
        regions=np.stack([regions for _, regions, _ in made]),
        keypoints=points, visible=np.ones((count, 18), bool), azimuth=np.zeros(count, np.float32),
        framing=np.full(count, 2, np.uint8), captions=np.array(["a person, head"] * count),
        attributes=np.array([json.dumps(facts) for _, _, facts in made]),
        background=np.zeros(count, np.uint8), captions2=np.array([""] * count),
        depth=np.zeros((count, SIZE, SIZE), np.uint16), fov=np.full(count, 50.0, np.float32),
        surface=np.zeros((count, SIZE, SIZE, 3), np.uint8),
    )  # fmt: skip


def test_the_true_renders_are_right_and_others_are_not(items: Shard) -> None:
    true = items.images.astype(np.float32) / 255
    found = heads({"conditioned": true, "other caption": np.roll(true, 2, axis=0)}, true, items)
    assert {name: row["right caption"] for name, row in found.items()} == {
        "hair colour": 1.0, "hat or none": 1.0, "hair length": 1.0
    }  # fmt: skip
    assert found["hair length"]["items"] == 6  # hats hide what the length is told by
    assert found["hair length"]["other caption"] == 0.0
    assert found["hair colour"]["other caption"] < 1.0


def test_a_missing_hat_is_seen(items: Shard) -> None:
    true = items.images.astype(np.float32) / 255
    bare = true.copy()
    bare[1::2] = true[::2]  # the same heads without their hats
    found = heads({"conditioned": bare, "other caption": bare}, true, items)
    assert found["hat or none"]["right caption"] == 0.5
    assert found["hair length"]["right caption"] == 1.0


def test_noise_is_no_head(items: Shard) -> None:
    true = items.images.astype(np.float32) / 255
    grey = np.full_like(true, 0.5)
    found = heads({"conditioned": grey, "other caption": grey}, true, items)
    assert found["hat or none"]["right caption"] == 0.0
    assert found["hair colour"]["right caption"] <= 0.5
