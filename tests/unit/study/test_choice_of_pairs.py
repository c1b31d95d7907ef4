"""Which pairs a study shows."""

from collections import Counter
from pathlib import Path

import pytest
from study_folder import add_avatar, make_experiment

from gaussianmotion.config import StudyConfig
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.study.choice import choose_pairs
from gaussianmotion.study.pairs import PairSet

MANY = {f"person-{index:02d}": f"person number {index}" for index in range(12)}


def choose(root: Path, **keys: object) -> PairSet:
    return choose_pairs(root, root / "study/pairs.json", StudyConfig(**keys))


def test_systems_kinds_and_prompts_are_shown_equally_often(tmp_path: Path) -> None:
    pairs = choose(make_experiment(tmp_path, MANY), pairs=24).pairs
    assert set(Counter((p.sides[1].system, p.kind) for p in pairs).values()) == {6}
    prompts = Counter(p.prompt_id for p in pairs)
    assert len(prompts) == len(MANY)
    assert max(prompts.values()) - min(prompts.values()) <= 2
    assert {p.sides[0].system for p in pairs} == {"ours"}


def test_both_sides_have_the_same_form(tmp_path: Path) -> None:
    pairs = choose(make_experiment(tmp_path)).pairs
    assert len(pairs) == 8
    for pair in pairs:
        assert len(pair.sides[0].clips) == len(pair.sides[1].clips)
        views = pair.sides[1].system == "stranger" and pair.kind == "multi-view"
        assert pair.form == ("views" if views else "video")


def test_what_an_earlier_configuration_left_is_not_shown(tmp_path: Path) -> None:
    make_experiment(tmp_path)
    add_avatar(tmp_path / "ours/green-suit/5", "a man in a green suit")
    out = tmp_path / "study/pairs.json"
    for seeds, shown in (({5}, "5"), ({0, 5}, "0"), ({7}, "0"), ((), "0")):
        pairs = choose_pairs(tmp_path, out, StudyConfig(), seeds).pairs
        ours = [pair.sides[0].clips for pair in pairs if pair.prompt_id == "green-suit"]
        assert {clip.path.split("/")[3] for clips in ours for clip in clips} == {shown}
    (tmp_path / "prompts.tsv").write_text("id\tprompt\nred-dress\ta woman in a red dress\n")
    assert {pair.prompt_id for pair in choose(tmp_path).pairs} == {"red-dress"}


def test_views_begin_at_the_front(tmp_path: Path) -> None:
    pairs = choose(make_experiment(tmp_path), against=["stranger"]).pairs
    views = next(pair for pair in pairs if pair.form == "views").sides[0].clips
    # The first of four is the back, at -180 degrees.
    assert [Path(clip.path).stem for clip in views] == ["02", "03", "00", "01"]


def test_views_that_do_not_match_in_number_are_not_shown(tmp_path: Path) -> None:
    add_avatar(tmp_path / "ours/green-suit/0", "a man", views=10, motions=())
    add_avatar(tmp_path / "baselines/rival/green-suit", "a man", 9, (), turntable=False)
    assert choose(tmp_path).reason == "no prompt has clips of both ours and rival"


def test_the_same_seed_chooses_the_same_pairs(tmp_path: Path) -> None:
    make_experiment(tmp_path, MANY)
    first, again, other = (choose(tmp_path, pairs=5, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first.study != other.study


def test_a_prompt_is_shown_once_for_each_system_and_kind(tmp_path: Path) -> None:
    for folder in ("ours/green-suit/0", "baselines/rival/green-suit"):
        add_avatar(tmp_path / folder, "a man", motions=("dance", "kick", "walk"))
    assert [pair.kind for pair in choose(tmp_path).pairs] == ["multi-view", "animated"]


def test_of_several_seeds_the_smallest_is_shown(tmp_path: Path) -> None:
    make_experiment(tmp_path)
    for seed in ("10", "9"):
        add_avatar(tmp_path / "variant/green-suit" / seed, PROMPT)
    (pair, *_) = choose(tmp_path, against=["variant"]).pairs
    assert pair.sides[1].clips[0].path == "../variant/green-suit/9/turntable.mp4"


PROMPT = "a man in a green suit"


def test_without_another_system_there_are_no_pairs_but_a_reason(tmp_path: Path) -> None:
    add_avatar(tmp_path / "ours/green-suit/0", PROMPT)
    found = choose(tmp_path)
    assert found.pairs == []
    assert "no baselines are imported" in found.reason


def test_a_system_that_brought_nothing_is_named(tmp_path: Path) -> None:
    found = choose(make_experiment(tmp_path), against=["tada", "rival"])
    assert found.missing == ["tada"]
    assert {pair.sides[1].system for pair in found.pairs} == {"rival"}


def test_a_system_is_not_compared_with_itself(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'ours' is compared with itself"):
        choose(make_experiment(tmp_path), against=["ours"])


def test_avatars_of_different_sentences_are_no_pair(tmp_path: Path) -> None:
    add_avatar(tmp_path / "ours/green-suit/0", PROMPT)
    add_avatar(tmp_path / "baselines/rival/green-suit", "a man in a blue suit")
    with pytest.raises(UserError, match="another sentence"):
        choose(tmp_path)


def test_a_damaged_run_is_named(tmp_path: Path) -> None:
    make_experiment(tmp_path)
    (tmp_path / "ours/red-dress/0/run.json").write_text("[1,")
    with pytest.raises(UserError, match=r"red-dress/0/run\.json is damaged"):
        choose(tmp_path)
