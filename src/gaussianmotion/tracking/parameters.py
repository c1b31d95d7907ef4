"""What a training read, as MLflow parameters."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from gaussianmotion.config.stages import TrainSettings


def trained_keys(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration keys that a training reads, of a whole configuration's JSON data."""
    return {key: config[key] for key in TrainSettings.model_fields if key in config}


def config_digest(params: Mapping[str, Any]) -> str:
    """16 hex digits of a variant's trained keys, the same for all its prompts and seeds."""
    text = json.dumps(params, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16] if params else ""
