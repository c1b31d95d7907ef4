"""MLflow shows what the result files say; it never decides whether a training succeeds.

Files are the truth: a store that is lost or was unreachable is rebuilt from them (``gaussianmotion
sync``). A failure to log costs one line of warning.
"""

from gaussianmotion.tracking.experiment import log_experiment, log_parents
from gaussianmotion.tracking.follow import live, mirror, sync
from gaussianmotion.tracking.identity import Identity, identify
from gaussianmotion.tracking.logged import warn, write_logged
from gaussianmotion.tracking.opening import create_store, fault_of_store
from gaussianmotion.tracking.store import (
    store_uri,
    without_password,
    workflow_tracking,
)

__all__ = [
    "Identity",
    "create_store",
    "fault_of_store",
    "identify",
    "live",
    "log_experiment",
    "log_parents",
    "mirror",
    "store_uri",
    "sync",
    "warn",
    "without_password",
    "workflow_tracking",
    "write_logged",
]
