"""Texts are read for what they say, and changed in one trait at a time."""

from pathlib import Path

import pytest

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.pictures.descriptions import Lexicon, contradict, read_lexicon

LEXICON = Lexicon(
    person={
        "sex": {"man": ["man"], "woman": ["woman"]},
        "age": {"young": ["young"], "old": ["old", "elderly"]},
        "build": {"slim": ["slim", "thin"]},
    },
    hair={name: [name] for name in ("long", "short", "bob", "afro", "bald")},
    hair_colours={"red": ["red"], "black": ["black"], "grey": ["grey", "gray"]},
    colours={
        "red": ["red"], "black": ["black"], "orange": ["orange"], "blue": ["blue"],
        "navy": ["navy", "dark blue"],
    },
    garments={
        "suit": {"suit": ["suit"]},
        "dress": {"dress": ["dress"], "long dress": ["long dress"]},
        "top": {"t-shirt": ["t-shirt", "tee shirt"], "shirt": ["shirt"]},
        "bottom": {"trousers": ["trousers", "pants"], "skirt": ["skirt"]},
        "hat": {"fedora": ["hat", "fedora"]},
    },
    plurals=["trousers", "pants"],
    vocabulary=["a", "man", "in", "red", "shirt"],
)  # fmt: skip


def values(text: str) -> dict[str, str]:
    return {slot: trait.value for slot, trait in LEXICON.traits(text).items()}


@pytest.mark.parametrize(
    ("text", "traits"),
    [
        ("a man in a blue suit", {"sex": "man", "suit": "suit", "suit_colour": "blue"}),
        (
            "An elderly woman with long gray hair wearing a dark blue long dress",
            {"sex": "woman", "age": "old", "hair": "long", "hair_colour": "grey",
             "dress": "long dress", "dress_colour": "navy"},
        ),
        (
            "a person with a black bob in a red tee shirt, orange pants and a hat",
            {"hair": "bob", "hair_colour": "black", "top": "t-shirt", "top_colour": "red",
             "bottom": "trousers", "bottom_colour": "orange", "hat": "fedora"},
        ),
        ("a bald man with short legs", {"sex": "man", "hair": "bald"}),
        ("a woman with red hair", {"sex": "woman", "hair_colour": "red"}),
        ("a red viking", {}),
    ],
)  # fmt: skip
def test_claims_are_read(text: str, traits: dict[str, str]) -> None:
    assert values(text) == traits


@pytest.mark.parametrize(
    ("text", "slot", "value", "expected"),
    [
        ("a man in a red shirt", "top_colour", "orange", "a man in an orange shirt"),
        ("a man in red trousers", "bottom", "skirt", "a man in a red skirt"),
        ("a man in a red skirt and a hat", "bottom", "trousers", "a man in red trousers and a hat"),
        ("a man in an orange hat", "hat_colour", "navy", "a man in a navy hat"),
        ("an old man in a suit", "age", "young", "a young man in a suit"),
        ("a man with short red hair", "hair_colour", "black", "a man with short black hair"),
        ("a man with short red hair", "hair", "long", "a man with long red hair"),
        ("a man with a red bob", "hair", "afro", "a man with a red afro"),
        ("a man in trousers", "sex", "woman", "a woman in trousers"),
    ],
)
def test_one_claim_is_changed_and_its_article_with_it(
    text: str, slot: str, value: str, expected: str
) -> None:
    trait = LEXICON.traits(text)[slot]
    assert value in LEXICON.alternatives(trait)
    assert LEXICON.alter(text, trait, value) == expected


def test_every_alternative_changes_its_own_claim_only() -> None:
    text = "an old man with long red hair in a black t-shirt, navy trousers and an orange hat"
    before = values(text)
    for slot, trait in LEXICON.traits(text).items():
        for value in LEXICON.alternatives(trait):
            assert values(LEXICON.alter(text, trait, value)) == before | {slot: value}


def test_colours_of_two_garments_are_exchanged() -> None:
    assert (
        LEXICON.swap_colours("a man in a red shirt and orange trousers")
        == "a man in an orange shirt and red trousers"
    )
    assert LEXICON.swap_colours("a man in a red shirt and red trousers") is None
    assert LEXICON.swap_colours("a man with red hair in a blue suit") is None


def test_descriptions_contradict_where_one_person_cannot_be_both() -> None:
    def clash(first: str, second: str) -> bool:
        return contradict(LEXICON.traits(first), LEXICON.traits(second))

    assert clash("a man in a red shirt", "a man in a blue shirt")
    assert clash("a woman in a red dress", "a person in black trousers")
    assert not clash("a man in a red shirt", "an old man in black trousers")


def test_words_that_the_training_never_saw_are_named() -> None:
    assert LEXICON.unknown_words("A man in a red toga") == ["toga"]


@pytest.mark.parametrize("content", [None, "{", '{"foo": 1}'])
def test_a_damaged_lexicon_is_one_line(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "lexicon.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError, match="missing or damaged"):
        read_lexicon(path)
