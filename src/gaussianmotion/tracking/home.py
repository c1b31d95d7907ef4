"""A store that is copied or moved with its results goes with them.

MLflow notes the full path of each run's artifacts. In a copy of the folder these paths would lead
back, and what is logged in the copy would overwrite the original. So the database says where it
was last opened; opened elsewhere, its paths are written anew.
"""

import sqlite3
from pathlib import Path

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.tracking.database import change, read

_TABLE = "gaussianmotion_home"
_COLUMNS = (("experiments", "artifact_location"), ("runs", "artifact_uri"))


def settle(path: Path, artifacts: Path | None) -> None:
    """Make a database's paths those of the place where it is.

    Args:
        path: The SQLite file.
        artifacts: The folder that new experiments keep their artifacts in; None where they are at
            an address.

    Raises:
        UserError: it was copied or moved without its artifacts.
    """
    here = str(path.resolve().parent)
    root = None if artifacts is None else artifacts.resolve()
    if _noted(path) == (here, str(root)):
        return
    with change(path) as database:
        home, old = _home(database) or _guessed(database, path)
        if root is not None and old is not None and home != here and Path(old) != root:
            if not root.is_dir() and _has_artifacts(database, Path(old)):
                raise UserError(
                    f"MLflow's database {path} belongs to {home}, and its artifacts are not here, "
                    f"in {root}; delete {path}* and run `gaussianmotion sync`"
                )
            _move(database, Path(old).as_uri(), root.as_uri())
        database.execute(f"CREATE TABLE IF NOT EXISTS {_TABLE} (folder TEXT, artifacts TEXT)")
        database.execute(f"DELETE FROM {_TABLE}")
        database.execute(f"INSERT INTO {_TABLE} VALUES (?, ?)", (here, str(root)))


def _noted(path: Path) -> tuple[str, str] | None:
    with read(path) as database:
        return _home(database)


def _home(database: sqlite3.Connection) -> tuple[str, str] | None:
    """The database's folder and that of the artifacts, when it was last opened."""
    query = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?"
    if not database.execute(query, (_TABLE,)).fetchone()[0]:
        return None
    row = database.execute(f"SELECT folder, artifacts FROM {_TABLE}").fetchone()
    return None if row is None else (str(row[0]), str(row[1]))


def _guessed(database: sqlite3.Connection, path: Path) -> tuple[str, str | None]:
    """The same of a database that does not say so: artifacts stand beside it."""
    rows = database.execute("SELECT name, artifact_location FROM experiments").fetchall()
    for name, location in rows:
        if str(location).startswith("file://") and str(location).endswith(f"/artifacts/{name}"):
            old = Path(_path(str(location))).parent
            return str(old.parent), str(old)
    return str(path.resolve().parent), None


def _has_artifacts(database: sqlite3.Connection, old: Path) -> bool:
    query = "SELECT count(*) FROM runs WHERE artifact_uri LIKE ? || '/%'"
    return bool(database.execute(query, (old.as_uri(),)).fetchone()[0])


def _move(database: sqlite3.Connection, old: str, new: str) -> None:
    for table, column in _COLUMNS:
        database.execute(
            f"UPDATE {table} SET {column} = ? || substr({column}, ?) "
            f"WHERE substr({column}, 1, ?) = ?",
            (new, len(old) + 1, len(old) + 1, f"{old}/"),
        )


def _path(address: str) -> str:
    from urllib.parse import unquote, urlsplit

    return unquote(urlsplit(address).path)
