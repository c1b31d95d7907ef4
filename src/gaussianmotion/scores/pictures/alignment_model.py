"""The small text alignment model: its folder, and how it judges a picture and its prompt.

What its numbers mean is in :mod:`.alignment_score`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from gaussianmotion.models.finite import finite
from gaussianmotion.runtime.digest import file_sha256
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.pictures.descriptions import (
    GARMENTS,
    Lexicon,
    Trait,
    contradict,
    read_lexicon,
)
from gaussianmotion.scores.pictures.open_clip_model import OpenClipModel, load_clip

WEIGHTS = "open_clip_model.safetensors"
LEXICON = "lexicon.json"
DISTRACTORS = "distractors.txt"
#: What ``contrast`` changes. Hats, age, build and kinds of garments are left alone: the model is
#: less sure of them even on true renders (resources/alignment/README.md).
CHANGED = (*(f"{garment}_colour" for garment in GARMENTS if garment != "hat"), "hair_colour", "sex")


@dataclass(frozen=True)
class AlignmentModel:
    """The model's folder, read.

    Attributes:
        clip: The network.
        lexicon: What it understands.
        distractors: Descriptions of people.
        digest: SHA-256 of the weights.
        folder: Where it is.
    """

    clip: OpenClipModel
    lexicon: Lexicon
    distractors: list[str]
    digest: str
    folder: Path

    @torch.no_grad()
    def cosines(
        self, image: Image.Image, texts: list[str], others: Sequence[int] = ()
    ) -> Float[Tensor, " N"]:
        """Cosine of a picture with each of the texts, then with some of the distractors.

        Args:
            image: Of any size.
            texts: Descriptions.
            others: Places of distractors in their list.

        Raises:
            UserError: the model computes what is no number.
        """
        picture = self.clip.prepared(image)[None].to(self.clip.device)
        embedded = self.clip.network.encode_image(picture, normalize=True)
        read = self._read(texts)
        if others:
            read = torch.cat([read, self._others[list(others)]])
        return finite((embedded @ read.T)[0].float().cpu(), self.folder / WEIGHTS)

    @cached_property
    def traits_of_others(self) -> list[dict[str, Trait]]:
        """What the lexicon finds in each distractor."""
        return [self.lexicon.traits(text) for text in self.distractors]

    @cached_property
    def _others(self) -> Float[Tensor, "D E"]:
        """The distractors' embeddings, which are the same for every picture."""
        return self._read(self.distractors)

    def _read(self, texts: list[str]) -> Float[Tensor, "N E"]:
        return self.clip.network.encode_text(self.clip.tokens(texts), normalize=True)

    def read_part(self, prompt: str) -> str:
        """The prompt, or as many of its first words as fit with each of their rivals.

        What does not fit would be cut from the text and its versions alike: they would be equal,
        and count as lost.
        """
        words = prompt.split()
        if not self._is_cut(prompt):
            return prompt
        while len(words) > 1 and self._is_cut(" ".join(words)):
            words.pop()
        return " ".join(words)

    def _is_cut(self, text: str) -> bool:
        versions = rivals(self.lexicon, text).values()
        return any(map(self.clip.is_cut, (text, *(v for found in versions for v in found))))


def load_alignment(folder: Path, device: str = "cpu") -> AlignmentModel:
    """Read the model's folder.

    Raises:
        UserError: a file is missing, damaged, or of another model.
    """
    folder = Path(folder)
    missing = [n for n in (WEIGHTS, LEXICON, DISTRACTORS) if not (folder / n).is_file()]
    if missing:
        raise UserError(
            f"{folder}: no text alignment model ({', '.join(missing)} missing): restore "
            "resources/alignment from the repository, or set scores.alignment_model"
        )
    try:
        lines = (folder / DISTRACTORS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{folder / DISTRACTORS} is damaged: restore it") from error
    lexicon = read_lexicon(folder / LEXICON)
    clip = load_clip(folder / WEIGHTS, None, device)
    digest = file_sha256(folder / WEIGHTS)
    return AlignmentModel(clip, lexicon, [line for line in lines if line], digest, folder)


def rivals(lexicon: Lexicon, prompt: str) -> dict[str, list[str]]:
    """The prompt's own versions with one thing changed, by what was changed."""
    traits = lexicon.traits(prompt)
    found = {
        slot: [lexicon.alter(prompt, traits[slot], v) for v in lexicon.alternatives(traits[slot])]
        for slot in CHANGED
        if slot in traits
    }
    swapped = lexicon.swap_colours(prompt)
    if swapped:
        found["swapped_colours"] = [swapped]
    return found


def fit(
    model: AlignmentModel, image: Image.Image, prompt: str
) -> tuple[dict[str, float], dict[str, object]]:
    """Numbers and details of one picture and its prompt; none where nothing is understood.

    Raises:
        UserError: the model computes what is no number.
    """
    read = model.read_part(prompt)
    traits = model.lexicon.traits(read)
    details: dict[str, object] = {
        "prompt": prompt,
        "understood": {slot: trait.value for slot, trait in traits.items()},
        "unknown_words": model.lexicon.unknown_words(prompt),
        "prompt_cut": read != prompt,
    }
    if read != prompt:
        words = len(read.split())
        details["read"] = read
        details["note"] = (
            f"only the first {words} of the prompt's {len(prompt.split())} words are scored: the "
            f"model reads {model.clip.tokenizer.context_length} tokens"
        )
    if not traits:
        return {}, details
    known = model.traits_of_others
    others = [place for place, other in enumerate(known) if contradict(traits, other)]
    changed = rivals(model.lexicon, read)
    texts = [read, *(text for versions in changed.values() for text in versions)]
    cosines = model.cosines(image, texts, others)
    beaten = (cosines < cosines[0]).float()
    values = {"alignment": 100.0 * float(cosines[0])}
    if others:
        values["rank"] = 100.0 * float(beaten[len(texts) :].mean())
    shares: dict[str, float] = {}
    start = 1
    for slot, versions in changed.items():
        shares[slot] = 100.0 * float(beaten[start : start + len(versions)].mean())
        start += len(versions)
    if shares:
        values["contrast"] = sum(shares.values()) / len(shares)
    details |= {"other_descriptions": len(others), "contrast_by_change": shares}
    return values, details
