"""The database by its URL: a SQLite file, or a PostgreSQL server."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from gaussianmotion.errors import UserError

# Seconds that a writer waits for another one before it gives up.
PATIENCE = 30


def connect(url: str) -> Engine:
    """An engine for a database's URL, or for the path of a SQLite file.

    Raises:
        UserError: it is not a database that is known here.
    """
    if "://" not in url:
        Path(url).parent.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{url}"
    try:
        parsed = sqlalchemy.make_url(url)
        if parsed.drivername in ("postgres", "postgresql"):
            parsed = parsed.set(drivername="postgresql+pg8000")
        engine = create_engine(
            parsed,
            pool_size=20,
            pool_pre_ping=parsed.get_backend_name() != "sqlite",
            connect_args={"timeout": PATIENCE},
        )
    except (ArgumentError, NoSuchModuleError):
        raise UserError(
            "--database: not a database's address; write a file's name, or "
            "postgresql://USER:PASSWORD@HOST/NAME"
        ) from None
    except ModuleNotFoundError as error:
        raise UserError(
            f"--database: {error.name} is not installed; install gaussianmotion[postgres]"
        ) from None
    if engine.dialect.name not in ("sqlite", "postgresql"):
        raise UserError("--database: write a SQLite file's name or postgresql://...; no others")
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
    return engine


def _tune_sqlite(connection: Any, record: Any) -> None:
    # Write-ahead log: readers and a writer do not block each other. FULL: a vote that was
    # acknowledged is on the disk.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def explained(engine: Engine) -> Iterator[None]:
    """Turn what a database says when it cannot be used into one line, without its password."""
    try:
        yield
    # pg8000 lets the socket's own errors through where it cannot connect.
    except (SQLAlchemyError, OSError) as error:
        where = engine.url.render_as_string(hide_password=True)
        said = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise UserError(
            f"the database {where} cannot be used ({said[:200]}); check its address, that it runs, "
            "and that you may write there"
        ) from error
