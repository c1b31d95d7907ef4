"""Which joint of a BVH file is which of SMPL's: tables of names, which a user can extend."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gaussianmotion.body.joints import JOINTS
from gaussianmotion.config.yaml_file import read_yaml
from gaussianmotion.runtime.errors import UserError

TABLES = Path(__file__).resolve().parents[4] / "config" / "joint_names.yaml"
MIDDLE = ("pelvis", "spine1", "spine2", "spine3", "neck", "head")
SIDED = ("hip", "knee", "ankle", "foot", "collar", "shoulder", "elbow", "wrist")
# Without these a person cannot be told from a chair.
NEEDED = (
    "pelvis",
    *(f"{side}_{j}" for side in ("left", "right") for j in ("hip", "knee", "ankle")),
    *(f"{side}_{j}" for side in ("left", "right") for j in ("shoulder", "elbow")),
)

# SMPL's joint, and the names (as compared) that it may have.
Table = dict[str, list[str]]


def find_joints(names: list[str], path: Path, own: Path | None = None) -> dict[str, int]:
    """The index of each of SMPL's joints that the file has, by the table that knows most.

    Args:
        names: Of the file's joints.
        path: The file.
        own: A table file of the user's, whose tables come first.

    Raises:
        UserError: no table knows the joints that are needed, or a table is wrong.
    """
    compared = _compared(names)
    tables = {**(_read_tables(own) if own else {}), **_read_tables(TABLES)}
    best: dict[str, int] = {}
    best_name, best_score = "", (-1, -1)
    for name, table in tables.items():
        found = dict(_found(table, compared))
        score = (sum(joint in found for joint in NEEDED), len(found))
        if score > best_score:
            best, best_name, best_score = found, name, score
    missing = [joint for joint in NEEDED if joint not in best]
    if missing:
        some = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
        raise UserError(
            f"{path}: no table knows its joints ({some}); the nearest, {best_name}, lacks "
            f"{', '.join(missing[:4])}{', ...' if len(missing) > 4 else ''}: add one as in "
            f"{TABLES.parent.name}/{TABLES.name}, and name it by `joint_names:` or --joint-names"
        )
    return best


def _found(table: Table, compared: list[str]) -> Iterator[tuple[str, int]]:
    for joint, choices in table.items():
        for choice in choices:
            if choice in compared:
                yield joint, compared.index(choice)
                break


def _compared(names: list[str]) -> list[str]:
    """Names without what tools add: namespaces, a prefix that all share, case, separators."""
    plain = [_plain(name) for name in names]
    prefix = _shared_start(plain)
    return [name.removeprefix(prefix) if len(prefix) >= 4 else name for name in plain]


def _shared_start(names: list[str]) -> str:
    first, last = min(names), max(names)
    same = (a == b for a, b in zip(first, last, strict=False))
    return first[: next((at for at, equal in enumerate(same) if not equal), 0)]


def _plain(name: str) -> str:
    return re.sub(r"[\s_.\-]", "", name.rpartition(":")[2]).lower()


def _read_tables(path: Path) -> dict[str, Table]:
    return {name: _table(value, f"{path}: {name}") for name, value in read_yaml(path).items()}


def _table(value: Any, where: str) -> Table:
    if not isinstance(value, dict):
        raise UserError(f"{where}: write joints and their names, as in `pelvis: Hips`")
    table: Table = {}
    for joint, names in value.items():
        choices = names if isinstance(names, list) else [names]
        if not all(isinstance(choice, str) for choice in choices):
            raise UserError(f"{where}: {joint}: a name or a list of names is needed")
        if joint in SIDED:
            for side in ("left", "right"):
                table[f"{side}_{joint}"] = [_plain(_of_side(c, side)) for c in choices]
        elif joint in JOINTS:
            table[joint] = [_plain(choice) for choice in choices]
        else:
            raise UserError(
                f"{where}: {joint!r} is no joint; write one of {', '.join((*MIDDLE, *SIDED))}"
            )
    return table


def _of_side(name: str, side: str) -> str:
    letter = side[0].upper()
    return name.replace("{Side}", side.title()).replace("{side}", side).replace("{S}", letter)
