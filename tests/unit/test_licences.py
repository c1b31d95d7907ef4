"""Every file that ships has a licence and an origin in resources/README.md."""

import re
from pathlib import Path

RESOURCES = Path(__file__).parents[2] / "resources"


def listed(folder: Path, table: str) -> set[Path]:
    """Files of ``folder`` that a pattern in backquotes names, at the beginning of a row."""
    patterns = re.findall(r"^\| `([\w./*-]+)` \|", table, re.MULTILINE)
    return {path for pattern in patterns if ".." not in pattern for path in folder.glob(pattern)}


def test_every_shipped_file_is_listed_with_its_licence() -> None:
    table = (RESOURCES / "README.md").read_text(encoding="utf-8")
    files = [path for path in RESOURCES.rglob("*") if path.is_file()]
    # Model cards, and the licences' own texts.
    shipped = {path for path in files if not path.name.startswith(("README.md", "LICENSE"))}
    assert len(shipped) > 20
    assert sorted(shipped - listed(RESOURCES, table)) == []


def test_a_file_without_a_row_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("a/b.npz", "a/c.txt"):
        (tmp_path / name).touch()
    assert listed(tmp_path, "| `a/*.npz` | CC0 |") == {tmp_path / "a/b.npz"}
