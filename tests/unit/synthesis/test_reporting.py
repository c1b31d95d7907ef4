"""Where the lines of progress of long work go."""

import inspect
import logging
from pathlib import Path

import pytest

import gaussianmotion.synthesis
from gaussianmotion.cli.synthesis_steps import say
from gaussianmotion.synthesis.reporting import log_line
from gaussianmotion.synthesis.resumable import resume


def test_a_library_function_logs_and_prints_nothing(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inspect.signature(resume).parameters["report"].default is log_line
    with caplog.at_level(logging.INFO):
        log_line("100 % done")
    assert caplog.record_tuples == [("gaussianmotion.synthesis", logging.INFO, "100 % done")]
    assert capsys.readouterr() == ("", "")


def test_a_command_shows_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    say("half done")
    assert capsys.readouterr() == ("", "half done\n")


def test_no_function_of_the_room_prints_by_default() -> None:
    sources = Path(gaussianmotion.synthesis.__file__).parent.rglob("*.py")
    assert [path.name for path in sources if "= print" in path.read_text()] == []
