"""Token states of every caption, computed once, so that no training step runs the text encoder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

_CHUNK = 1024


@dataclass
class TextCache:
    """States of unique captions.

    Attributes:
        states: float16; row 0 is the empty caption, the unconditional input. Padded tokens are 0.
        rows: Caption -> row of ``states``.
    """

    states: Float[Tensor, "K L D"]
    rows: dict[str, int]

    def lookup(self, captions: Sequence[str]) -> Int64[Tensor, " B"]:
        """Rows of ``states``; every caption must be one that the cache was made from."""
        return torch.tensor([self.rows[str(caption)] for caption in captions])


def cache_captions(
    captions: Sequence[str],
    encoder: Callable[[list[str]], Float[Tensor, "B L D"]],
    report: Callable[[int, int], None] = lambda done, total: None,
) -> TextCache:
    """Encode each different caption once.

    Args:
        captions: With repetitions; the order of rows depends on their set only.
        encoder: See :class:`gaussianmotion.guidance.text.MiniLMEncoder`.
        report: Called with captions done and in all.
    """
    unique = ["", *sorted({str(caption) for caption in captions} - {""})]
    # Neighbours of one length need no padding: the encoder's time goes by its longest prompt.
    order = np.argsort([len(caption) for caption in unique], kind="stable")
    states: Tensor | None = None
    for start in range(0, len(unique), _CHUNK):
        chosen = order[start : start + _CHUNK]
        chunk = encoder([unique[i] for i in chosen]).half()
        if states is None:
            states = torch.empty(len(unique), *chunk.shape[1:], dtype=torch.float16)
        states[torch.from_numpy(chosen)] = chunk
        report(min(start + _CHUNK, len(unique)), len(unique))
    assert states is not None  # `unique` holds the empty caption.
    return TextCache(states, {caption: row for row, caption in enumerate(unique)})
