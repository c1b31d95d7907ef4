"""The code that a stage depends on: the modules below its entry, and a digest of what they do.

Which modules those are is read from the imports (``grimp``), those inside functions included. A
module counts by its syntax tree without docstrings, so that a reworded comment or docstring, or
another layout of the lines, changes no digest, and any other edit changes that of each stage whose
closure holds the module.

Whole rooms do not count (:data:`APART`). Values of the configuration are parameters of the jobs
themselves; a command only parses and calls; where a run is logged changes no result.
"""

import ast
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from gaussianmotion.runtime.atomic import write_json
from gaussianmotion.runtime.errors import UserError

PACKAGE = "gaussianmotion"
ROOT = Path(__file__).parents[1]
# Modules and rooms that no stage depends on, whatever imports them. The package's own __init__
# holds its version alone.
APART = (PACKAGE, *(f"{PACKAGE}.{room}" for room in ("cli", "config", "tracking")))
# What is known of unchanged files, beside the bytecode of Python's own.
CACHE = Path("__pycache__") / "code.json"


class SourceTree:
    """The package's source files.

    Args:
        root: Folder of the package.

    Raises:
        UserError: a file is no Python.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        known = _read(root / CACHE)
        stamps = {str(path.relative_to(root)): _stamp(path) for path in _sources(root)}
        old = known.get("files", {})
        if {name: entry[:2] for name, entry in old.items()} == stamps:
            self._files, self._imports = old, known["imports"]
            return
        self._files = {
            name: old[name] if old.get(name, ())[:2] == stamp else [*stamp, _digest(root / name)]
            for name, stamp in stamps.items()
        }
        self._imports = _direct_imports()
        with suppress(Exception):  # A folder that may not be written is read again each time.
            write_json(root / CACHE, {"files": self._files, "imports": self._imports})

    def closure(self, entries: Iterable[str]) -> list[str]:
        """All modules that some modules import, directly or not, and themselves; sorted.

        A module's packages are run before it, and count with all that they import.
        """
        found: set[str] = set()
        waiting = list(entries)
        while waiting:
            module = waiting.pop()
            if module in found or _apart(module):
                continue
            if module not in self._imports:
                raise KeyError(f"no module {module} below {self.root}")
            found.add(module)
            waiting += [*self._imports[module], module.rpartition(".")[0] or PACKAGE]
        return sorted(found)

    def digest(self, entries: Iterable[str], data: Iterable[str] = ()) -> str:
        """One digest of all that some modules do.

        Args:
            entries: Modules.
            data: Patterns of files below the package that are read besides, such as templates.
        """
        parts = {module: self._files[self._file_of(module)][2] for module in self.closure(entries)}
        for pattern in data:
            for path in sorted(self.root.glob(pattern)):
                parts[str(path.relative_to(self.root))] = _sha256(path.read_bytes())
        return _sha256(json.dumps(parts, sort_keys=True).encode())[:16]

    def _file_of(self, module: str) -> str:
        stem = module.removeprefix(PACKAGE).lstrip(".").replace(".", "/")
        name = f"{stem}.py"
        return name if name in self._files else f"{stem}/__init__.py"


@lru_cache
def source_tree() -> SourceTree:
    """The source that runs, as it was when this process first asked."""
    return SourceTree()


def meaning(source: str) -> str:
    """A module's source without what changes nothing: comments, docstrings, layout."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            lines = getattr(node, field, None)
            if isinstance(lines, list):
                kept = [line for line in lines if not _is_text(line)]
                setattr(node, field, kept or ([ast.Pass()] if lines else []))
    return ast.unparse(tree)


def _is_text(statement: ast.stmt) -> bool:
    """Whether a statement is a string alone: a docstring, or one of an attribute."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _apart(module: str) -> bool:
    return module == PACKAGE or any(
        module == room or module.startswith(f"{room}.") for room in APART[1:]
    )


def _sources(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*.py") if "__pycache__" not in path.parts)


def _stamp(path: Path) -> list[int]:
    status = os.stat(path)
    return [status.st_mtime_ns, status.st_size]


def _digest(path: Path) -> str:
    try:
        return _sha256(meaning(path.read_text(encoding="utf-8")).encode())
    except SyntaxError as error:
        raise UserError(f"{path}, line {error.lineno}: no Python ({error.msg}); mend it") from error


def _direct_imports() -> dict[str, list[str]]:
    """The modules of the package that each of them imports: of the package that runs."""
    import grimp

    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    return {
        module: sorted(graph.find_modules_directly_imported_by(module))
        for module in sorted(graph.modules)
    }


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read(path: Path) -> Mapping[str, Any]:
    """What is known; a damaged or missing note is no knowledge."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) and {"files", "imports"} <= known.keys() else {}
