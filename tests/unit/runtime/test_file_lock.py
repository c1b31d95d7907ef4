"""Locks of files: of one at a time, and no reason to stop where a file system has none."""

import errno
import fcntl
import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from gaussianmotion.cli.demo import _alone
from gaussianmotion.config import TrackingConfig
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.file_lock import hold, try_hold
from gaussianmotion.synthesis.resumable import alone_in
from gaussianmotion.tracking.lock import alone
from gaussianmotion.training.process import only_run_in


def opened(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_RDWR)


def test_a_lock_is_of_one_at_a_time_and_gone_with_its_file(tmp_path: Path) -> None:
    first, second = (opened(tmp_path / "lock") for _ in range(2))
    assert try_hold(first)
    assert not try_hold(second)
    os.close(first)
    assert try_hold(second)
    os.close(second)


@pytest.fixture
def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(handle: int, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refused)


def places(folder: Path) -> dict[str, AbstractContextManager[Any]]:
    return {
        "demo": _alone(),
        "training": only_run_in(folder),
        "synthesis": alone_in(folder),
        "mlflow": alone(TrackingConfig(artifacts=str(folder / "mlflow")), "one"),
    }


@pytest.mark.usefixtures("without_locks")
@pytest.mark.parametrize("place", places(Path("none")))
def test_a_file_system_without_locks_stops_nothing(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with places(tmp_path)[place]:
        pass


@pytest.mark.usefixtures("without_locks")
@pytest.mark.parametrize("said", ["", "nothing keeps jobs apart here"])
def test_where_it_matters_it_is_said(
    said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handle = opened(tmp_path / "lock")
    hold(handle, "waiting", said)
    os.close(handle)
    assert capsys.readouterr().err == (f"{said} (No locks available)\n" if said else "")


@pytest.mark.parametrize("place", ["demo", "training", "synthesis"])
def test_a_second_one_is_told(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with (
        places(tmp_path)[place],
        pytest.raises(UserError, match=r"another|runs in"),
        places(tmp_path)[place],
    ):
        pass
