"""CLIP networks of open_clip: built by name or by a config file, filled from a local checkpoint.

open_clip's own loader leaves a network random where it finds no weights, and resizes position
embeddings that do not fit; here both are errors.
"""

import json
import logging
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import open_clip
import torch
from jaxtyping import Float, Int
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from torch import Tensor

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.pictures.checkpoint_file import fill, read_weights

CONFIG_FILE = "open_clip_config.json"


@dataclass(frozen=True)
class OpenClipModel:
    """A CLIP network that is ready to compare pictures with texts.

    Attributes:
        network: In evaluation mode, without gradients.
        tokenizer: Of texts.
        preprocess: How pictures are resized and normalised: open_clip's ``preprocess_cfg``.
        device: Where the network is.
    """

    network: open_clip.CLIP | open_clip.CustomTextCLIP
    tokenizer: open_clip.tokenizer.SimpleTokenizer
    preprocess: dict[str, Any]
    device: torch.device

    @cached_property
    def _transform(self) -> Any:
        known = {field.name for field in fields(PreprocessCfg)}
        settings = {key: value for key, value in self.preprocess.items() if key in known}
        return image_transform_v2(PreprocessCfg(**settings), is_train=False)

    def prepared(self, image: Image.Image) -> Float[Tensor, "3 H W"]:
        """A picture resized and normalised as the network's own configuration says."""
        return self._transform(image)

    def tokens(self, texts: list[str]) -> Int[Tensor, "B L"]:
        """Tokens of texts, cut to the context's length with the end token kept."""
        return self.tokenizer(texts).to(self.device)

    def is_cut(self, text: str) -> bool:
        """Whether a text is longer than the context: start token, words, end token."""
        return len(self.tokenizer.encode(text)) + 2 > int(self.tokenizer.context_length)

    @torch.no_grad()
    def cosines(
        self, pictures: Float[Tensor, "B 3 H W"], texts: list[str], half: bool = False
    ) -> Float[Tensor, " B"]:
        """Cosine of each picture's embedding with its own text's.

        Args:
            pictures: Resized and normalised.
            texts: One for each picture.
            half: On a GPU compute in half precision, whose cosines of about 0.3 are multiples of
                0.00024.
        """
        half = half and self.device.type == "cuda"
        with torch.autocast(self.device.type, dtype=torch.float16, enabled=half):
            image = self.network.encode_image(pictures.to(self.device), normalize=True)
            text = self.network.encode_text(self.tokens(texts), normalize=True)
            # The diagonal of the matrix of all pairs, which autocast computes in half precision.
            return torch.diagonal(image @ text.T).float().cpu()


def load_clip(path: Path, architecture: str | None, device: str) -> OpenClipModel:
    """Read a CLIP network.

    Args:
        path: Its weights.
        architecture: open_clip's name of the network, whose pictures are normalised as OpenAI's;
            None: ``open_clip_config.json`` beside the weights says both.
        device: Where to put it.

    Raises:
        UserError: the weights are missing, damaged or of another network.
    """
    preprocess: dict[str, Any] = {}
    if architecture is None:
        name, what = f"local-dir:{path.parent}", f"the network of {CONFIG_FILE} beside it"
        preprocess = _read_config(path.parent / CONFIG_FILE)
    elif open_clip.get_model_config(architecture) is not None:
        name = what = architecture
    else:
        raise UserError(
            f"{architecture!r} is no network of open_clip; choose one of open_clip.list_models(), "
            "for example ViT-H-14"
        )
    weights = read_weights(path)
    network = _build(name, path)
    fill(network, weights, path, what)
    return OpenClipModel(
        network=network.to(device).eval().requires_grad_(False),
        tokenizer=open_clip.get_tokenizer(name),
        preprocess={**open_clip.get_model_preprocess_cfg(network), **preprocess},
        device=torch.device(device),
    )


def _build(name: str, path: Path) -> open_clip.CLIP | open_clip.CustomTextCLIP:
    previous = logging.root.manager.disable
    # It warns that the weights are random, which they are for a moment.
    logging.disable(logging.WARNING)
    try:
        network = open_clip.create_model(name, load_weights=False, pretrained_text=False)
    except (TypeError, KeyError, ValueError, RuntimeError) as error:
        raise UserError(f"{path.parent / CONFIG_FILE}: not a network of open_clip") from error
    finally:
        logging.disable(previous)
    if not isinstance(network, open_clip.CLIP | open_clip.CustomTextCLIP):
        raise UserError(f"{name}: only networks that compare pictures with texts can be used")
    return network


def _read_config(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        text = data["model_cfg"]["text_cfg"]
        preprocess = dict(data["preprocess_cfg"])  # open_clip would take OpenAI's without a word
    except FileNotFoundError:
        raise UserError(
            f"{path} not found: it says what network the weights beside it are of and how its "
            "pictures are normalised; run `gaussianmotion models`, or copy it there"
        ) from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(
            f"{path} is damaged or no configuration of open_clip (model_cfg and preprocess_cfg): "
            "fetch it again"
        ) from error
    if "hf_model_name" in text or "hf_tokenizer_name" in text:
        raise UserError(f"{path}: only networks with CLIP's own tokenizer can be used")
    return preprocess
