"""A training set in a GPU's memory gives what the one on the disk gives; here the CPU stands in."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from prior_fakes import write_fakes

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.prior.batches import View, make_batch
from gaussianmotion.synthesis.prior.resident import ResidentSet
from gaussianmotion.synthesis.prior.shards import TrainingSet

CPU = torch.device("cpu")


def fake_encoder() -> Any:
    return lambda prompts: torch.ones(len(prompts), 6, 384)


def silent(_: str) -> None:
    """No progress lines."""


def resident(folder: Path, normals: bool = False) -> ResidentSet:
    return ResidentSet(TrainingSet(folder, None, fake_encoder), CPU, normals)


@pytest.mark.parametrize("size", [64, 128])
def test_batches_are_those_of_the_disk(tmp_path: Path, size: int) -> None:
    folder = write_fakes(tmp_path, count=12, per_shard=8, version=4)
    mapped = TrainingSet(folder, None, fake_encoder)
    mapped.take_up(report=silent)
    kept = resident(folder, normals=True)
    assert kept.take_up(report=silent) == 2
    assert len(kept) == 12
    np.testing.assert_array_equal(kept.framings(), mapped.framings())
    items, view = np.array([0, 11, 5, 5, 3, 8]), View(size, 4, 4, 3.0, True, True)
    one, two = (
        make_batch(d, items, view, torch.Generator().manual_seed(3)) for d in (mapped, kept)
    )
    for name, value in vars(one).items():
        # Skeletons are kept in 256 levels; at half the size they are means of those at full size,
        # whose lines are thicker by what a pixel is.
        skeleton = name == "poses" and size == 64
        close = 0.3 if skeleton else 0.5 / 255 + 1e-6 if name == "poses" else 0.0
        torch.testing.assert_close(vars(two)[name], value, atol=close, rtol=0.0)
    if size == 64:
        assert (one.poses - two.poses).abs().mean() < 0.01


def test_shards_that_come_are_followed(tmp_path: Path) -> None:
    folder = write_fakes(tmp_path, count=4, per_shard=4, version=4)
    (folder / "dataset.json").write_text('{"count": 10}')
    kept = resident(folder)
    kept.take_up(report=silent)
    with kept.following():
        write_fakes(tmp_path, count=12, per_shard=4, version=4)
        ends = time.monotonic() + 60.0
        while len(kept) < 10 and time.monotonic() < ends:
            time.sleep(0.05)
    assert len(kept) == 10  # there was room for as many as the set's card had promised
    assert kept.full
    item = kept.tensors(("keypoints",), np.array([9]))["keypoints"][0]
    with np.load(folder / "shard_0002.npz") as shard:
        np.testing.assert_array_equal(item, shard["keypoints"][1])


def test_a_damaged_shard_that_comes_is_said(tmp_path: Path) -> None:
    folder = write_fakes(tmp_path, count=4, per_shard=4, version=4)
    (folder / "dataset.json").write_text('{"count": 8}')
    kept = resident(folder)
    kept.take_up(report=silent)
    (folder / "shard_0001.npz").write_bytes(b"PK cut short")
    with kept.following():
        ends = time.monotonic() + 60.0
        while kept.failed is None and time.monotonic() < ends:
            time.sleep(0.05)
    with pytest.raises(UserError, match=r"shard_0001\.npz is damaged"):
        kept.tensors(("visible",), np.array([0]))
