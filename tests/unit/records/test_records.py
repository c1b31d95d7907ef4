"""Records of runs and their pictures: written and read the same, and refused in one line."""

import json
from pathlib import Path
from typing import Any

import pytest

from gaussianmotion.records.picture_records import MotionRecord, ViewsRecord
from gaussianmotion.records.record import Record, found_json
from gaussianmotion.records.run_record import RunRecord, known_run
from gaussianmotion.runtime.atomic import write_json
from gaussianmotion.runtime.errors import UserError

CAMERA = {"azimuth": -180.0, "elevation": 10.0, "viewmat": [[1.0, -0.0]], "K": [[2.5]]}
WHOSE = {
    "version": 1,
    "prompt_id": "ann",
    "prompt": "a woman",
    "seed": 3,
    "avatar_sha256": "0123456789abcdef",
    "training_digest": "7c05b75374c4e4cf",
    "body": "open:12",
    "gaussians": 4000,
    "backend": "numba",
    "device": "cpu",
}
# As the stages write them, key by key.
RUN = {
    "prompt_id": "ann",
    "prompt": "a woman",
    "seed": 3,
    "digest": "7c05",
    "body_id": "open:12",
    "steps": 250,
    "gaussians": 4000,
    "seconds": 130.2,
    "final": {"loss": 0.25},
    "unknown_words": ["着物"],
    "prior_weights": "given",
    "device": "cpu",
    "precision": "float32",
    "threads": 2,
    "code": "abc",
    "finished_at": "2026-11-22T20:50:16",
    "git_commit": "f00",
    "versions": {"torch": "2.13.0"},
    "config": {"train": {"score": {"tau": 100}}, "prior": {"model": "m"}},
}
VIEWS = {
    **WHOSE,
    "pose": "a",
    "size": 512,
    "background": [1.0, 1.0, 1.0],
    "front": {"file": "front.png", **CAMERA},
    "views": [{"file": "views/00.png", **CAMERA}],
    "turntable": {"file": "turntable.mp4", "frames": 48, "fps": 24},
}
MOTION = {
    **WHOSE,
    "file": "walk.mp4",
    "motion": "walk",
    "source": "a clip",
    "frames": 60,
    "fps": 30.0,
    "size": 512,
    "cycles": 2,
    "floor": -0.9,
    "first_camera": CAMERA,
}
IMPORTED = {
    "prompt_id": "ann",
    "prompt": "a woman",
    "system": "TADA",
    "source": "a page",
    "licence": "MIT",
}
IMPORTED_VIEWS = {
    **IMPORTED,
    "size": 512,
    "front": {"file": "front.png", "azimuth": 0.0},
    "views": [{"file": "views/00.png", "azimuth": -180.0}],
}
ALL = [
    (RunRecord, RUN),
    (RunRecord, IMPORTED),
    (RunRecord, {**RUN, "trained_as": "ours/ann/3"}),
    (RunRecord, {"prompt": "a woman", "of a later version": [1, {"a": 2}]}),
    (ViewsRecord, VIEWS),
    (ViewsRecord, IMPORTED_VIEWS),
    (MotionRecord, MOTION),
]


@pytest.mark.parametrize(("kind", "content"), ALL)
def test_what_was_written_is_read_and_written_again_byte_for_byte(
    kind: type[Record], content: dict[str, Any], tmp_path: Path
) -> None:
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    write_json(before, content)
    kind.read(before).write(after)
    assert after.read_bytes() == before.read_bytes()


@pytest.mark.parametrize(
    ("kind", "content", "says"),
    [
        (RunRecord, "[1,", r"x\.json is damaged \(no readable JSON\): delete it"),
        (RunRecord, "[]", r"is damaged \(no JSON object\): delete it"),
        (RunRecord, "\ud800", "no readable JSON"),
        (RunRecord, '{"gaussians": "many"}', r"is damaged \(a strange gaussians\)"),
        (ViewsRecord, '{"prompt": "x"}', r"no front, views\): run `gaussianmotion views` again"),
        (
            ViewsRecord,
            '{"prompt": "x", "front": {"azimuth": 0}, "views": []}',
            r"\(a strange front\.file\)",
        ),
        (MotionRecord, "{}", r"no file, motion, frames, cycles\): run `gaussianmotion animate`"),
        (ViewsRecord, '{"version": 2}', r"newer version .*\(version 2 of the file, 1 is known"),
    ],
)
def test_what_is_damaged_or_too_new_is_said_in_one_line_and_found_nowhere(
    kind: type[Record], content: str, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.json"
    path.write_text(content, encoding="utf-8", errors="surrogatepass")
    with pytest.raises(UserError, match=says) as caught:
        kind.read(path)
    assert "\n" not in str(caught.value)
    assert kind.find(path) is None


def test_what_is_missing_is_said_with_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has no views\.json: run `gaussianmotion views` on"):
        ViewsRecord.read(tmp_path / "views.json")
    with pytest.raises(UserError, match=r"has no run\.json: train it first"):
        RunRecord.read(tmp_path / "run.json")
    assert ViewsRecord.find(tmp_path / "views.json") is None


def test_a_newer_record_that_has_what_is_needed_is_read(tmp_path: Path) -> None:
    write_json(tmp_path / "views.json", {**VIEWS, "version": 9, "light": "sun"})
    read = ViewsRecord.read(tmp_path / "views.json")
    assert (read.version, read.views[0].azimuth) == (9, -180.0)


def test_what_a_run_was_trained_with_is_asked_by_its_dotted_key(tmp_path: Path) -> None:
    write_json(tmp_path / "run.json", RUN)
    record = known_run(tmp_path)
    assert record.trained_with("score.tau") == 100
    assert record.trained_with("score.tau.more") is None
    assert record.trained_with("no.such.key") is None
    assert record.prior == {"model": "m"}


def test_a_run_that_is_not_finished_says_nothing(tmp_path: Path) -> None:
    record = known_run(tmp_path)
    assert not record.is_known
    assert (record.prompt, record.gaussians, record.trained_with("steps")) == ("", None, None)
    (tmp_path / "run.json").write_text("{")
    assert not known_run(tmp_path).is_known


def test_a_note_that_is_no_mapping_is_none(tmp_path: Path) -> None:
    for content in ("[1]", "{", ""):
        (tmp_path / "note.json").write_text(content)
        assert found_json(tmp_path / "note.json") == {}
    (tmp_path / "note.json").write_text(json.dumps({"a": 1}))
    assert found_json(tmp_path / "note.json") == {"a": 1}
