"""A database that is half made, damaged or of another MLflow: made, or refused in a line."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from run_folders import client, write_run

from gaussianmotion.config import TrackingConfig
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.tracking import mirror, sync
from gaussianmotion.tracking.database import migrate, state_of
from gaussianmotion.tracking.opening import open_client
from gaussianmotion.tracking.store import sqlite_path

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own imports warn.


@pytest.fixture
def copied(tmp_path: Path, empty_database: Path) -> TrackingConfig:
    """A store without runs, for the test alone."""
    path = tmp_path / "m/mlflow.db"
    path.parent.mkdir()
    shutil.copy(empty_database, path)
    return TrackingConfig(uri=f"sqlite:///{path}", artifacts=f"{path.parent}/files")


def change(tracking: TrackingConfig, *commands: str) -> Path:
    """Change the database behind MLflow's back; returns its path."""
    path = sqlite_path(tracking.uri)
    assert path is not None
    with closing(sqlite3.connect(path)) as database:
        for command in commands:
            database.execute(command)
        database.commit()
    return path


def test_a_half_made_database_is_made_anew(tmp_path: Path, copied: TrackingConfig) -> None:
    """As a process leaves it that was killed while it made the tables."""
    path = change(copied, "DROP TABLE alembic_version", "DROP TABLE tags")
    assert state_of(path) == "half made"
    run_id = mirror(write_run(tmp_path / "results/again/ours/ann/0"), copied)
    assert client(copied).get_run(run_id).info.status == "FINISHED"
    assert [file.name for file in path.parent.iterdir() if file.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            lambda path: path.write_bytes(b"junk" * 5000),
            r"damaged \(.*\); delete .*mlflow.db\* and",
        ),
        (lambda path: path.write_bytes(path.read_bytes()[:40_000]), r"damaged|cannot be read"),
        (
            lambda path: change(
                TrackingConfig(uri=f"sqlite:///{path}"),
                "UPDATE alembic_version SET version_num = 'of-tomorrow'",
            ),
            r"a later MLflow than this one; run `make env`, or delete",
        ),
    ],
)
def test_a_database_that_cannot_be_used_is_named_in_one_line(
    tmp_path: Path, copied: TrackingConfig, spoil: Callable[[Path], object], words: str
) -> None:
    path = sqlite_path(copied.uri)
    assert path is not None
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(UserError, match=words) as caught:
        open_client(copied)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before
    folder = write_run(tmp_path / "results/lost/ours/ann/0")
    done, failed = sync(tmp_path / "results", copied)
    assert (done, [run for run, _ in failed]) == (0, [folder])


def test_the_database_of_an_earlier_mlflow_is_brought_up_to_date(
    tmp_path: Path, copied: TrackingConfig
) -> None:
    run_id = mirror(write_run(tmp_path / "results/kept/ours/ann/0"), copied)
    from alembic.script import ScriptDirectory
    from mlflow.store.db.utils import _get_alembic_config

    script = ScriptDirectory.from_config(_get_alembic_config(""))
    newest = script.get_revision("head")
    assert newest is not None
    path = change(copied, f"UPDATE alembic_version SET version_num = '{newest.down_revision}'")
    assert state_of(path) == "older"
    with pytest.MonkeyPatch.context() as patch:
        # The newest step's changes are there already; what counts is who makes them, and where.
        patch.setattr("mlflow.store.db.utils._upgrade_db", _say_newest)
        migrate(path)
    assert state_of(path) == "current"
    assert client(copied).get_run(run_id).data.tags["prompt_id"] == "ann"


def _say_newest(engine: object) -> None:
    from gaussianmotion.tracking.database import revisions

    path = Path(str(engine.url.database))  # type: ignore[attr-defined]
    change(
        TrackingConfig(uri=f"sqlite:///{path}"),
        f"UPDATE alembic_version SET version_num = '{revisions()[0]}'",
    )
