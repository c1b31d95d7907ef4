"""Results that are dated in the future end a run before it begins."""

import os
import time
from pathlib import Path

import pytest

from gaussianmotion.pipeline import clock
from gaussianmotion.pipeline.clock import refuse_future_results
from gaussianmotion.runtime.errors import UserError


def dated(path: Path, ahead: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (time.time() + ahead, time.time() + ahead))
    return path


@pytest.mark.parametrize(
    ("ahead", "words"), [(86_400.0, "24 hours"), (400.0, "7 minutes"), (3e6, "35 days")]
)
def test_a_file_of_a_later_clock_is_one_line_with_a_way_out(
    tmp_path: Path, ahead: float, words: str
) -> None:
    dated(tmp_path / "run/a.png", -50.0)
    path = dated(tmp_path / "run/avatar.safetensors", ahead)
    with pytest.raises(UserError, match=f"avatar.safetensors is dated {words} in the f") as error:
        refuse_future_results([tmp_path])
    assert "\n" not in str(error.value)
    command = str(error.value).split("`")[1]
    assert os.system(command) == 0
    refuse_future_results([tmp_path])
    assert path.stat().st_mtime < time.time() + 1.0


def test_seconds_are_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(clock.time, "sleep", slept.append)
    store = dated(tmp_path / "created.json", 20.0)
    refuse_future_results([tmp_path / "nothing", store])
    assert slept == [pytest.approx(20.0, abs=2.0)]
    assert "in the future: waiting for the clock" in capsys.readouterr().err


def test_results_of_the_past_and_none_are_no_matter(tmp_path: Path) -> None:
    dated(tmp_path / "a", -1.0)
    (tmp_path / "gone").symlink_to("nowhere")
    refuse_future_results([tmp_path, tmp_path / "none"])
