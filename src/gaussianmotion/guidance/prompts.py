"""Prompts that say what the camera sees.

A text-to-image model shows faces from everywhere unless the prompt names the view (the many-faced
Janus of score distillation). View and framing words come last, as in the captions of the embedded
prior's training data.
"""

from gaussianmotion.camera import Cameras, view_word
from gaussianmotion.config import FramingWords, PriorConfig


def compose_prompt(
    prompt: str,
    azimuth: float,
    framing: str,
    suffix: str = "",
    framing_words: FramingWords = FramingWords(),  # noqa: B008 (frozen)
) -> str:
    """The prompt of one view: the user's words, the suffix, view, framing.

    Args:
        prompt: The user's sentence; a full stop and white space at its end are dropped.
        azimuth: Degrees, 0 in front of the person.
        framing: One of :data:`gaussianmotion.camera.FRAMINGS`.
        suffix: Words of the experiment added to every prompt; may be empty.
        framing_words: What the prior calls each framing.
    """
    framed = getattr(framing_words, framing.replace(" ", "_"))
    return with_words(prompt, suffix, view_word(azimuth), framed)


def view_prompts(prompt: str, cameras: Cameras, words: PriorConfig) -> list[str]:
    """The prompt of each view: :func:`compose_prompt` for where the cameras look from.

    Args:
        prompt: The user's sentence.
        cameras: B cameras; on the CPU nothing waits.
        words: Suffix and framing words of the prior.
    """
    return [
        compose_prompt(prompt, azimuth, framing, words.prompt_suffix, words.framing_words)
        for azimuth, framing in zip(cameras.azimuth.tolist(), cameras.framing, strict=True)
    ]


def with_words(prompt: str, *words: str) -> str:
    """The user's sentence without its full stop, then further words; empty ones leave no comma."""
    parts = [prompt.strip().rstrip(".").rstrip(), *(word.strip() for word in words)]
    return ", ".join(part for part in parts if part)
