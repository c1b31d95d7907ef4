"""The database by its URL: a SQLite file, or a PostgreSQL server."""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from gaussianmotion.runtime.errors import UserError

# Seconds that a writer waits for another one before it gives up.
PATIENCE = 30
_NO_ADDRESS = (
    "--database: not a database's address; write a file's name, or "
    "postgresql://USER:PASSWORD@HOST/NAME, with %40 for an @ in the password"
)
# What hosted servers' addresses end in, as libpq means it and as pg8000 is told.
_ENCRYPTION = {"disable": False, "allow": None, "prefer": None, "require": True}
_VERIFIED = ("verify-ca", "verify-full")


def connect(url: str) -> Engine:
    """An engine for a database's URL, or for the path of a SQLite file.

    Raises:
        UserError: it is not a database that is known here.
    """
    parsed = _parsed(url)
    options: dict[str, Any] = {"timeout": PATIENCE}
    if parsed.get_backend_name() == "postgresql":
        options |= _encryption(parsed)
        parsed = parsed.set(query={})
    try:
        # Of a file: `sqlite://results/votes.db` names a host, which no file has.
        engine = create_engine(
            parsed,
            pool_size=20,
            pool_pre_ping=parsed.get_backend_name() != "sqlite",
            connect_args=options,
        )
    except ArgumentError:
        raise UserError(_NO_ADDRESS) from None
    except ModuleNotFoundError as error:
        raise UserError(
            f"--database: {error.name} is not installed; install gaussianmotion[postgres]"
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
    return engine


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite database, which need not be there; None for a server's address.

    Raises:
        UserError: it is not a database that is known here.
    """
    if "://" not in url:
        return Path(url)
    parsed = _parsed(url)
    file = parsed.get_backend_name() == "sqlite" and parsed.database
    return Path(file) if file else None


def _parsed(url: str) -> URL:
    """The address as SQLAlchemy's, with the driver that is installed with this program."""
    if "://" not in url:
        if re.match(r"(postgres|postgresql|sqlite)(\+\w+)?:", url):
            raise UserError(_NO_ADDRESS)
        try:
            Path(url).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"--database {url}: {error.strerror}; choose another file") from None
        return URL.create("sqlite", database=url)
    try:
        parsed = sqlalchemy.make_url(url)
        name = parsed.drivername.partition("+")[0]
        if name in ("postgres", "postgresql"):
            parsed = parsed.set(drivername="postgresql+pg8000")
        parsed.get_dialect()
    # Of a port that is no number; what it says would show a part of the password.
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise UserError(_NO_ADDRESS) from None
    except ModuleNotFoundError:
        name = "no driver of ours"
    if name not in ("sqlite", "postgres", "postgresql"):
        raise UserError("--database: write a SQLite file's name or postgresql://...; no others")
    if name != "sqlite" and (not parsed.username or "@" in (parsed.host or "")):
        raise UserError(_NO_ADDRESS)
    if name == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise UserError(
            "--database: votes in memory would be lost; write sqlite:///FOLDER/votes.db, or the "
            "file's name alone"
        )
    return parsed


def _encryption(parsed: URL) -> dict[str, Any]:
    """What ``?sslmode=...`` asks for."""
    unknown = sorted(parsed.query.keys() - {"sslmode"})
    mode = parsed.query.get("sslmode", "prefer")
    if unknown or mode not in (*_ENCRYPTION, *_VERIFIED):
        what = ", ".join(unknown) or f"sslmode={mode}"
        known = ", ".join((*_ENCRYPTION, *_VERIFIED))
        raise UserError(
            f"--database: {what} is not known here; after the ? write sslmode=... alone ({known})"
        )
    if mode in _VERIFIED:
        return {"ssl_context": ssl.create_default_context()}
    return {"ssl_context": _ENCRYPTION[str(mode)]}


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
