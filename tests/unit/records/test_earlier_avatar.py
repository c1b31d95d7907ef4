"""What is of an earlier avatar goes when another one takes its place; all else stays."""

import json
from pathlib import Path

import pytest

from gaussianmotion.records.earlier_avatar import remove_earlier
from gaussianmotion.records.run_folder import RunFolder
from gaussianmotion.runtime.digest import file_sha256


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """An avatar with pictures, a video, scores of each kind, exports, and files of somebody's."""
    folder = RunFolder(tmp_path / "ours/ann/0")
    folder.path.mkdir(parents=True)
    folder.avatar.write_bytes(b"first")
    digest = file_sha256(folder.avatar)
    short = {"avatar_sha256": digest[:16]}
    views = {"version": 1, "prompt": "a woman", "front": {"file": "front.png", "azimuth": 0}}
    _write(folder.views_record, {**views, "views": [], **short})
    motion = {"version": 1, "file": "walk.mp4", "motion": "walk", "frames": 4, "cycles": 0}
    _write(folder.video("walk").with_suffix(".json"), {**motion, **short})
    for path in (folder.video("walk"), folder.video("by_hand"), folder.page, folder.front):
        path.write_bytes(b"made of it")
    for name, inputs in (
        ("geometry", {"avatar.safetensors": digest}),
        ("clip", {"front.png": "abc"}),
        ("notes", None),
    ):
        _write(folder.score(name), {"score": name} | ({"inputs": inputs} if inputs else {}))
    return folder


def _write(path: Path, data: dict[str, object]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(data))


def test_of_the_same_avatar_nothing_goes(run: RunFolder) -> None:
    assert remove_earlier(run) == []
    assert run.page.exists()


def test_what_says_that_it_is_of_another_avatar_goes(run: RunFolder) -> None:
    run.avatar.write_bytes(b"second")
    gone = [str(path.relative_to(run.path)) for path in remove_earlier(run)]
    assert sorted(gone) == [
        *("avatar.html", "motions/walk.json", "motions/walk.mp4"),
        *("scores/clip.json", "scores/geometry.json"),
    ]
    left = sorted(str(path.relative_to(run.path)) for path in run.path.rglob("*.*"))
    assert left == [
        *("avatar.safetensors", "front.png", "motions/by_hand.mp4", "scores/notes.json"),
        "views.json",
    ]


def test_without_pictures_only_what_names_an_avatar_goes(run: RunFolder) -> None:
    run.avatar.write_bytes(b"second")
    run.views_record.unlink()
    gone = {path.name for path in remove_earlier(run)}
    assert gone == {"walk.mp4", "walk.json", "geometry.json"}
