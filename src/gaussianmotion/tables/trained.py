"""What variants were trained with, as their runs say: a name is no measurement."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def trained(root: Path, key: str, named: Mapping[str, float]) -> dict[str, float]:
    """Of each variant the value of a key below ``train`` that its runs were trained with.

    Args:
        root: Folder of the experiment, with ``VARIANT/PROMPT/SEED/run.json``.
        key: Dotted: ``score.tau``.
        named: By variant the value that it is called after, where no run of it is there.
    """
    return {variant: _of_runs(root / variant, key, value) for variant, value in named.items()}


def _of_runs(folder: Path, key: str, otherwise: float) -> float:
    for path in sorted(folder.glob("*/*/run.json")):
        try:
            value: Any = json.loads(path.read_text(encoding="utf-8"))["config"]["train"]
            for name in key.split("."):
                value = value[name]
            return float(value)
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return otherwise
