"""A variant's configuration is validated once, however often the workflow asks for it."""

from pathlib import Path

import pytest

from gaussianmotion.config import Config
from gaussianmotion.config.file import load_config, load_variants
from gaussianmotion.pipeline import experiment as module
from gaussianmotion.pipeline.experiment import Experiment
from gaussianmotion.pipeline.prompts import configured_prompts
from gaussianmotion.runtime.errors import UserError

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def laptop(monkeypatch: pytest.MonkeyPatch) -> Experiment:
    monkeypatch.chdir(REPOSITORY)
    config = load_config([Path("config.yaml"), Path("config/laptop.yaml")])
    return Experiment(
        config=config,
        prompts={prompt.id: prompt for prompt in configured_prompts(config)},
        motions={},
        overlays=load_variants(config.variants_file),
    )


def test_it_is_validated_once(laptop: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    validated: list[str] = []
    usual = module.with_variant

    def counted(config: Config, name: str, overlays: dict) -> Config:
        validated.append(name)
        return usual(config, name, overlays)

    monkeypatch.setattr(module, "with_variant", counted)
    for _ in range(3):
        for name in laptop.variants:
            assert laptop.variant(name) == usual(laptop.config, name, laptop.overlays)
    assert sorted(validated) == sorted(laptop.variants)


def test_the_priors_of_variants_are_looked_for_once(
    laptop: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = laptop.own_priors
    monkeypatch.setattr(module, "own_priors", lambda *_: pytest.fail("looked for again"))
    assert laptop.own_priors is before


def test_an_unknown_variant_is_told_every_time(laptop: Experiment) -> None:
    for _ in range(2):
        with pytest.raises(UserError, match="no variant 'tau_99'"):
            laptop.variant("tau_99")
