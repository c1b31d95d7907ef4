"""What a training read, as MLflow parameters."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from gaussianmotion.stages import STAGES, pick


def trained_keys(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration keys that a training reads, of a whole configuration's JSON data."""
    keys = tuple(key for key in STAGES["train"].keys if key in config)
    return pick(config, keys)


def config_digest(params: Mapping[str, Any]) -> str:
    """16 hex digits of a variant's trained keys, the same for all its prompts and seeds."""
    text = json.dumps(params, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16] if params else ""


def log_params(client: Any, run_id: str, params: Mapping[str, Any]) -> None:
    """Log nested keys under dotted names."""
    from mlflow.entities import Param

    rows = [Param(key, str(value)) for key, value in sorted(_flat(params).items())]
    for start in range(0, len(rows), 100):
        client.log_batch(run_id, params=rows[start : start + 100])


def _flat(data: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in data.items():
        name = f"{above}.{key}" if above else key
        flat |= _flat(value, name) if isinstance(value, Mapping) else {name: value}
    return flat
