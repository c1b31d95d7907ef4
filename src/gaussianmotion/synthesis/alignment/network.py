"""The text alignment model: open_clip's CLIP, small, with towers of its own.

The text tower is trained here from nothing: were it the prior's text encoder, what the prior
misunderstands would be misunderstood by its judge as well.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import torch
from jaxtyping import Int
from open_clip import CLIP, SimpleTokenizer
from torch import Tensor

from gaussianmotion.synthesis.alignment.data import MEAN, STD

#: 96 px: a head of a full-body picture is then about 11 px high, enough for hair and hat.
SIZE = 96
#: Tokens of a text; captions of a person have up to 28, longer prompts are cut.
CONTEXT = 32

MODEL: dict[str, Any] = {
    "embed_dim": 128,
    # A list of layers makes it a ModifiedResNet: it learns from far fewer pictures than a ViT.
    "vision_cfg": {"image_size": SIZE, "layers": [1, 1, 2, 1], "width": 16, "head_width": 64},
    "text_cfg": {
        "context_length": CONTEXT, "vocab_size": 49408, "width": 64, "heads": 4, "layers": 2,
    },
}  # fmt: skip
PREPROCESS: dict[str, Any] = {
    "mean": [MEAN] * 3, "std": [STD] * 3, "interpolation": "bicubic", "resize_mode": "squash",
}  # fmt: skip


class Tokens:
    """open_clip's tokens of short English texts, each word encoded once."""

    def __init__(self, context: int = CONTEXT) -> None:
        self._tokenizer = SimpleTokenizer(context_length=context)
        self._word = lru_cache(maxsize=None)(self._tokenizer.encode)

    def __call__(self, texts: Iterable[str]) -> Int[Tensor, "N context"]:
        first, last = self._tokenizer.sot_token_id, self._tokenizer.eot_token_id
        rows = []
        context = self._tokenizer.context_length or CONTEXT
        for text in texts:
            inner = [token for word in text.split() for token in self._word(word)][: context - 2]
            rows.append([first, *inner, last] + [0] * (context - 2 - len(inner)))
        return torch.tensor(rows)


def new_model(texts: Iterable[str], seed: int = 0, model: dict[str, Any] | None = None) -> CLIP:
    """The untrained network.

    Args:
        texts: Captions of the training: the embeddings of tokens that they lack start, and so stay,
            at zero: an unknown word then says nothing, rather than something random.
        seed: Of the weights.
        model: In place of :data:`MODEL`.
    """
    torch.manual_seed(seed)
    config = model or MODEL
    network = CLIP(**config)
    known = torch.unique(Tokens(config["text_cfg"]["context_length"])(set(texts)))
    with torch.no_grad():
        table = network.token_embedding.weight
        kept = table[known].clone()
        table.zero_()
        table[known] = kept
    return network.to(memory_format=torch.channels_last)
