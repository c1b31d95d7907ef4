"""What the prior will not understand of a prompt: a warning, since it may still do well."""

import sys

from gaussianmotion.camera import FRAMINGS
from gaussianmotion.config import PriorConfig
from gaussianmotion.guidance.asked import Prior
from gaussianmotion.guidance.prompts import compose_prompt


def warn_of_words(prior: Prior, prompt_id: str, prompt: str, config: PriorConfig) -> list[str]:
    """Warn of words that the prior never saw and of a prompt that it does not read whole.

    Args:
        prior: Has ``unknown_words`` and ``fits``, or knows nothing of words.
        prompt_id: Names the prompt.
        prompt: The sentence.
        config: Words that are added to it, which may make it too long; they are not the user's to
            be warned of.

    Returns:
        The unknown words.
    """
    unknown: list[str] = prior.unknown_words(prompt) if hasattr(prior, "unknown_words") else []
    if unknown:
        print(
            f"{prompt_id}: the prior has never seen {', '.join(unknown)}; "
            "what they mean will be guessed or ignored",
            file=sys.stderr,
        )
    asked = [
        compose_prompt(prompt, 0.0, framing, config.prompt_suffix, config.framing_words)
        for framing in FRAMINGS
    ]
    if hasattr(prior, "fits") and not prior.fits(max(asked, key=len)):
        print(
            f"{prompt_id}: the prompt is longer than the prior reads; its middle is left out",
            file=sys.stderr,
        )
    return unknown
