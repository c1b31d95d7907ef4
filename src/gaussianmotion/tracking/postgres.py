"""A PostgreSQL server as the store: its tables, and how long it may keep a job waiting.

A server that takes a connection and then says nothing (a disk that hangs, a network that swallows
packets, a proxy without its server) would hold a job for ever: neither pg8000 nor MLflow set a
limit, and MLflow makes its connections itself.
"""

import time
from typing import Any

from gaussianmotion.tracking import database

# Held by the one process that makes the tables.
_ADVISORY_LOCK = 7_406_251_163
# Seconds that a server may be silent.
PATIENCE = 30.0


def make_ready(uri: str) -> None:
    """Make or migrate the tables of a server; of many processes, one does it.

    From now on every connection of this process to a PostgreSQL server has a limit.
    """
    from mlflow import MlflowClient
    from mlflow.store.db.utils import _upgrade_db
    from sqlalchemy import Engine, create_engine, event, inspect, text

    if not event.contains(Engine, "do_connect", _limit):
        event.listen(Engine, "do_connect", _limit)
    engine = create_engine(uri)
    latest, known = database.revisions()

    def revision() -> str:
        with engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return ""
            query = text("SELECT version_num FROM alembic_version")
            return str(connection.execute(query).scalar() or "")

    try:
        if revision() == latest:
            return
        with engine.connect() as holder:
            # Asked for again and again: waiting for it in the server would be silence.
            lock = text("SELECT pg_try_advisory_lock(:key)")
            while not holder.execute(lock, {"key": _ADVISORY_LOCK}).scalar():
                time.sleep(0.2)
            if revision() not in ("", latest) and revision() in known:
                _upgrade_db(engine)
            MlflowClient(uri).search_experiments(max_results=1)
    finally:
        engine.dispose()


def _limit(dialect: Any, record: Any, arguments: Any, keywords: dict[str, Any]) -> None:
    """What SQLAlchemy does before it connects; a connection's own limit stays."""
    if dialect.driver == "pg8000":
        keywords.setdefault("timeout", PATIENCE)
