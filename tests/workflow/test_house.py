"""Generated files that must not drift, and the house's rules that no linter knows."""

import ast
import importlib.metadata
import re
import runpy
import shutil
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet
from snakemake.cli import parse_args
from workflow_copy import REPOSITORY, run

from gaussianmotion.cli.manage import schema_text


def test_the_schema_is_that_of_the_models() -> None:
    written = (REPOSITORY / "config/schema.json").read_text(encoding="utf-8")
    assert written == schema_text(), "run `gaussianmotion schema`"


def test_the_picture_of_the_layers_is_that_of_the_contracts() -> None:
    made = runpy.run_path(str(REPOSITORY / "docs/draw_layers.py"))["drawing"]()
    written = (REPOSITORY / "docs/layers.svg").read_text(encoding="utf-8")
    assert written == made, "run `python docs/draw_layers.py`"


def test_the_reference_is_what_the_code_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    for name, page in runpy.run_path(str(REPOSITORY / "docs/write_reference.py"))["PAGES"].items():
        written = (REPOSITORY / "docs/reference" / name).read_text(encoding="utf-8")
        assert written == page(), f"{name}: run `python docs/write_reference.py`"


def test_every_key_of_the_configuration_has_a_meaning() -> None:
    page = (REPOSITORY / "docs/reference/configuration.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) > 100
    assert [row for row in rows if re.search(r"\|\s*\|", row)] == []


def test_what_scripts_import_from_the_package_is_there() -> None:
    """Benchmarks run seldom: a name that has moved would be missed when it is needed."""
    missing, count = [], 0
    for folder in ("benchmarks", "docs"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                    "gaussianmotion."
                ):
                    for name in node.names:
                        count += 1
                        if not _is_there(node.module or "", name.name):
                            missing.append(f"{path.name}: {node.module}.{name.name}")
    assert missing == []
    assert count > 100


def _is_there(module: str, name: str) -> bool:
    try:
        return hasattr(import_module(module), name) or bool(find_spec(f"{module}.{name}"))
    except ImportError:
        return False


def test_pages_that_the_code_names_are_there() -> None:
    named = set()
    files = [REPOSITORY / "Makefile", REPOSITORY / "Snakefile"]
    for folder in ("src", "rules", "config", "profiles", "benchmarks", "notebooks"):
        suffixes = (".py", ".smk", ".yaml", ".md", ".html", ".ipynb", ".rst")
        files += [path for path in (REPOSITORY / folder).rglob("*") if path.suffix in suffixes]
    for path in files:
        found = re.findall(r"(?<![\w/.])docs/[\w/-]+\.\w+", path.read_text(encoding="utf-8"))
        named |= {(name, path.name) for name in found}
    assert ("docs/how-to/gpus.md", "Makefile") in named
    assert [(name, where) for name, where in named if not (REPOSITORY / name).exists()] == []


def test_what_the_documentation_names_is_there() -> None:
    """Modules, the functions named beside them, links to other pages and to pictures."""
    missing = []
    pages = [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")]
    for page in (path for path in pages if path.name != "CHANGELOG.md"):
        text = page.read_text(encoding="utf-8")
        for path in re.findall(r"`([\w/]+\.(?:py|smk|yaml|tsv|md|ipynb))`", text):
            places = [REPOSITORY / path, REPOSITORY / "src/gaussianmotion" / path]
            if (
                "/" in path
                and not path.startswith("results/")
                and not any(map(Path.exists, places))
            ):
                missing.append(f"{page.name}: {path}")
        for path, names in re.findall(r"`([\w/]+\.py)`: ((?:`\w[\w.]*`(?:, )?)+)", text):
            source = (REPOSITORY / "src/gaussianmotion" / path).read_text(encoding="utf-8")
            for name in re.findall(r"\w+", names):
                if not re.search(rf"(def|class) {name}\b", source):
                    missing.append(f"{page.name}: {name} of {path}")
        for link in re.findall(r"\]\(([^)#]+)\)", text):
            if "://" not in link and not (page.parent / link).exists():
                missing.append(f"{page.name}: {link}")
    assert missing == []


def test_the_lock_holds_exact_versions_and_no_address() -> None:
    lines = (REPOSITORY / "requirements.lock").read_text().splitlines()
    packages = [line for line in lines if not line.startswith("#")]
    assert all(re.match(r"[a-z0-9._-]+==\S+( ; .+)?$", line) for line in packages)
    assert not [line for line in lines if "://" in line or line.startswith("-")]
    assert "torch==2.13.0" in packages


def test_the_conda_environment_is_the_lock() -> None:
    lines = (REPOSITORY / "requirements.lock").read_text().splitlines()
    environment = yaml.safe_load((REPOSITORY / "envs/gaussianmotion.yaml").read_text())
    assert environment["dependencies"][-1]["pip"] == [
        line for line in lines if not line.startswith("#")
    ]


def test_every_verb_of_make_is_explained() -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    done = run(REPOSITORY, ["make", "help"])
    for verb in ("env", "demo", "test", "check", "ui", "help"):
        assert f"make {verb}" in done.stdout


def test_make_passes_any_sentence_on_unread(tmp_path: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    program = tmp_path / ".venv/bin/gaussianmotion"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nprintf "%s" "$GAUSSIANMOTION_PROMPT" > said\n')
    program.chmod(0o755)
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    (program.parents[1] / ".installed").touch()
    sentence = 'it\'s "5 $" $(shell touch pwned) `touch pwned` <b>ü</b> \\ #1'
    done = run(tmp_path, ["make", "demo", f"PROMPT={sentence}"])
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "said").read_text() == sentence
    assert not (tmp_path / "pwned").exists()


def test_profiles_limit_the_gpus_as_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two profiles the workflow's own wins, key by key."""
    monkeypatch.chdir(REPOSITORY)
    for arguments, gpus in (
        (["--workflow-profile", "profiles/slurm", "--executor", "local"], 8),
        (["--profile", "profiles/laptop"], 1),
        (["--cores", "1", "--resources", "gpu=4"], 4),
    ):
        _, options = parse_args(arguments)
        assert options.resources["gpu"].value == gpus
        assert options.conda_not_block_search_path_envvars


def test_the_pinned_packages_are_for_this_python() -> None:
    """uv overlooks a package's upper bound on Python; pip, and so conda's environments, do not."""
    python = ".".join(map(str, sys.version_info[:3]))
    pinned = re.findall(
        r"^([A-Za-z0-9._-]+)==", (REPOSITORY / "requirements.lock").read_text(), re.M
    )
    wrong = []
    for name in pinned:
        try:
            wanted = importlib.metadata.metadata(name).get("Requires-Python") or ""
        except importlib.metadata.PackageNotFoundError:  # of another system
            continue
        if not SpecifierSet(wanted).contains(python, prereleases=True):
            wrong.append(f"{name} is for Python {wanted}")
    assert wrong == []


def test_no_two_classes_have_one_name() -> None:
    """A name stands for one thing; what a module keeps to itself may be called as elsewhere."""
    places: dict[str, list[str]] = {}
    package = REPOSITORY / "src/gaussianmotion"
    for path in sorted(package.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(path.relative_to(package).as_posix())
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_modules_of_tests_have_names_of_their_own() -> None:
    """Pytest imports them by their names alone, so of two alike one folder would get the other's;
    every folder may have a ``conftest``, from which nobody imports."""
    paths = [path for path in (REPOSITORY / "tests").rglob("*.py") if path.name != "conftest.py"]
    names = sorted(path.name for path in paths)
    assert names == sorted(set(names))
    borrowed = re.compile(r"^(from|import) conftest\b", re.MULTILINE)
    assert [path.name for path in paths if borrowed.search(path.read_text("utf-8"))] == []
