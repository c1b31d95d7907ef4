"""MLflow's pages on this computer: one process that ends with Ctrl-C, and nothing beside it.

``mlflow ui`` starts four servers and seven job workers for its evaluation of language models. They
take half a core, and outlive a server that is killed. Here its application runs in this process.
"""

import os
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

from gaussianmotion.config import TrackingConfig
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.listening import listen
from gaussianmotion.tracking.comparison import share_comparison
from gaussianmotion.tracking.opening import open_client
from gaussianmotion.tracking.store import sqlite_path, store_uri, without_password

HOST = "127.0.0.1"


def show(tracking: TrackingConfig, port: int) -> None:
    """Serve the store until it is stopped; a store that is a server shows itself.

    Args:
        tracking: Where the store is.
        port: Port; 0 takes a free one.

    Raises:
        UserError: the port is taken, the store cannot be opened, or there is none yet.
    """
    uri = store_uri(tracking)
    if uri.startswith(("http://", "https://")):
        _announce(open_client(tracking), without_password(uri).replace("***@", ""))
        return
    path = sqlite_path(uri)
    if path is not None and not path.exists():
        raise UserError(f"there is no store at {path} yet; run `make demo` first")
    with listen(HOST, port) as listening:
        client = open_client(tracking)
        application = _application(uri, tracking)
        _announce(client, f"http://{HOST}:{listening.getsockname()[1]}")
        print("Ctrl-C ends it", file=sys.stderr, flush=True)
        import uvicorn

        config = uvicorn.Config(
            application,
            log_level="error",
            access_log=False,
            # A page that is open in a browser must not keep Ctrl-C waiting.
            timeout_graceful_shutdown=2,
        )
        with suppress(KeyboardInterrupt):  # how it is ended
            uvicorn.Server(config).run(sockets=[listening])


def _application(uri: str, tracking: TrackingConfig) -> Any:
    """MLflow's own application, told by its environment what to serve."""
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    from mlflow.server import (
        ARTIFACT_ROOT_ENV_VAR,
        BACKEND_STORE_URI_ENV_VAR,
        REGISTRY_STORE_URI_ENV_VAR,
    )
    from mlflow.server.handlers import initialize_backend_stores

    root = tracking.artifacts
    root = root if "://" in root else Path(root).resolve().as_uri()
    os.environ |= {
        BACKEND_STORE_URI_ENV_VAR: uri,
        REGISTRY_STORE_URI_ENV_VAR: uri,
        ARTIFACT_ROOT_ENV_VAR: root,
    }
    initialize_backend_stores(uri, uri, root)
    with warnings.catch_warnings():  # of its own imports
        warnings.simplefilter("ignore")
        from mlflow.server.fastapi_app import app
    return app


def _announce(client: Any, address: str) -> None:
    """Say where each experiment's comparison is, the newest one first."""
    found = client.search_experiments(order_by=["last_update_time DESC"], max_results=20)
    named = [one for one in found if one.experiment_id != "0"]
    for one in named:
        print(f"{one.name}:")
        for what, where in share_comparison(client, one.experiment_id):
            print(f"  {what}: {address}{where}")
    if not named:
        print(f"no experiments yet: {address}")
    sys.stdout.flush()
