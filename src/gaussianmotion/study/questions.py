"""What the study asks of each pair (the paper's three criteria), and of what kinds of clips."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["multi-view", "animated"]
KINDS: tuple[Kind, ...] = ("multi-view", "animated")


@dataclass(frozen=True)
class Question:
    """One criterion.

    Attributes:
        key: Its name in votes.csv.
        title: Its name in tables.
        text: What a person is asked.
        hint: What to look at.
        hint_animated: The same, where the clip is an animation.
    """

    key: str
    title: str
    text: str
    hint: str
    hint_animated: str


QUESTIONS = (
    Question(
        key="geometry",
        title="Geometric quality",
        text="Which has the better shape?",
        hint="Body, face, hands and clothes: complete, in proportion, nothing loose.",
        hint_animated="Body, face, hands and clothes: they keep their form while moving.",
    ),
    Question(
        key="texture",
        title="Texture quality",
        text="Which has the better surface?",
        hint="Colours and details: clean, sharp and believable.",
        hint_animated="Colours and details: clean, sharp and believable, also while moving.",
    ),
    Question(
        key="text",
        title="Text alignment",
        text="Which fits the sentence better?",
        hint="What the sentence says, and nothing else.",
        hint_animated="What the sentence says, and nothing else.",
    ),
)
QUESTION_KEYS = tuple(question.key for question in QUESTIONS)
