"""Real services, started for the tests and ended after them; skipped where they are missing."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import INSTALL, Postgres, programs
from slurm import Slurm, missing


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server."""
    if programs() is None:
        pytest.skip(f"PostgreSQL's server is not installed: {INSTALL}")
    # Not pytest's folder, which the server's own user cannot enter.
    folder = Path(tempfile.mkdtemp(prefix="gaussianmotion-postgres-"))
    folder.chmod(0o755)
    server = Postgres(folder)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def slurm() -> Iterator[Slurm]:
    """A Slurm cluster of this computer."""
    reason = missing()
    if reason:
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="gaussianmotion-slurm-") as folder:
        cluster = Slurm(Path(folder))
        cluster.start()
        yield cluster
        cluster.stop()
