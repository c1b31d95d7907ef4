"""Tiny priors in diffusers layout (``tiny_priors``), written and loaded once for all tests."""

from pathlib import Path

import pytest
from tiny_priors import prior_config, write_embedded, write_stable_diffusion

from gaussianmotion.guidance.prior import DiffusionPrior, load_prior


@pytest.fixture(scope="session")
def embedded_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_embedded(tmp_path_factory.mktemp("embedded"))


@pytest.fixture(scope="session")
def stable_diffusion_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stable_diffusion(tmp_path_factory.mktemp("stable_diffusion"))


@pytest.fixture(scope="session")
def embedded(embedded_folder: Path) -> DiffusionPrior:
    return load_prior(prior_config(embedded_folder), "cpu")


@pytest.fixture(scope="session")
def stable_diffusion(stable_diffusion_folder: Path) -> DiffusionPrior:
    return load_prior(prior_config(stable_diffusion_folder), "cpu")


@pytest.fixture(params=["embedded", "stable_diffusion"])
def prior(request: pytest.FixtureRequest) -> DiffusionPrior:
    """Both kinds, one after the other: one class must serve them."""
    return request.getfixturevalue(request.param)
