"""``gaussianmotion log``: several runs by one process, each with a record of its own."""

import json
from pathlib import Path

import pytest

from gaussianmotion import tracking
from gaussianmotion.cli import main


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two folders of runs; MLflow takes the first one only."""

    def mirror(run: Path, config: object) -> str:
        if run.name == "1":
            raise OSError("it is away")
        return f"id of {run.name}"

    monkeypatch.setattr(tracking, "mirror", mirror)
    monkeypatch.setattr(tracking, "identify", lambda run: None)
    monkeypatch.chdir(Path(__file__).parents[3])
    return [tmp_path / seed for seed in ("0", "1")]


def test_one_that_fails_does_not_stop_the_others(runs: list[Path]) -> None:
    names = [str(run) for run in reversed(runs)]
    assert main(["log", *names, "--failures", "2", "5"]) == 0
    done, failed = (json.loads((run / "logged.json").read_text()) for run in runs)
    assert done == {"logged": True, "run_id": "id of 0", "failures": 5}
    assert (failed["logged"], failed["failures"]) == (False, 3)


@pytest.mark.parametrize("option", ["--out", "--failures"])
def test_each_run_needs_a_value_of_its_own(
    runs: list[Path], option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["log", *map(str, runs), option, "7"]) == 2
    said = capsys.readouterr().err
    assert f"log: {option} has 1 values for 2 runs; give one for each" in said
