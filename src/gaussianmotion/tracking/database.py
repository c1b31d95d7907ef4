"""The SQLite database of the store: made whole by one process, brought up to date, found again.

MLflow makes its tables in some forty steps, which anybody who opens the file meanwhile sees half
done. Here they are made in a file of another name, which then becomes the database in one step: it
is there whole or not at all, whoever is killed, and where the file system has no locks, too.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from gaussianmotion.runtime.errors import UserError

State = Literal["missing", "current", "older", "newer", "half made"]

_SIDE_FILES = ("-wal", "-shm", "-journal")
# Seconds to wait for another writer.
PATIENCE = 30.0


def state_of(path: Path) -> State:
    """What a database file is to the MLflow that is installed.

    Raises:
        UserError: it is no database, or a damaged one.
    """
    if not path.exists() or path.stat().st_size == 0:
        return "missing"
    try:
        with read(path) as database:
            found = database.execute("SELECT version_num FROM alembic_version").fetchall()
            runs = database.execute("SELECT count(*) FROM runs").fetchone()[0]
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return "half made"
        raise UserError(f"MLflow's database {path} cannot be read ({error})") from error
    except sqlite3.DatabaseError as error:
        raise damaged(path, error) from error
    latest, known = revisions()
    version = found[0][0] if len(found) == 1 else ""
    if version == latest:
        return "current"
    if version in known:
        return "older" if runs else "half made"
    return "newer" if version else "half made"


def make(path: Path) -> None:
    """Make the database; one that another process made meanwhile stays."""
    with _beside(path) as new:
        from mlflow import MlflowClient

        client = MlflowClient(f"sqlite:///{new}")
        client.search_experiments(max_results=1)
        _close(client)
        # Of a database that was deleted without them; SQLite would play them into the new one.
        for ending in _SIDE_FILES:
            path.with_name(path.name + ending).unlink(missing_ok=True)
        try:
            os.link(new, path)
        except FileExistsError:
            return
        except OSError:  # a file system without hard links
            if not path.exists():
                os.replace(new, path)
    use_write_ahead_log(path)


def migrate(path: Path) -> None:
    """Bring the database of an earlier MLflow up to date, in a copy that takes its place.

    Raises:
        UserError: MLflow's own steps fail on it.
    """
    with _beside(path) as new:
        with closing(_connect(path)) as old, closing(_connect(new)) as copy:
            old.backup(copy)
            # Nothing of the old log may be left to be played into the new file.
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        from mlflow.store.db.utils import _upgrade_db, create_sqlalchemy_engine

        engine = create_sqlalchemy_engine(f"sqlite:///{new}")
        try:
            _upgrade_db(engine)
        except Exception as error:  # whatever a migration raises
            raise damaged(path, error) from error
        finally:
            engine.dispose()
        os.replace(new, path)
        for ending in _SIDE_FILES:
            path.with_name(path.name + ending).unlink(missing_ok=True)
    use_write_ahead_log(path)


def remove_half_made(path: Path) -> None:
    """Remove a database in which no run was ever logged; MLflow was killed while it made it."""
    for name in (path.name, *(path.name + ending for ending in _SIDE_FILES)):
        path.with_name(name).unlink(missing_ok=True)


def use_write_ahead_log(path: Path) -> None:
    """Let readers and a writer work at once."""
    with closing(_connect(path)) as database:
        database.execute("PRAGMA journal_mode=WAL")


@contextmanager
def read(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads."""
    address = f"file:{str(path.absolute()).replace('%', '%25').replace('?', '%3f')}?mode=ro"
    with closing(sqlite3.connect(address, timeout=PATIENCE, uri=True)) as database:
        yield database


@contextmanager
def change(path: Path) -> Iterator[sqlite3.Connection]:
    """A transaction that nobody else writes beside."""
    with closing(_connect(path)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield database
        database.execute("COMMIT")


def damaged(path: Path, error: Exception) -> UserError:
    """The one line about a database that cannot be repaired."""
    first = (str(error).splitlines() or [type(error).__name__])[0]
    return UserError(
        f"MLflow's database {path} is damaged ({first[:100]}); delete {path}* and run "
        "`gaussianmotion sync`, which makes it again from the result files"
    )


def revisions() -> tuple[str, set[str]]:
    """The revision of the installed MLflow's tables, and all that lead to it."""
    from alembic.script import ScriptDirectory
    from mlflow.store.db.utils import _get_alembic_config

    script = ScriptDirectory.from_config(_get_alembic_config(db_url=""))
    (latest,) = script.get_heads()
    return latest, {revision.revision for revision in script.walk_revisions()}


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A file of another name in the same folder, which does not outlive the block."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    names = [new, *(new.with_name(new.name + ending) for ending in _SIDE_FILES)]
    try:
        for name in names:
            name.unlink(missing_ok=True)
        yield new
    finally:
        for name in names:
            with suppress(OSError):
                name.unlink(missing_ok=True)


def _close(client: Any) -> None:
    """Let go of a database: a file that is renamed must not be open."""
    client._tracking_client.store.engine.dispose()
