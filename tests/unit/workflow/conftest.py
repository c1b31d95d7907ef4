"""Experiments in a folder of the test's own."""

from pathlib import Path

import pytest
from small_experiment import Maker


@pytest.fixture
def experiment_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    monkeypatch.chdir(tmp_path)
    return Maker(tmp_path)
