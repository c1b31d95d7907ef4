"""What trainings by steps share: the rate, the settings, and the checkpoints of before."""

from dataclasses import asdict

import pytest

from gaussianmotion.synthesis.alignment.training import AlignmentTrainingSettings
from gaussianmotion.synthesis.by_steps import cosine_rate
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
