"""Prompts name the view that the camera really has, in the words of the training captions."""

import numpy as np
import pytest

from gaussianmotion.camera import FRAMINGS
from gaussianmotion.config import FramingWords
from gaussianmotion.guidance.prompts import compose_prompt

EMBEDDED = FramingWords(head="head")


@pytest.mark.parametrize(
    ("azimuth", "words"),
    [(0.0, "front view"), (44.0, "front view"), (-90.0, "side view"), (170.0, "back view")],
)
def test_view_and_framing_come_last(azimuth: float, words: str):
    prompt = compose_prompt("a man in a suit", azimuth, "upper body")
    assert prompt == f"a man in a suit, {words}, upper body"


def test_the_suffix_comes_before_the_view():
    prompt = compose_prompt("a man", 0.0, "full body", "white background")
    assert prompt == "a man, white background, front view, full body"


def test_a_full_stop_and_white_space_at_the_end_do_not_break_the_sentence():
    assert compose_prompt(" a man. \n", 180.0, "head") == "a man, back view, head shot"


def test_the_embedded_priors_captions_end_in_the_same_words():
    captions = pytest.importorskip("gaussianmotion.synthesis.pictures.captions")
    attributes = {
        "sex": "man", "age": "young", "build": "average", "hair": "short", "hair_colour": "brown",
        "top": "t-shirt", "top_colour": "red", "bottom": "trousers", "bottom_colour": "black",
    }  # fmt: skip
    for azimuth in np.arange(-180.0, 180.0, 7.5):
        for index, framing in enumerate(FRAMINGS):
            caption = captions.caption(
                attributes, float(azimuth), index, "white", np.random.default_rng(0), full=True
            )
            ending = compose_prompt("", float(azimuth), framing, framing_words=EMBEDDED)
            assert caption.endswith(f", {ending}, white background")
