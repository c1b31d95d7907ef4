"""What trainings by steps share: the rate, the settings, and the checkpoints of before."""

import signal
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from gaussianmotion.synthesis.alignment.training import AlignmentTrainingSettings
from gaussianmotion.synthesis.by_steps import SteppedTraining, cosine_rate, train_by_steps
from gaussianmotion.synthesis.prior.checkpoint import digest_of
from gaussianmotion.synthesis.prior.diffusion_trainer import DiffusionSettings
from gaussianmotion.synthesis.prior.train_autoencoder import AutoencoderSettings


def test_the_rate_rises_and_falls_to_its_least_share() -> None:
    rates = [cosine_rate(step, 1000, 100, 0.02) for step in range(1001)]
    assert rates[0] == pytest.approx(0.01)
    assert rates[99] == max(rates)
    assert rates[1000] == pytest.approx(0.02)
    assert rates[100:] == sorted(rates[100:], reverse=True)


@pytest.mark.parametrize(
    ("settings", "digest"),
    [
        (AutoencoderSettings(), "074de6808822454d"),
        (AlignmentTrainingSettings(), "3bd79c18f885b14d"),
        (DiffusionSettings(), "948433a24fa5d13d"),
    ],
)
def test_a_training_that_was_begun_before_is_gone_on_with(settings: object, digest: str) -> None:
    """A checkpoint is resumed under settings of its digest only."""
    assert digest_of(asdict(settings)) == digest  # type: ignore[call-overload]


class OneNumber(SteppedTraining):
    """A training that is asked to stop in its third step."""

    def loss(self) -> torch.Tensor:
        if self.done == 2:
            signal.raise_signal(signal.SIGTERM)
        return self.network.weight.square().sum()

    def tell(self, last: int, report: object) -> None:
        pass


def test_one_that_is_asked_to_stop_ends_the_command(tmp_path: Path) -> None:
    """What would follow it, such as an export, is of a finished training."""
    settings, path = AutoencoderSettings(steps=5), tmp_path / "one.pt"
    said: list[str] = []

    def begin() -> OneNumber:
        return OneNumber(torch.nn.Linear(1, 1), settings, 0.0, 1, 0.1)

    with pytest.raises(SystemExit) as stopped:
        train_by_steps(path, "one", settings, begin, None, said.append)
    assert stopped.value.code == 130
    assert said == [f"stopped at 3; the same command goes on from {path}"]
    assert train_by_steps(path, "one", settings, begin, None, said.append) == path
    assert said[1:] == [f"going on from {path} at 3"]
