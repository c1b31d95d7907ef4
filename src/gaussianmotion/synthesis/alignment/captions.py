"""Captions for the text alignment model: of the person only, with false ones beside the true ones.

View, framing and ground are left out: the model judges what a prompt says of the person, and
prompts name no camera.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaussianmotion.guidance.text import words
from gaussianmotion.scores.pictures.descriptions import GARMENTS, Lexicon
from gaussianmotion.synthesis.people import dressing
from gaussianmotion.synthesis.people.palette import COLOUR_WORDS, GARMENT_COLOURS, HAIR_COLOURS
from gaussianmotion.synthesis.pictures.captions import (
    AGE_WORDS,
    BUILD_WORDS,
    FRAMINGS,
    PLURALS,
    SYNONYMS,
    VIEWS,
    caption,
)

#: Which claims are made false, and how often compared with each other: what matters most is that
#: every garment has its own colour.
WEIGHTS = {
    "top_colour": 3.0, "bottom_colour": 3.0, "dress_colour": 3.0, "suit_colour": 3.0,
    "hat_colour": 2.0, "hair_colour": 2.0, "sex": 1.5, "age": 1.5, "hair": 1.5, "build": 0.3,
    "top": 1.5, "bottom": 1.5, "dress": 1.5, "suit": 0.0, "hat": 0.0,
}  # fmt: skip
SLOTS = tuple(WEIGHTS)
SWAP_WEIGHT = 3.0
#: Of the same person with a hat, or without theirs. A hat wearer's text without the hat is not
#: false, but says less. Without it, of two texts that differ by a hat the one with it would
#: always be the false one, and "hat" would come to mean false. One person in five wears a hat:
#: hence the weights.
HAT_ON_WEIGHT, HAT_OFF_WEIGHT = 0.7, 4.0
#: The one hat of the wardrobe.
HAT = "fedora"


def new_lexicon(attributes: Iterable[str], captions: Iterable[str] = ()) -> Lexicon:
    """The lexicon of a dataset.

    Args:
        attributes: JSON of its items: they name the garments there are.
        captions: For the list of known words.
    """
    garments: dict[str, dict[str, list[str]]] = {slot: {} for slot in GARMENTS}
    for item in sorted(set(attributes)):
        found = json.loads(item)
        for slot in GARMENTS:
            if slot in found and not (slot in ("top", "bottom") and "suit" in found):
                kind = found[slot]
                garments[slot][kind] = _unique(SYNONYMS.get(kind, (kind,)))
    styles = sorted({style.split(":")[0] for style in (*dressing.HAIR_M, *dressing.HAIR_F)})
    grey = {key: _unique(COLOUR_WORDS.get(key, (key,))) for key in HAIR_COLOURS}
    return Lexicon(
        person={
            "sex": {"man": ["man"], "woman": ["woman"]},
            "age": {key: _unique(value) for key, value in AGE_WORDS.items()},
            "build": {key: _unique(value) for key, value in BUILD_WORDS.items()},
        },
        hair={style: [style] for style in styles},
        hair_colours=grey,
        colours={key: _unique(COLOUR_WORDS.get(key, (key,))) for key in GARMENT_COLOURS},
        garments={slot: dict(sorted(kinds.items())) for slot, kinds in garments.items()},
        plurals=sorted(PLURALS | {w for kind in PLURALS for w in SYNONYMS.get(kind, ())}),
        vocabulary=sorted({word for text in captions for word in words(person_part(text))}),
    )


def _unique(items: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(items))


def person_part(text: str) -> str:
    """A caption without its words on view, framing and ground."""
    parts = text.split(", ")
    while len(parts) > 1 and (parts[-1] in (*VIEWS, *FRAMINGS) or parts[-1].endswith("background")):
        parts.pop()
    return ", ".join(parts)


def truth(attributes: dict[str, str]) -> dict[str, str]:
    """What a text may say of an item, by slot."""
    found = {slot: attributes[slot] for slot in SLOTS if slot in attributes}
    if "suit" in found:
        for slot in ("top", "top_colour", "bottom", "bottom_colour"):
            found.pop(slot)
        found["suit_colour"] = attributes["top_colour"]
    if found.get("bottom_colour") == "denim":  # captions say "blue jeans"
        found["bottom_colour"] = "blue"
    return found


class Codes:
    """Values as small integers, so that a batch's texts are compared with its pictures at once."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], int] = {}

    def of(self, said: Sequence[dict[str, str]]) -> NDArray[np.int64]:
        """(n, slots); 0 where nothing is said."""
        table = np.zeros((len(said), len(SLOTS)), np.int64)
        for row, values in enumerate(said):
            for column, slot in enumerate(SLOTS):
                if slot in values:
                    key = (slot, values[slot])
                    table[row, column] = self._codes.setdefault(key, len(self._codes) + 1)
        return table


def false_of(truths: NDArray[np.int64], claims: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(pictures, texts): whether the text says something that is not so in the picture."""
    said = claims[None] > 0
    return (said & (claims[None] != truths[:, None])).any(axis=2)


@dataclass(frozen=True)
class Texts:
    """A batch's texts: the captions, then the false ones, ``false_each`` for each caption.

    Attributes:
        texts: The captions of the n pictures, then n first false texts, n second ones, ...
        wrong: (n, texts), whether the text is false of the picture, or leaves out the hat that the
            picture's own caption names.
    """

    texts: list[str]
    wrong: NDArray[np.bool_]


def draw_texts(
    attributes: Sequence[dict[str, str]],
    azimuths: Sequence[float],
    lexicon: Lexicon,
    false_each: int,
    rng: np.random.Generator,
) -> Texts:
    """Captions of some pictures in random words, and texts that are false of each in one thing."""
    captions, false = [], []
    for item, azimuth in zip(attributes, azimuths, strict=True):
        reword = wording(float(azimuth), int(rng.integers(2**32)))
        captions.append(reword(item))
        false.append(false_texts(captions[-1], item, lexicon, false_each, rng, reword))
    texts = captions + [options[k] for k in range(false_each) for options in false]
    codes = Codes()
    truths = codes.of([truth(item) for item in attributes])
    said = [{slot: claim.value for slot, claim in lexicon.traits(text).items()} for text in texts]
    wrong = false_of(truths, codes.of(said))
    count = len(captions)
    for own in range(count):
        for place in range(own + count, len(texts), count):
            wrong[own, place] |= "hat" in said[own] and "hat" not in said[place]
    return Texts(texts, wrong)


def wording(azimuth: float, seed: int) -> Callable[[dict[str, str]], str]:
    """Captions in the words of one seed: people who differ in one thing are captioned alike."""

    def words_of(attributes: dict[str, str]) -> str:
        rng = np.random.default_rng(seed)
        return person_part(caption(attributes, azimuth, 0, "white", rng))

    return words_of


def false_texts(
    text: str,
    attributes: dict[str, str],
    lexicon: Lexicon,
    count: int,
    rng: np.random.Generator,
    reword: Callable[[dict[str, str]], str],
) -> list[str]:
    """``count`` versions of a caption, each with one thing changed; itself where nothing can be.

    Args:
        text: The caption.
        attributes: What is so.
        lexicon: Words.
        count: How many.
        rng: Of the choice.
        reword: What worded ``text``, to caption the person with another hat or none.
    """
    said = lexicon.traits(text)
    claims: dict[str, Any] = {
        slot: claim
        for slot, claim in said.items()
        if WEIGHTS.get(slot) and lexicon.alternatives(claim)
    }
    weights = {slot: WEIGHTS[slot] for slot in claims}
    swapped = lexicon.swap_colours(text)
    if swapped:
        weights["swap"] = SWAP_WEIGHT
    if "hat" not in attributes:
        weights["hat on"] = HAT_ON_WEIGHT
    elif "hat" in said:
        weights["hat off"] = HAT_OFF_WEIGHT
    if not weights:
        return [text] * count
    shares = np.array(list(weights.values())) / sum(weights.values())
    texts = []
    for slot in rng.choice(list(weights), count, p=shares):
        if slot == "swap":
            texts.append(str(swapped))
        elif slot == "hat on":
            texts.append(reword(with_hat(attributes, str(rng.choice(list(lexicon.colours))))))
        elif slot == "hat off":
            texts.append(reword(without_hat(attributes)))
        else:
            options = lexicon.alternatives(claims[slot])
            texts.append(lexicon.alter(text, claims[slot], options[rng.integers(len(options))]))
    return texts


def with_hat(attributes: dict[str, str], colour: str) -> dict[str, str]:
    """A person without a hat, with one: captioned as a true hat is, or the wording would tell."""
    return attributes | {"hat": HAT, "hat_colour": colour}


def without_hat(attributes: dict[str, str]) -> dict[str, str]:
    """A person without their hat."""
    return {key: value for key, value in attributes.items() if key not in ("hat", "hat_colour")}
