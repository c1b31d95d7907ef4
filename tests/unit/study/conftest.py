"""A small study and its store."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from study_folder import make_study

from gaussianmotion.study.pairs import PairSet
from gaussianmotion.study.store import Store


@pytest.fixture
def study(tmp_path: Path) -> PairSet:
    """Eight pairs; its files are in ``tmp_path``."""
    return make_study(tmp_path)


@pytest.fixture
def store(tmp_path: Path, study: PairSet) -> Iterator[Store]:
    """Its votes in a SQLite file."""
    store = Store(str(tmp_path / "study/votes.db"), study)
    yield store
    store.close()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """URL of a PostgreSQL server of the tests' own."""
    program = shutil.which("postgres")
    if program is None:
        pytest.skip("PostgreSQL is not installed")
    programs = Path(program).resolve().parent
    # Not among the other temporary files: each session of pytest closes their folder to other
    # users, and PostgreSQL refuses to run as root.
    with tempfile.TemporaryDirectory(prefix="postgresql-") as name:
        folder = Path(name)
        user = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
        if user:
            shutil.chown(folder, **user)
        yield from _server(programs, folder, user)


def _server(programs: Path, folder: Path, user: dict[str, str]) -> Iterator[str]:
    data = folder / "data"
    initdb = [programs / "initdb", "-D", data, "-U", "tester", "-A", "trust", "--no-sync"]
    subprocess.run(initdb, check=True, capture_output=True, cwd=folder, **user)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = [programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    subprocess.run([*server, "-o", options, "start"], check=True, capture_output=True, **user)
    yield f"postgresql://tester@127.0.0.1:{port}/postgres"
    subprocess.run([*server, "-m", "immediate", "stop"], capture_output=True, **user)
