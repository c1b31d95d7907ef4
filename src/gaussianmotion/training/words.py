"""What the prior will not understand of a prompt: a warning, since it may still do well."""

import sys

from gaussianmotion.guidance.asked import Prior

# The words that guidance adds to the prompt, where they are longest.
_ADDED = ", front view, upper body"


def warn_of_words(prior: Prior, prompt_id: str, prompt: str) -> list[str]:
    """Warn of words that the prior never saw and of a prompt that it does not read whole.

    Args:
        prior: Has ``unknown_words`` and ``fits``, or knows nothing of words.
        prompt_id: Names the prompt.
        prompt: The sentence.

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
    if hasattr(prior, "fits") and not prior.fits(f"{prompt}{_ADDED}"):
        print(
            f"{prompt_id}: the prompt is longer than the prior reads; its middle is left out",
            file=sys.stderr,
        )
    return unknown
