"""An experiment is checked before anything is planned; a mistake is one line."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from small_experiment import Maker

from gaussianmotion.pipeline.ownership import remember_experiment
from gaussianmotion.workflow import opening
from gaussianmotion.workflow.opening import find_configuration, open_experiment

KEYS: dict[str, Any] = {
    "experiment": "small",
    "prompts": "prompts.tsv",
    "variants_file": "variants.yaml",
}


@pytest.fixture(autouse=True)
def planned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Counts what would change Snakemake for this whole process."""
    calls: list[str] = []
    monkeypatch.setattr(opening, "plan_missing_outputs", lambda: calls.append("planned"))
    monkeypatch.setattr(sys, "argv", ["snakemake"])
    return calls


def workflow(folder: Path, keys: dict[str, Any], main: bool = True) -> SimpleNamespace:
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(keys))
    settings = SimpleNamespace(config={})
    return SimpleNamespace(configfiles=[path], config_settings=settings, is_main_process=main)


def test_a_good_experiment_is_opened(experiment_of: Maker, planned: list[str]) -> None:
    found = open_experiment(workflow(experiment_of.folder, KEYS), KEYS)
    assert list(found.prompts) == ["ann", "bob"]
    assert planned == ["planned"]


def test_a_mistake_is_one_line_that_names_the_file_as_the_user_did(
    experiment_of: Maker, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = {**KEYS, "threads": "two"}
    with pytest.raises(SystemExit) as stopped:
        open_experiment(workflow(experiment_of.folder, keys), keys)
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("gaussianmotion: config.yaml: threads")
    assert said.count("\n") == 1


def test_a_file_of_a_profile_is_named_without_detours(
    experiment_of: Maker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(experiment_of.folder)
    Path("profiles/laptop").mkdir(parents=True)
    keys = {**KEYS, "threads": "two"}
    started = workflow(experiment_of.folder, keys)
    started.configfiles = [Path("profiles/laptop/../../config.yaml").absolute()]
    with pytest.raises(SystemExit):
        open_experiment(started, keys)
    assert capsys.readouterr().err.startswith("gaussianmotion: config.yaml: threads")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no config.yaml in .*: run snakemake in /checkout, or add --directory"),
        ("train:\n\tsteps: 1\n", "config.yaml, line 2: .*indent with spaces"),
        ("", "config.yaml holds no keys: take that of /checkout again"),
    ],
)
def test_a_folder_without_a_whole_configuration_is_one_line(
    content: str | None,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("config.yaml").write_text(content)
    with pytest.raises(SystemExit) as stopped:
        find_configuration(Path("/checkout"))
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert re.match(f"gaussianmotion: {message}", said)
    assert said.count("\n") == 1


def test_the_snakemake_of_a_single_job_looks_at_no_earlier_results(
    experiment_of: Maker, planned: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    remember_experiment(open_experiment(workflow(experiment_of.folder, KEYS), KEYS), ["other.yaml"])
    keys = {**KEYS, "train": {"steps": 7}}
    with pytest.raises(SystemExit):
        open_experiment(workflow(experiment_of.folder, keys), keys)
    assert "holds another experiment of this name" in capsys.readouterr().err
    planned.clear()
    open_experiment(workflow(experiment_of.folder, keys, main=False), keys)
    assert planned == []
