"""Token states of a data set's captions, kept beside its shards.

No training step runs the text encoder. A shard's states are made when it is first seen, and made
anew where its captions or the encoder have changed.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.guidance.text import MINILM_SHA256
from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.prior.mapped import map_arrays

_BATCH = 64

Encoder = Callable[[list[str]], Float[Tensor, "B L D"]]


def chosen_captions(first: np.ndarray, second: np.ndarray) -> list[str]:
    """One caption per item: the first wording of even items, the second of odd ones."""
    return [str((first, second)[i % 2][i]) for i in range(len(first))]


def states_path(shard: Path) -> Path:
    """Where the states of a shard's captions are kept: ``text_0000.npz`` beside it."""
    return shard.with_name(shard.name.replace("shard_", "text_"))


def caption_states(shard: Path, captions: list[str], encoder: Callable[[], Encoder]) -> Any:
    """The states of a shard's captions, (n, L, D) float16, as a memory map.

    Args:
        shard: The shard.
        captions: Of its items.
        encoder: Returns the encoder; called where there is something to encode.
    """
    path = states_path(shard)
    key = hashlib.sha256("\n".join([MINILM_SHA256, *captions]).encode()).hexdigest()
    if path.exists():
        try:
            found = map_arrays(path, ("key", "states"))
            if str(found["key"]) == key:
                return found["states"]
        except (UserError, KeyError):  # cut short or older: made again
            pass
    states = encode(captions, encoder())
    with atomic_path(path) as temporary:
        np.savez(temporary, key=np.array(key), states=states.numpy())
    return map_arrays(path, ("states",))["states"]


def encode(captions: list[str], encoder: Encoder) -> Float[Tensor, "B L D"]:
    """States of captions, float16, short ones together: a batch's time goes by its longest."""
    order = np.argsort([len(caption) for caption in captions], kind="stable")
    states: Tensor | None = None
    for start in range(0, len(captions), _BATCH):
        rows = order[start : start + _BATCH]
        part = encoder([captions[i] for i in rows]).half().cpu()
        if states is None:
            states = torch.empty(len(captions), *part.shape[1:], dtype=torch.float16)
        states[torch.from_numpy(rows)] = part
    assert states is not None  # a shard holds at least one item
    return states
