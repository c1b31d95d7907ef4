"""The user's cache folder, for what can be made again and takes long."""

import os
from pathlib import Path


def user_cache() -> Path:
    """This project's folder of it, which need not be there: by XDG's rule, ``~/.cache`` else."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gaussianmotion"
