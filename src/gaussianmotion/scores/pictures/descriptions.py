"""What a description says of a person, and the same description with one trait made false.

A text model is judged, and judges, by contrast: "a red t-shirt and blue jeans" must fit its picture
better than "a green t-shirt and blue jeans". So texts are read for the few things that a small
model may know (sex, age, hair, garments, their colours), and written again with one of them
changed. The words come from a lexicon that ships with the model; nothing else is understood.
"""

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from gaussianmotion.runtime.errors import UserError

#: Garments, in the order in which captions name them.
GARMENTS = ("suit", "dress", "top", "bottom", "hat")
#: Hair that is said of the word "hair": "long brown hair". The others are nouns: "a brown bob".
LENGTHS = ("long", "short")
Words = dict[str, list[str]]


@dataclass(frozen=True)
class Trait:
    """One thing that a text says.

    Attributes:
        slot: ``sex``, ``age``, ``build``, ``hair``, ``hair_colour``, a garment or ``top_colour``.
        value: Its key in the lexicon.
        start: First character of the words that say so.
        end: One behind the last.
        phrase: Where the phrase with these words starts and ends: "red t-shirt" for both words.
    """

    slot: str
    value: str
    start: int
    end: int
    phrase: tuple[int, int]


@dataclass(frozen=True)
class Lexicon:
    """Words that are understood, by slot and value; the first word of a value is the usual one.

    Attributes:
        person: ``sex``, ``age`` and ``build``.
        hair: Lengths and styles.
        hair_colours: Of hair.
        colours: Of garments.
        garments: Of each of :data:`GARMENTS`.
        plurals: Garment words without an article.
        vocabulary: All words of the training's captions.
    """

    person: dict[str, Words]
    hair: Words
    hair_colours: Words
    colours: Words
    garments: dict[str, Words]
    plurals: list[str] = field(default_factory=list)
    vocabulary: list[str] = field(default_factory=list)

    @cached_property
    def _roles(self) -> dict[str, list[tuple[str, str]]]:
        """Word -> (role, value); a colour word may be said of hair and of garments."""
        roles: dict[str, list[tuple[str, str]]] = {"hair": [("noun", "hair")]}
        tables = {**self.person, "hair": self.hair, "hair_colour": self.hair_colours}
        tables |= {"colour": self.colours, **self.garments}
        for role, values in tables.items():
            for value, words in values.items():
                for word in words:
                    if (role, value) not in roles.setdefault(word, []):
                        roles[word].append((role, value))
        return roles

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # Longest first: "long dress" is a garment, no length of hair.
        words = sorted(self._roles, key=len, reverse=True)
        return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, words))})(?![\w-])", re.I)

    def traits(self, text: str) -> dict[str, Trait]:
        """What ``text`` says, by slot; what it says twice counts once, the first time."""
        found: dict[str, Trait] = {}

        def add(slot: str, value: str, match: re.Match[str], phrase: tuple[int, int]) -> None:
            found.setdefault(slot, Trait(slot, value, match.start(), match.end(), phrase))

        before: list[re.Match[str]] = []
        for match in self._pattern.finditer(text):
            # Only words that stand side by side belong together.
            if before and text[before[-1].end() : match.start()].strip():
                before = []
            for role, value in self._roles[match.group().lower()]:
                if role in GARMENTS or role in ("noun", "hair"):
                    words = [*before, match]
                    span = (words[-2 if len(words) > 1 else 0].start(), match.end())
                if role in self.person:
                    add(role, value, match, match.span())
                elif role in GARMENTS:
                    colour = self._said(before[-1:], "colour")
                    add(role, value, match, span if colour else match.span())
                    if colour:
                        add(f"{role}_colour", colour, before[-1], span)
                elif role == "noun" or (role == "hair" and value not in LENGTHS):
                    colour = self._said(before[-1:], "hair_colour")
                    if colour:
                        add("hair_colour", colour, before[-1], span)
                    if role == "hair":
                        add("hair", value, match, span if colour else match.span())
                        continue
                    length = before[-2:-1] if colour else before[-1:]
                    said = self._said(length, "hair")
                    if said:
                        add("hair", said, length[0], length[0].span())
            before.append(match)
        return found

    def _said(self, words: list[re.Match[str]], role: str) -> str:
        """What the word says in this role; empty where it has none."""
        roles = self._roles[words[0].group().lower()] if words else []
        return next((value for known, value in roles if known == role), "")

    def alternatives(self, trait: Trait) -> list[str]:
        """Other values that the trait could have had in the same sentence."""
        slot = trait.slot
        if slot == "hair":
            lengths = trait.value in LENGTHS
            values = [v for v in self.hair if v != "bald" and (v in LENGTHS) == lengths]
        elif slot == "hair_colour":
            values = list(self.hair_colours)
        elif slot in self.person:
            values = list(self.person[slot])
        elif slot in GARMENTS:
            values = list(self.garments[slot])
        else:
            values = list(self.colours)
        return [] if trait.value == "bald" else [value for value in values if value != trait.value]

    def alter(self, text: str, trait: Trait, value: str) -> str:
        """``text`` with this trait's value changed, and its article with it."""
        tables = {**self.person, **self.garments, "hair": self.hair}
        tables["hair_colour"] = self.hair_colours
        word = tables.get(trait.slot, self.colours)[value][0]
        first, last = trait.phrase
        phrase = text[first : trait.start] + word + text[trait.end : last]
        return self._with_article(text, first, last, phrase)

    def _with_article(self, text: str, first: int, last: int, phrase: str) -> str:
        """``text`` with ``phrase`` in place of the characters ``first .. last``."""
        head = text[:first]
        article = re.search(r"\b(?:an?)\s+$", head, re.I)
        was_plural = any(text[first:last].lower().endswith(word) for word in self.plurals)
        is_plural = any(phrase.lower().endswith(word) for word in self.plurals)
        if article:
            head = head[: article.start()]
        if (article or (was_plural and not is_plural)) and not is_plural:
            phrase = f"{'an' if phrase[0].lower() in 'aeiou' else 'a'} {phrase}"
        return head + phrase + text[last:]

    def swap_colours(self, text: str) -> str | None:
        """``text`` with the colours of two garments exchanged; None where it does not name two."""
        coloured = [c for c in self.traits(text).values() if c.slot.removesuffix("_colour") in
                    GARMENTS and c.slot.endswith("_colour")]  # fmt: skip
        for first in coloured:
            for second in coloured:
                if first.slot != second.slot and first.value != second.value:
                    swapped = self.alter(text, first, second.value)
                    again = self.traits(swapped).get(second.slot)
                    return self.alter(swapped, again, first.value) if again else None
        return None

    def unknown_words(self, text: str) -> list[str]:
        """Words that the training never saw: the model cannot judge them."""
        known = set(self.vocabulary)
        return sorted({w for w in re.findall(r"[^\W\d_]+", text.lower()) if w not in known})


def contradict(first: dict[str, Trait], second: dict[str, Trait]) -> bool:
    """Whether two descriptions cannot be of the same person."""
    if any(slot in second and second[slot].value != c.value for slot, c in first.items()):
        return True
    outfits = [{s for s in traits if s in ("suit", "dress", "top", "bottom")} for traits in
               (first, second)]  # fmt: skip
    # A dress, a suit and separate garments exclude each other.
    kinds = [{s if s in ("suit", "dress") else "separates" for s in outfit} for outfit in outfits]
    return bool(kinds[0] and kinds[1] and not kinds[0] & kinds[1])


def read_lexicon(path: Path) -> Lexicon:
    """Read ``lexicon.json``.

    Raises:
        UserError: it is missing or damaged.
    """
    try:
        return Lexicon(**json.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise UserError(
            f"{path} is missing or damaged: restore resources/alignment from the repository, or "
            "make it with `gaussianmotion synthesis alignment`"
        ) from error
