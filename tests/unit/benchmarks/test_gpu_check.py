"""The check for GPUs, in miniature on the CPU: every section comes to its end, the page has all."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
FOLDER = BENCHMARKS / "gpu_check"
SECTIONS = {
    "machine": "matrix products of 256",
    "drawing": "errors",
    "step": "guidance",
    "balance": "after 1 steps",
    "precision": "errors",
    "prior": "rates",
    "compiled": "seconds_with_compiling",
    "checkpointed": "step_ms",
}


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch):
    """The check's modules, without its command."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.syspath_prepend(str(FOLDER))
    import sections

    assert list(sections.SECTIONS) == list(SECTIONS)
    return sections


@pytest.mark.parametrize("name", SECTIONS)
def test_each_section_finds_its_figures(check, name: str) -> None:
    found: dict[str, object] = {}
    check.SECTIONS[name].run(check.Sizes.miniature(), lambda **figures: found.update(figures))
    assert found[SECTIONS[name]]
    if name == "drawing":
        assert max(row["largest"] for row in found["errors"]) < 1e-4
    if name == "balance":
        rows = {row["parameters"]: row for row in found["after 1 steps"]}
        assert rows["log_scales"]["scale"] > 0.0 < rows["colours"]["score"]
        assert rows["colours"]["scale"] == 0.0
    if name == "step":
        assert found["guidance"]["gflop"] > 1.0


def test_the_command_writes_a_page_whatever_fails(tmp_path: Path) -> None:
    command = [sys.executable, str(FOLDER), "--miniature", "--only", "machine"]
    for minutes, code in (("5", 0), ("0", 1)):
        options = ["--minutes", minutes, "--out", str(tmp_path)]
        done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=300)
        assert done.returncode == code, done.stderr
        page = (tmp_path / "gpu_check.md").read_text()
        (section,) = json.loads((tmp_path / "gpu_check.json").read_text())["sections"]
        assert bool(section["failed"]) == bool(code)
        assert ("no time was left" in page) == bool(code)
        assert page.startswith("# What this GPU says\n\nA miniature on the CPU")
