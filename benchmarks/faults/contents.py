"""What a folder of results holds, without what no two runs share."""

import hashlib
import json
from pathlib import Path
from typing import Any

# What no two runs share.
_VOLATILE = {
    "seconds", "finished_at", "render_ms", "run_id", "created", "rendered_at", "code", "uri",
    "seconds_per_frame", "measured_at",
}  # fmt: skip
_NOT_RESULTS = {".lock", ".filler", ".snakemake", "mlflow", "logs", "benchmarks", "prior", "half",
                "logged", "leases", "bin", "second.txt", "port", "mlflow.json", "system.csv",
                "store.lock", ".numba", "src", "__pycache__"}  # fmt: skip
# Files that are never wrong in part: a training goes on from them, or drops what is cut short.
_GROWING = {"curves.csv", "checkpoint.pt"}


def contents(folder: Path) -> dict[str, str]:
    """Digests of the result files, without what no two runs share."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_symlink() or not path.is_file() or _NOT_RESULTS & set(name.parts):
            continue
        if path.name not in _GROWING:
            found[str(name)] = hashlib.sha256(steady(path)).hexdigest()[:16]
    return found


def steady(path: Path) -> bytes:
    """A file's content without what no two runs share."""
    data = path.read_bytes()
    if path.suffix == ".json":
        try:
            return json.dumps(_steady(json.loads(data)), sort_keys=True).encode()
        except ValueError:
            return data
    return data


def _steady(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _steady(value) for key, value in data.items() if key not in _VOLATILE}
    return [_steady(value) for value in data] if isinstance(data, list) else data
