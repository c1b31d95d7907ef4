"""Sampling goes on where it was killed, and gives what it would have given at once."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gaussianmotion.guidance.prior import DiffusionPrior
from gaussianmotion.synthesis.prior.samples import Request, Sampling, sample_resumable

REQUEST = Request(["a man", "a woman", "a suit", "a dress", "a hat"], torch.rand(5, 3, 128, 128))


class Model(DiffusionPrior):
    """A prior without networks, whose pictures are its noise; dies after a number of batches."""

    def __init__(self, batches: int = 100) -> None:
        self.latent_limit = 4.0
        self.left = batches
        self.asked: list[str] = []

    def draw_noise(self, seeds: list[int], size: int) -> torch.Tensor:
        return torch.stack(
            [torch.rand(3, size, size, generator=torch.Generator().manual_seed(s)) for s in seeds]
        )

    def sample(self, captions, poses, steps, guidance, *, noise, size) -> torch.Tensor:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        self.asked += captions
        return noise


def sampling(weights: str = "w", batch: int = 2) -> Sampling:
    return Sampling(guidance=5.0, steps=3, seed=7, batch=batch, weights=weights)


def sample(model: Model, how: Sampling, path: Path) -> np.ndarray:
    return sample_resumable(model, REQUEST, how, path, "run", lambda _: None)[0]


def test_a_killed_sampling_goes_on(tmp_path: Path) -> None:
    at_once = sample(Model(), sampling(), tmp_path / "whole.npz")
    assert at_once.shape == (5, 128, 128, 3)
    with pytest.raises(KeyboardInterrupt):
        sample(Model(batches=2), sampling(), tmp_path / "run.npz")
    model = Model()
    assert np.array_equal(sample(model, sampling(), tmp_path / "run.npz"), at_once)
    assert model.asked == ["a hat"]
    finished = Model()
    sample(finished, sampling(), tmp_path / "run.npz")
    assert finished.asked == []


def test_pictures_do_not_depend_on_the_batch(tmp_path: Path) -> None:
    one, other = (
        sample(Model(), sampling(batch=batch), tmp_path / f"{batch}.npz") for batch in (2, 5)
    )
    assert np.array_equal(one, other)


def test_other_weights_or_a_damaged_file_start_anew(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    sample(Model(), sampling(), path)
    again = Model()
    sample(again, sampling(weights="others"), path)
    assert len(again.asked) == 5
    path.write_bytes(path.read_bytes()[:1000])
    once_more = Model()
    sample(once_more, sampling(weights="others"), path)
    assert len(once_more.asked) == 5
