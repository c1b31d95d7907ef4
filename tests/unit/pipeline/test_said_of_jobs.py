"""What the pipeline prints of a job that ended without a word."""

import logging
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_gaussianmotion import LogHandler


def made_handler() -> LogHandler:
    handler = LogHandler.__new__(LogHandler)
    logging.Handler.__init__(handler)
    handler.common_settings = SimpleNamespace(dryrun=False, show_failed_logs=False)
    handler.__post_init__()
    return handler


def said(ending: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The line for a job whose command Snakemake says to have ended so."""
    handler = made_handler()
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


def test_a_job_that_is_tried_again_is_told_apart_from_one_that_is_lost(
    capsys: pytest.CaptureFixture[str],
) -> None:
    handler = made_handler()
    begins = {"event": LogEvent.JOB_INFO, "jobid": 1, "rule_msg": "train: a"}
    fails = {"event": LogEvent.JOB_ERROR, "jobid": 1, "rule_name": "train", "log": ["a.log"]}
    for text, facts in (
        ("", {"event": LogEvent.RUN_INFO, "stats": {"train": 1, "total": 1}}),
        *(("", begins), ("", fails), ("Trying to restart job 1.", {"event": None})),
        *(("", begins), ("", fails)),
    ):
        handler.emit(logging.makeLogRecord({"msg": text, "levelno": logging.INFO, **facts}))
    assert capsys.readouterr().err.splitlines() == [
        *("1 jobs to do", "[1/1] train: a", "failed: train: a; log: a.log"),
        *("again: train: a", "failed: train: a; log: a.log"),
    ]


def test_a_crash_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "it crashed (SIGSEGV)" in said("died with <Signals.SIGSEGV: 11>.", capsys)


def test_a_job_that_said_why_is_not_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert said("returned non-zero exit status 2.", capsys) == "failed: train: a; log: a.log"


@pytest.mark.parametrize(
    "ending", ["died with <Signals.SIGINT: 2>.", "returned non-zero exit status 130."]
)
def test_a_job_that_was_stopped_has_not_failed(
    ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(ending, capsys) == "stopped: train: a"
