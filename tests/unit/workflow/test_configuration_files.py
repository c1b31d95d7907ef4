"""Files of ``--configfile`` that Snakemake cannot read are one line, before it tries to."""

import sys
from pathlib import Path

import pytest

from snakemake_logger_plugin_gaussianmotion import LogHandlerSettings


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "mine.yaml: no such file; name an existing YAML file (looked for in "),
        (b"", "mine.yaml: holds no keys; write some, or leave the file out"),
        (b"- 1\n", "mine.yaml: a mapping is needed"),
        (b"train:\n\tsteps: 1\n", "mine.yaml, line 2: found character '\\t'"),
        (b"seeds: [1\n", "mine.yaml, line 2: while parsing a flow sequence"),
        (b"a: b\x07\n", "mine.yaml, line 1: holds the character '\\x07'"),
        (b"\xff\xfe\x00", "mine.yaml: is not text in UTF-8"),
    ],
)
@pytest.mark.parametrize("option", [["--configfile"], ["--configfiles", "other.yaml"]])
def test_a_file_that_is_no_configuration_is_one_line(
    content: bytes | None,
    message: str,
    option: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("other.yaml").write_text("seeds: [1]\n")
    if content is not None:
        Path("mine.yaml").write_bytes(content)
    monkeypatch.setattr(sys, "argv", ["snakemake", "-n", *option, "mine.yaml", "--cores", "1"])
    with pytest.raises(SystemExit) as stopped:
        LogHandlerSettings()
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(f"gaussianmotion: {message}")
    assert said.count("\n") == 1


def test_a_folder_is_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["snakemake", f"--configfile={tmp_path}"])
    with pytest.raises(SystemExit):
        LogHandlerSettings()
    assert "cannot be read (Is a directory)" in capsys.readouterr().err


def test_other_command_lines_are_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.yaml").write_text("seeds: [1]\n")
    arguments = ["--configfile", str(tmp_path / "mine.yaml"), "-C", "prompt=none.yaml", "none.yaml"]
    monkeypatch.setattr(sys, "argv", ["snakemake", *arguments])
    LogHandlerSettings()
