"""Mistakes on the command line: one line that says what to write, and exit code 2."""

from pathlib import Path

import pytest

from gaussianmotion.cli import build_parser, main
from gaussianmotion.cli.arguments import resolve_config


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "gaussianmotion: the following arguments are required: COMMAND"),
        (["trian"], "invalid choice: 'trian'"),
        (["train"], "gaussianmotion train: the following arguments are required: --prompt"),
        (["train", "--prompt", "x", "--seed", "-1"], "'-1' is no whole number from 0 to"),
        (["train", "--prompt", "x", "--seed", "99999999999"], "is no whole number from 0 to"),
        (["train", "--prompt", "x", "--prompt-id", "../up"], "'../up' may hold only lower-case"),
        (["train", "--prompt", "x", "--experiment", "a/b"], "'a/b' may hold only lower-case"),
        (["train", "--prompt", "x", "--variant", ".."], "'..' may hold only lower-case"),
        (["reference", "--prompt", "x", "--prompt-id", "A"], "'A' may hold only lower-case"),
        (["--threads", "0", "doctor"], "'0' is no whole number of at least 1"),
        (["--threads", "two", "doctor"], "'two' is no whole number of at least 1"),
        (["study", "serve", "--port", "70000"], "'70000' is no whole number from 0 to 65535"),
    ],
)
def test_a_wrong_argument_is_told_in_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        build_parser().parse_args(arguments)
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert said.endswith("--help`\n")


def test_settings_of_a_rule_stand_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "prompts.tsv"
    code = main(["prompts", "--settings", "{}", "--set", "seeds=[1]", "--out", str(out)])
    assert code == 2
    assert "leave out --config and --set" in capsys.readouterr().err
    assert not out.exists()


def test_a_variants_file_of_ones_own_need_not_have_ours(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("mine: {}\n")
    own = ["--set", f"variants_file={tmp_path / 'mine.yaml'}", "--set", "variants=[mine]"]
    for command in ("ui", "sync", "doctor"):  # which have no --variant
        config = resolve_config(build_parser().parse_args([command, *own]))
        assert config.variants == ["mine"]


def test_an_empty_sentence_does_not_start_the_three_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "--prompt", "  "]) == 2
    assert main(["demo", "--prompt", ""]) == 2
    for blank in ("", "  "):  # as `make demo PROMPT=` passes it on
        monkeypatch.setenv("GAUSSIANMOTION_PROMPT", blank)
        assert main(["demo"]) == 2
    assert capsys.readouterr().err.count("the prompt is empty") == 4
