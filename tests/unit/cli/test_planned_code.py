"""A rule's job runs the code that its workflow was planned with, or says why not."""

from pathlib import Path

import pytest

from gaussianmotion.cli import main
from gaussianmotion.pipeline.stages import STAGES


def test_source_that_was_edited_while_a_run_goes_on_stops_its_later_jobs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "copy"
    command = ["reuse", "--run", str(tmp_path), "--out", str(out), "--code"]
    assert main([*command, "of-another-source"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("gaussianmotion: the source of reuse was edited after this run was")
    assert said.count("\n") == 1
    assert not out.exists()
    assert main([*command, STAGES["reuse"].code()]) == 2
    assert "no finished training is there" in capsys.readouterr().err
