"""Which of the faces that ship an avatar is drawn to: its sentence's words and its seed say."""

import re
import zlib

from gaussianmotion.config.face import EACH

GRANDPARENTS = {"grandmother", "grandma", "granny", "grandfather", "grandpa"}
#: Words that say whose it is; who is called by none of them is either, as the seed has it.
WOMEN = {"woman", "women", "girl", "lady", "female", "mother", "grandmother", "grandma", "granny"}
MEN = {"man", "men", "boy", "gentleman", "guy", "male", "father", "grandfather", "grandpa"}
# "Policewoman", "salesman"; not "German".
ENDINGS = (("woman", "women"), ("man", "men"))
NO_MEN = {"german", "human", "roman", "norman"}
OLD = {"old", "older", "elder", "elderly", "aged"}
# Before and after which these words say no age: "20 years old", "middle aged", "old-fashioned".
NO_AGE_AFTER, NO_AGE_BEFORE = {"year", "years", "middle"}, {"fashioned", "school"}
# Of an age in years.
OLD_FROM = 60


def whose_face(prompt: str, seed: int) -> str:
    """The name of a face (:data:`gaussianmotion.config.face.NAMES`).

    Args:
        prompt: The sentence.
        seed: Equal ones give equal faces.
    """
    return f"{who(prompt, seed)}-{1 + _number(prompt, seed) // 2 % EACH}"


def who(prompt: str, seed: int) -> str:
    """Who a sentence is about: woman, man, old-woman or old-man.

    Args:
        prompt: The sentence; whom its first such word calls a woman or a man is one, and old whom a
            word before it, or a number of years, calls old.
        seed: Decides where no word does.
    """
    words = re.findall(r"[^\W\d_]+", prompt.lower())
    told = [(place, sex) for place, word in enumerate(words) if (sex := _sex(word))]
    place, sex = told[0] if told else (len(words), ("woman", "man")[_number(prompt, seed) % 2])
    age = "old-" if _old(words[: place + 1]) or _old_in_years(prompt) else ""
    return f"{age}{sex}"


def _number(prompt: str, seed: int) -> int:
    return zlib.crc32(f"{seed} {prompt}".encode())


def _sex(word: str) -> str | None:
    women, men = ENDINGS
    if word in WOMEN or word.endswith(women):
        return "woman"
    if word in MEN or (word.endswith(men) and word not in NO_MEN):
        return "man"
    return None


def _old(words: list[str]) -> bool:
    """Whether words up to the person's own say so."""
    around = zip(["", *words], words, [*words[1:], ""], strict=False)
    return any(word in GRANDPARENTS for word in words) or any(
        word in OLD and before not in NO_AGE_AFTER and after not in NO_AGE_BEFORE
        for before, word, after in around
    )


def _old_in_years(prompt: str) -> bool:
    years = re.search(r"(\d+)[\s-]*years?[\s-]*old", prompt.lower())
    return years is not None and int(years[1]) >= OLD_FROM
