"""Every word of the captions is in one percent of them; a set that lacks something is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pack_fakes import toy_pack
from prior_fakes import write_fakes

from gaussianmotion.cli import main
from gaussianmotion.synthesis.people.characters import sample_person
from gaussianmotion.synthesis.people.dressing import sample_look
from gaussianmotion.synthesis.pictures.balance import Balance, word_shares
from gaussianmotion.synthesis.pictures.captions import FRAMINGS, caption
from gaussianmotion.synthesis.pictures.dataset_items import (
    BACKGROUND_SHARES,
    BACKGROUNDS,
    FRAMING_SHARES,
)

COUNT = 2500
#: Three standard errors of a share of one percent in so many captions.
CHANCE = 3 * (0.01 / COUNT) ** 0.5


def test_every_word_of_the_captions_is_in_one_percent_of_them() -> None:
    rng = np.random.default_rng(0)
    people = [sample_person(rng)[0] for _ in range(300)]
    pack = replace(toy_pack(), people=people)
    texts = []
    for _ in range(COUNT):
        attributes = sample_look(pack, np.arange(len(people)), rng).attributes
        framing = int(rng.choice(len(FRAMINGS), p=FRAMING_SHARES))
        ground = str(rng.choice(list(BACKGROUNDS), p=BACKGROUND_SHARES))
        texts.append(caption(attributes, float(rng.uniform(0, 360)), framing, ground, rng))
    shares = word_shares(texts)
    assert {"mini", "pencil", "crop", "hat", "boots", "sleeveless", "lower", "afro"} <= set(shares)
    rare = {word: share for word, share in shares.items() if share < 0.01 - CHANCE}
    assert rare == {}


def test_framings_hold_enough_heads_and_lower_bodies() -> None:
    shares = dict(zip(FRAMINGS, FRAMING_SHARES, strict=True))
    assert Balance(1, {}, shares).missing() == []
    assert sum(FRAMING_SHARES) == pytest.approx(1.0)


def test_an_unbalanced_set_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_fakes(tmp_path, count=150, per_shard=150)
    assert main(["synthesis", "check-dataset", "--dataset", str(tmp_path)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert "head in 0.0% of the pictures (at least 25%)" in lines[0]
