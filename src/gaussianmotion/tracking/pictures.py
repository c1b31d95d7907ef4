"""Previews of a training as MLflow's pictures by step, which its image grid shows side by side."""

import hashlib
import re
from pathlib import Path
from typing import Any

from gaussianmotion.records.run_folder import RunFolder

# MLflow cannot read a picture whose key holds a slash.
GROWING = "preview"
_STEP = re.compile(r"step_(\d+)\.png")


def send_pictures(client: Any, run_id: str, folder: Path, sent: dict[str, str]) -> None:
    """Log the previews that MLflow does not have yet.

    Args:
        client: An MlflowClient.
        run_id: The run that gets them, under the key ``preview`` and the step of their name.
        folder: The run's folder.
        sent: Name -> digest of what MLflow has; brought up to date. It logs the same picture twice
            where it is told to.
    """
    for path in RunFolder(folder).previews:
        named = _STEP.fullmatch(path.name)
        if named is None:
            continue
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        if sent.get(path.name) == digest:
            continue
        picture = _read(path)
        if picture is not None:
            time = path.stat().st_mtime_ns // 1_000_000
            client.log_image(
                run_id,
                picture,
                key=GROWING,
                step=int(named[1]),
                timestamp=time,
                synchronous=True,
            )
            sent[path.name] = digest


def _read(path: Path) -> Any | None:
    """A picture; None where somebody else's file lies there."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            return picture.convert("RGB")
    except UnidentifiedImageError:
        return None
