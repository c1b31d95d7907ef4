"""Whether a data set shows everything often enough to be learnt.

A word that is rare in the captions is a word that the prior does not know: of a hundred thousand
samples one percent is a thousand, and a garment's colour took about that many.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gaussianmotion.guidance.text import words
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.pictures.captions import FRAMINGS, HEAD, LOWER_BODY
from gaussianmotion.synthesis.pictures.data import list_shards, load_facts

#: Least share of the captions that name a word.
LEAST_SHARE = 0.01
#: Least share of pictures of a framing.
LEAST_FRAMINGS = {FRAMINGS[HEAD]: 0.25, FRAMINGS[LOWER_BODY]: 0.10}


@dataclass(frozen=True)
class Balance:
    """Shares of a data set.

    Attributes:
        pictures: How many there are.
        words: Word -> share of the captions that hold it, the rarest first.
        framings: Framing -> share of the pictures.
    """

    pictures: int
    words: dict[str, float]
    framings: dict[str, float]

    def missing(self) -> list[str]:
        """What is too rare, in words; nothing where all is well."""
        rare = [
            f"{word} in {share:.2%} of the captions (at least {LEAST_SHARE:.0%})"
            for word, share in self.words.items()
            if share < LEAST_SHARE
        ]
        return rare + [
            f"{name} in {self.framings.get(name, 0.0):.1%} of the pictures (at least {least:.0%})"
            for name, least in LEAST_FRAMINGS.items()
            if self.framings.get(name, 0.0) < least
        ]


def word_shares(captions: Iterable[str]) -> dict[str, float]:
    """Word -> share of the captions that hold it, the rarest first."""
    texts = [set(words(text)) for text in captions]
    counts = Counter(word for text in texts for word in text)
    return {word: count / len(texts) for word, count in sorted(counts.items(), key=_by_count)}


def _by_count(entry: tuple[str, int]) -> tuple[int, str]:
    return entry[1], entry[0]


def balance_of(dataset: Path) -> Balance:
    """Count a data set's words and framings, both wordings of its captions.

    Raises:
        UserError: the data set is missing or damaged.
    """
    facts = [load_facts(path) for path in list_shards(dataset)]
    captions = [str(text) for shard in facts for text in (*shard.captions, *shard.captions2)]
    framing = np.concatenate([shard.framing for shard in facts])
    shares: Mapping[int, float] = {
        number: float((framing == number).mean()) for number in range(len(FRAMINGS))
    }
    return Balance(
        len(framing),
        word_shares(captions),
        {FRAMINGS[number]: share for number, share in shares.items()},
    )


def check_balance(dataset: Path) -> Balance:
    """:func:`balance_of` a training set that must hold enough of everything.

    Raises:
        UserError: something is too rare.
    """
    balance = balance_of(dataset)
    missing = balance.missing()
    if missing:
        raise UserError(
            f"{dataset} is not balanced: {'; '.join(missing)}: render more pictures, or raise the "
            "shares in synthesis (dressing, dataset items) and render a new set"
        )
    return balance
