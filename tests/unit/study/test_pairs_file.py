"""pairs.json: votes are about exactly these clips."""

import json
from pathlib import Path

import pytest
from study_folder import make_study

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.study.pairs import clip_files, read_pairs, study_id


def test_what_was_written_is_read_back_with_its_files(tmp_path: Path) -> None:
    pairs = make_study(tmp_path)
    assert read_pairs(tmp_path / "study/pairs.json") == pairs
    files = clip_files(pairs, tmp_path / "study")
    assert files.keys() == {pair.id for pair in pairs.pairs}
    assert all(path.is_file() for sides in files.values() for side in sides for path in side)


def test_the_folder_can_be_moved(tmp_path: Path) -> None:
    make_study(tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")
    pairs = read_pairs(tmp_path / "new/study/pairs.json")
    assert clip_files(pairs, tmp_path / "new/study")


def test_other_clips_are_another_study(tmp_path: Path) -> None:
    pairs = make_study(tmp_path)
    one = pairs.pairs[0]
    clip = one.sides[1].clips[0].model_copy(update={"sha256": "0" * 64})
    side = one.sides[1].model_copy(update={"clips": [clip]})
    changed = one.model_copy(update={"sides": (one.sides[0], side)})
    assert study_id([changed, *pairs.pairs[1:]]) != pairs.study


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}', '{"version": 2, "pairs": []}'])
def test_what_is_no_pairs_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pairs.json"
    path.write_text(text)
    with pytest.raises(UserError, match="does not describe pairs"):
        read_pairs(path)


def test_a_file_changed_by_hand_is_refused(tmp_path: Path) -> None:
    make_study(tmp_path)
    path = tmp_path / "study/pairs.json"
    facts = json.loads(path.read_text())
    facts["pairs"][0]["sides"].reverse()
    path.write_text(json.dumps(facts))
    with pytest.raises(UserError, match="changed by hand"):
        read_pairs(path)


def test_a_changed_a_missing_and_a_strange_clip_are_refused(tmp_path: Path) -> None:
    pairs = make_study(tmp_path)
    clip = tmp_path / "study" / pairs.pairs[0].sides[0].clips[0].path
    clip.write_text("trained again")
    with pytest.raises(UserError, match="has changed since the pairs were chosen"):
        clip_files(pairs, tmp_path / "study")
    clip.unlink()
    with pytest.raises(UserError, match="is missing"):
        clip_files(pairs, tmp_path / "study")
    text = (tmp_path / "study/pairs.json").read_text().replace("turntable.mp4", "run.json")
    strange = type(pairs).model_validate_json(text)
    with pytest.raises(UserError, match=r"neither a \.mp4 nor a \.png"):
        clip_files(strange, tmp_path / "study")
