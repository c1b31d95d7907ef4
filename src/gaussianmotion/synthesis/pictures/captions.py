"""Short captions for the synthetic pictures.

They name what can be seen: sex, age, build, hair, clothes with their colours, hat, then view,
framing and background at the end. Attributes are dropped at random, garment colours seldom.
"""

import numpy as np

from gaussianmotion.synthesis.people.palette import COLOUR_WORDS

VIEWS = ("front view", "side view", "back view")
#: By number; numbers of earlier data sets keep their meaning.
FRAMINGS = ("full body", "upper body", "head", "lower body")
FULL_BODY, UPPER_BODY, HEAD, LOWER_BODY = range(4)

#: Garments that take no article.
PLURALS = {"jeans", "trousers", "suit trousers", "leggings", "shorts"}
SYNONYMS = {
    "trousers": ("trousers", "trousers", "pants"),
    "t-shirt": ("t-shirt", "t-shirt", "tee shirt"),
    "sweater": ("sweater", "sweater", "hoodie", "jumper"),
    "fedora": ("hat", "hat", "fedora"),
}
BUILD_WORDS = {
    "slim": ("slim", "thin"), "heavy": ("heavy", "fat", "overweight"),
    "muscular": ("muscular", "strong"),
}  # fmt: skip
AGE_WORDS = {
    "young": ("young",), "middle-aged": ("middle-aged",), "old": ("old", "old", "elderly"),
}  # fmt: skip


def view_of(azimuth: float) -> int:
    """0 front, 1 side, 2 back, from an azimuth in degrees (0 = front)."""
    away = abs((azimuth + 180) % 360 - 180)
    return 0 if away <= 45 else 1 if away < 135 else 2


def article(phrase: str) -> str:
    """``phrase`` with "a" or "an"."""
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def _pick(rng: np.random.Generator, words: tuple[str, ...]) -> str:
    return words[int(rng.integers(len(words)))]


def _garment(
    attributes: dict[str, str], slot: str, framing: int, rng: np.random.Generator, full: bool
) -> str:
    kind, colour = attributes[slot], attributes[f"{slot}_colour"]
    word = kind if full else _pick(rng, SYNONYMS.get(kind, (kind,)))
    sleeves = attributes.get(f"{slot}_sleeves")
    if sleeves and framing != LOWER_BODY and (full or rng.random() < 0.4):
        word = f"{sleeves} {word}"
    if colour == "denim":
        phrase = "blue jeans" if full or rng.random() < 0.6 else "jeans"
    else:
        colour = colour if full else _pick(rng, COLOUR_WORDS.get(colour, (colour,)))
        phrase = word if not full and rng.random() < 0.04 else f"{colour} {word}"
    return phrase if kind in PLURALS else article(phrase)


def _outfit(attributes: dict[str, str], framing: int, rng: np.random.Generator, full: bool) -> str:
    """The clothes that this framing shows, such as "a red t-shirt and blue jeans"."""
    named = []
    if "suit" in attributes:
        colour = attributes["top_colour"]
        colour = colour if full else _pick(rng, COLOUR_WORDS.get(colour, (colour,)))
        named.append(article(f"{colour} suit"))
    else:
        keep = {
            "dress": (0.97, 0.97, 0.5, 0.95),
            "top": (0.95, 0.97, 0.6, 0.2),
            "bottom": (0.95, 0.2, 0.02, 0.97),
        }
        for slot, chances in keep.items():
            named_here = chances[framing] >= 0.5 if full else rng.random() < chances[framing]
            if slot in attributes and named_here:
                named.append(_garment(attributes, slot, framing, rng, full))
    hatted = "hat" in attributes and framing != LOWER_BODY
    if hatted and (full or rng.random() < 0.92):
        named.append(_garment(attributes, "hat", framing, rng, full))
    chance = {FULL_BODY: 0.15, LOWER_BODY: 0.75}.get(framing, 0.0)
    shod = "shoes" in attributes and chance > 0 and (full or rng.random() < chance)
    if shod and not hatted:  # both would be too many words for the text encoder
        named.append(attributes["shoes"])
    return ", ".join(named[:-1]) + " and " + named[-1] if len(named) > 1 else "".join(named)


def _hair(attributes: dict[str, str]) -> str:
    style, colour = attributes["hair"], attributes.get("hair_colour", "")
    if style == "bald":
        return ""
    if style in ("long", "short"):
        return f"{style} {colour} hair"
    return article(f"{colour} {style}")


def caption(
    attributes: dict[str, str],
    azimuth: float,
    framing: int,
    background: str,
    rng: np.random.Generator,
    full: bool = False,
) -> str:
    """One caption.

    Args:
        attributes: of the look (see dressing).
        azimuth: degrees, 0 = front.
        framing: Number of :data:`FRAMINGS`.
        background: its colour word.
        full: name everything that the framing shows, in fixed words (for the held-out set).
    """
    age, build = attributes["age"], attributes["build"]
    words = []
    age_chance = {"young": 0.25, "middle-aged": 0.6, "old": 0.9}[age]
    above = framing != LOWER_BODY  # legs show neither hair nor age
    if above and (full or rng.random() < age_chance):
        words.append(AGE_WORDS[age][0] if full else _pick(rng, AGE_WORDS[age]))
    if build != "average" and (full or rng.random() < 0.4):
        words.append(BUILD_WORDS[build][0] if full else _pick(rng, BUILD_WORDS[build]))
    sex = attributes["sex"] if full or rng.random() < 0.96 else "person"
    bald = attributes["hair"] == "bald" and above
    if bald and (full or rng.random() < 0.8):
        words.append("bald")
    subject = article(" ".join([*words, sex]))
    # A person in a hat shows little hair; captions then name it less.
    hair_chance = (0.4 if "hat" in attributes else 0.7) + (0.2 if framing == HEAD else 0.0)
    hair = _hair(attributes) if above and (full or rng.random() < hair_chance) else ""
    outfit = _outfit(attributes, framing, rng, full)
    link = "wearing" if full else _pick(rng, ("wearing", "wearing", "in", "dressed in"))
    if not outfit:
        text = f"{subject} with {hair}" if hair else subject
    elif not hair:
        text = f"{subject} {link} {outfit}"
    elif full or rng.random() < 0.7:
        text = f"{subject} with {hair} {link} {outfit}"
    else:
        text = f"{subject} {link} {outfit}, with {hair}"
    ending = []
    if full or rng.random() < 0.82:
        ending.append(VIEWS[view_of(azimuth)])
    if full or rng.random() < (0.6 if framing == 0 else 0.85):
        ending.append(FRAMINGS[framing])
    if not full and rng.random() < 0.5:
        ending.reverse()
    if full or rng.random() < 0.25:
        ending.append(f"{background} background")
    return ", ".join([text, *ending])
