"""What one person sees: every pair once, in an order and with sides drawn for them alone."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from gaussianmotion.study.questions import QUESTION_KEYS


@dataclass(frozen=True)
class Trial:
    """One pair as one person sees it.

    Attributes:
        position: From 1, in that person's order.
        shown_as_a: Index of the pair's side that is A.
        answers: ``a`` or ``b`` by question, as far as they are given.
    """

    position: int
    pair: str
    shown_as_a: int
    answers: dict[str, str]

    @property
    def finished(self) -> bool:
        """All questions are answered."""
        return len(self.answers) == len(QUESTION_KEYS)


def draw_trials(
    pairs: Sequence[tuple[str, str]], generator: random.Random
) -> list[tuple[str, int]]:
    """Draw a person's order and sides.

    Args:
        pairs: Id and other system of each pair.
        generator: Of the study's server, one that nobody can predict: who knew the seed and this
            code would know which side is whose.

    Returns:
        Pairs in a random order, each with the index of its side that is A. Over each system's
        pairs both sides are A equally often, but for one where their number is odd; which of the
        pairs those are is drawn too.
    """
    drawn = list(pairs)
    generator.shuffle(drawn)
    coin = {system: generator.randrange(2) for _, system in drawn}
    shown = []
    for pair, system in drawn:
        coin[system] = 1 - coin[system]
        shown.append((pair, coin[system]))
    generator.shuffle(shown)
    return shown


def first_open(trials: Sequence[Trial]) -> Trial | None:
    """The first pair with a question left; those after it have not been shown yet."""
    return next((trial for trial in trials if not trial.finished), None)
