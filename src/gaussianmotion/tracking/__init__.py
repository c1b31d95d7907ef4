"""MLflow shows what the result files say; it never decides whether a training succeeds.

Files are the truth: a store that is lost or was unreachable is rebuilt from them (``gaussianmotion
sync``). A failure to log costs one line of warning.
"""

from gaussianmotion.tracking.experiment import log_experiment
from gaussianmotion.tracking.follow import live, mirror, sync, warn
from gaussianmotion.tracking.mirror import Identity, identify
from gaussianmotion.tracking.store import create_store, store_uri, workflow_tracking

__all__ = [
    "Identity",
    "create_store",
    "identify",
    "live",
    "log_experiment",
    "mirror",
    "store_uri",
    "sync",
    "warn",
    "workflow_tracking",
]
