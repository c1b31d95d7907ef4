"""What the pipeline prints of a job that ended without a word."""

import logging
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_gaussianmotion import LogHandler


def said(ending: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The line for a job whose command Snakemake says to have ended so."""
    handler = LogHandler.__new__(LogHandler)
    logging.Handler.__init__(handler)
    handler.common_settings = SimpleNamespace(dryrun=False, show_failed_logs=False)
    handler.__post_init__()
    for text, facts in (
        ("", {"event": LogEvent.JOB_INFO, "jobid": 1, "rule_msg": "train: a"}),
        (
            f"RuleException:\nCalledProcessError in file x, line 7:\nCommand 'sh x' {ending}",
            {"event": LogEvent.ERROR, "exception": "RuleException"},
        ),
        (
            "",
            {
                "event": LogEvent.JOB_ERROR,
                "jobid": 1,
                "rule_name": "train",
                "log": ["a.log"],
                "shellcmd": "sh x",
            },
        ),
    ):
        record = logging.makeLogRecord({"msg": text, "levelno": logging.ERROR, **facts})
        handler.emit(record)
    return capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    "ending", ["died with <Signals.SIGKILL: 9>.", "returned non-zero exit status 137."]
)
def test_a_killed_job_says_that_memory_ran_out(
    ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = said(ending, capsys)
    assert line.startswith("failed: train: a: it was killed (signal 9), probably because memory")
    assert line.endswith("; log: a.log")


def test_a_crash_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "it crashed (SIGSEGV)" in said("died with <Signals.SIGSEGV: 11>.", capsys)


def test_a_job_that_said_why_is_not_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert said("returned non-zero exit status 2.", capsys) == "failed: train: a; log: a.log"
    assert said("returned non-zero exit status 130.", capsys) == "failed: train: a; log: a.log"
