"""The tutorial's commands, as printed, one after the other (stages are fakes)."""

import os
import re
import shlex
import sys
from pathlib import Path

import pytest
from workflow_copy import REPOSITORY, Workflow, run

from gaussianmotion.cli import build_parser

TUTORIAL = (REPOSITORY / "docs/tutorial.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|yaml)\n(.*?)^```", TUTORIAL, re.DOTALL | re.MULTILINE)


def write_file(folder: Path, text: str) -> None:
    """A block of YAML names its file in the first line, and whether it belongs at its end."""
    found = re.match(r"# (\S+)( \(at its end\))?\n", text)
    assert found is not None, text
    name, at_end = found.groups()
    with (folder / name).open("a" if at_end else "w", encoding="utf-8") as file:
        file.write("\n" + text.partition("\n")[2])


@pytest.mark.slow
def test_the_tutorial_works_from_its_first_line_to_its_last(workflow: Workflow) -> None:
    for kind, text in BLOCKS:
        if kind == "yaml":
            write_file(workflow.folder, text)
            continue
        for line in text.splitlines():
            done = run(workflow.folder, ["bash", "-c", line], {"PATH": path_with_environment()})
            assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    results = workflow.folder / "results/mine"
    for made in (
        *("ours/mayor/0/sheet.png", "ours/sailor/0/sheet.png", "ours/mayor/1/sheet.png"),
        *("ours/mayor/0/motions/jump.mp4", "calmer/sailor/0/avatar.safetensors"),
    ):
        assert (results / made).exists(), made


def path_with_environment() -> str:
    """Where `snakemake` is found in an activated environment."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


# Pages of the reference are written by the parsers themselves.
PAGES = [
    REPOSITORY / "README.md",
    *sorted(
        page for page in (REPOSITORY / "docs").rglob("*.md") if page.parent.name != "reference"
    ),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_printed_command_is_one_that_the_program_takes(page: Path) -> None:
    """Of fenced or indented blocks and of code in a line; words in capitals stand for a value."""
    text = re.sub(r"\\\n\s*", " ", page.read_text(encoding="utf-8"))
    lines = re.findall(r"^(?:    )?(gaussianmotion [^\n]*)$", text, re.MULTILINE)
    lines += re.findall(r"`(gaussianmotion [^`\n]*)`", text)
    wrong = [line for line in lines if not is_taken(shlex.split(line, comments=True)[1:])]
    assert wrong == []


@pytest.mark.slow
def test_every_printed_snakemake_plans_what_it_says(workflow: Workflow) -> None:
    """Dry runs of what README and pages print, of fewer variants; the tutorial's are run above."""
    fewer = "{variants: [ours, static_pose, no_pose_guidance], prompts: [man-jeans], seeds: [0]}"
    workflow.section("ablation", fewer)
    paper = workflow.folder / "config.yaml"
    ablation = re.compile(r"^ablation:.*?(?=^\S)", re.DOTALL | re.MULTILINE)
    paper.write_text(ablation.sub("", paper.read_text(encoding="utf-8")), encoding="utf-8")
    lines: set[str] = set()
    for page in PAGES:
        if page.name != "tutorial.md":
            text = page.read_text(encoding="utf-8").replace("\n", "\n\n")
            lines |= set(re.findall(r"^    (snakemake [^\n#]*?)\s*(?:#|$)", text, re.MULTILINE))
            lines |= set(re.findall(r"`(snakemake [^`\n]* --profile [^`\n]*)`", text))
    assert len(lines) > 6
    for line in sorted(lines):
        words = shlex.split(line)[1:]
        local = ["--executor", "local"] if "profiles/slurm" in words else []
        done = workflow.by_hand(*words, "-n", *local)
        assert done.returncode == 0, f"{line}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def is_taken(words: list[str]) -> bool:
    """Whether the program takes these arguments; a command's bare name in a sentence is none."""
    named = [word for word in words if not word.startswith("-")]
    if "STAGE" in words or len(named) <= 2:
        return True
    try:
        build_parser().parse_args(words)
    except SystemExit as stop:
        return stop.code == 0
    return True
