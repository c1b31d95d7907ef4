"""The digest of a stage's code, for every module of every stage's import closure."""

import shutil
from pathlib import Path

import pytest

from gaussianmotion.pipeline import code, stages
from gaussianmotion.pipeline.code import CACHE, ROOT, SourceTree, meaning
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.registry import score_stages

STAGES = {**stages.STAGES, **score_stages()}


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package's sources."""
    folder = tmp_path_factory.mktemp("source") / "gaussianmotion"
    SourceTree()  # What is known of the files is copied with them.
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns("*.pyc", "*.nb*"))
    return folder


def digests(root: Path) -> dict[str, str]:
    tree = SourceTree(root)
    return {name: tree.digest(stage.modules, stage.data) for name, stage in STAGES.items()}


def test_a_changed_function_changes_the_stages_that_import_it_and_no_others(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digests(copied)
    tree = SourceTree(copied)
    imports = code._direct_imports()  # The function that is added imports nothing.
    monkeypatch.setattr(code, "_direct_imports", lambda: imports)
    closures = {name: set(tree.closure(stage.modules)) for name, stage in STAGES.items()}
    # One module for each set of stages that share it.
    shared: dict[frozenset[str], str] = {}
    for module in sorted(set().union(*closures.values())):
        of = frozenset(name for name in STAGES if module in closures[name])
        shared.setdefault(of, module)
    for of, module in shared.items():
        path = _file(copied, module)
        text = path.read_text(encoding="utf-8")
        path.write_text(f"{text}\n\ndef added() -> int:\n    return 1\n", encoding="utf-8")
        after = digests(copied)
        changed = {name for name in STAGES if after[name] != before[name]}
        assert changed == of, module
        path.write_text(text, encoding="utf-8")
    assert digests(copied) == before


def test_a_reworded_docstring_or_comment_changes_nothing(copied: Path) -> None:
    before = digests(copied)
    path = copied / "training/loop.py"
    text = path.read_text(encoding="utf-8")
    path.write_text("# Of the house.\n" + text.replace("Training of one", "How to train an"))
    assert digests(copied) == before
    path.write_text(text.replace("FINAL_SHARE = 0.1", "FINAL_SHARE = 0.2"))
    after = digests(copied)
    assert {name for name in before if before[name] != after[name]} == {"train"}
    path.write_text(text)


def test_a_template_counts_for_the_page_alone(copied: Path) -> None:
    before = digests(copied)
    path = copied / "report/templates/report.css"
    path.write_text(path.read_text() + "\nbody { margin: 0 }\n")
    after = digests(copied)
    assert {name for name in before if before[name] != after[name]} == {"report"}


def test_what_changes_nothing_is_left_out() -> None:
    one = 'def f(x):\n    """Text."""\n    return x  # why\n\n\nclass A:\n    """Only text."""\n'
    two = "def f(x):\n    return (\n        x\n    )\nclass A:\n    'Other text.'\n"
    assert meaning(one) == meaning(two)
    assert meaning(one) != meaning(one.replace("return x", "return -x"))
    assert meaning("x = 'a'\n") != meaning("x = 'b'\n")


@pytest.mark.parametrize("text", ["{", "[]", '{"files": {}}'])
def test_a_damaged_cache_is_made_anew(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code, "_direct_imports", lambda: {"gaussianmotion.camera": []})
    (tmp_path / "camera.py").write_text("class Cameras: ...\n")
    before = SourceTree(tmp_path).digest(["gaussianmotion.camera"])
    (tmp_path / CACHE).write_text(text)
    assert SourceTree(tmp_path).digest(["gaussianmotion.camera"]) == before


def test_a_file_that_is_no_python_is_one_line(copied: Path) -> None:
    broken = copied / "training/loop.py"
    text = broken.read_text()
    broken.write_text("def f(:\n")
    with pytest.raises(UserError, match=r"loop\.py, line 1: "):
        SourceTree(copied)
    broken.write_text(text)


def _file(root: Path, module: str) -> Path:
    stem = root / module.removeprefix("gaussianmotion").lstrip(".").replace(".", "/")
    return stem.with_suffix(".py") if stem.with_suffix(".py").is_file() else stem / "__init__.py"
