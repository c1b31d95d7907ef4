"""Text alignment on a laptop: a small model of our own says how well the front view fits its text.

It is a CLIP network in size and kind only: trained by ``gaussianmotion synthesis alignment`` on
renders of dressed people, it knows sex, age, hair, garments and their colours, and nothing else.
Its numbers are never called CLIP scores, and are compared with its own only.

Protocol alignment-1: the picture ``front.png`` and the prompt as the user wrote it.

* ``alignment``: 100 cos of picture and prompt.
* ``rank``: share (percent) of the other descriptions that ship with the model, and that cannot be
  of the same person, which fit the picture worse than the prompt does; by chance 50.
* ``contrast``: the same among the prompt's own versions with one thing changed (another colour of
  a garment other than a hat, or of the hair; the other sex; colours exchanged): the mean over these
  things, so that twelve wrong colours count as much as one wrong sex; by chance 50.

A prompt of which nothing is understood gets no number.
"""

from dataclasses import dataclass, fields
from pathlib import Path

import torch
from jaxtyping import Float
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from torch import Tensor

from gaussianmotion.config import Config
from gaussianmotion.errors import UserError
from gaussianmotion.runtime.digest import file_sha256
from gaussianmotion.scores.pictures.claims import GARMENTS, Lexicon, contradict, read_lexicon
from gaussianmotion.scores.pictures.open_clip_model import ClipModel, load_clip
from gaussianmotion.scores.pictures.pictures import front_view, read_picture
from gaussianmotion.scores.score_file import ScoreFile, Value, input_digests

PROTOCOL = "alignment-1"
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
    """

    clip: ClipModel
    lexicon: Lexicon
    distractors: list[str]
    digest: str

    @torch.no_grad()
    def cosines(self, image: Image.Image, texts: list[str]) -> Float[Tensor, " N"]:
        """Cosine of a picture with each of the texts."""
        known = {field.name for field in fields(PreprocessCfg)}
        settings = {k: v for k, v in self.clip.preprocess.items() if k in known}
        transform = image_transform_v2(PreprocessCfg(**settings), is_train=False)
        picture = transform(image)[None].to(self.clip.device)
        embedded = self.clip.network.encode_image(picture, normalize=True)
        text = self.clip.network.encode_text(self.clip.tokens(texts), normalize=True)
        return (embedded @ text.T)[0].float().cpu()


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
    return AlignmentModel(clip, lexicon, [x for x in lines if x], file_sha256(folder / WEIGHTS))


def rivals(lexicon: Lexicon, prompt: str) -> dict[str, list[str]]:
    """The prompt's own versions with one thing changed, by what was changed."""
    claims = lexicon.claims(prompt)
    found = {
        slot: [lexicon.alter(prompt, claims[slot], v) for v in lexicon.alternatives(claims[slot])]
        for slot in CHANGED
        if slot in claims
    }
    swapped = lexicon.swap_colours(prompt)
    if swapped:
        found["swapped_colours"] = [swapped]
    return found


def judge(
    model: AlignmentModel, image: Image.Image, prompt: str
) -> tuple[dict[str, Value], dict[str, object]]:
    """Values and details of one picture and its prompt; no values where nothing is understood."""
    claims = model.lexicon.claims(prompt)
    details: dict[str, object] = {
        "prompt": prompt,
        "understood": {slot: claim.value for slot, claim in claims.items()},
        "unknown_words": model.lexicon.unknown_words(prompt),
        "prompt_cut": model.clip.is_cut(prompt),
    }
    if not claims:
        return {}, details
    others = [x for x in model.distractors if contradict(claims, model.lexicon.claims(x))]
    changed = rivals(model.lexicon, prompt)
    texts = [prompt, *others, *(text for versions in changed.values() for text in versions)]
    cosines = model.cosines(image, texts)
    beaten = (cosines < cosines[0]).float()
    values = {"alignment": Value(value=100.0 * float(cosines[0]), better="higher")}
    if others:
        share = 100.0 * float(beaten[1 : 1 + len(others)].mean())
        values["rank"] = Value(value=share, unit="%", better="higher")
    shares: dict[str, float] = {}
    start = 1 + len(others)
    for slot, versions in changed.items():
        shares[slot] = 100.0 * float(beaten[start : start + len(versions)].mean())
        start += len(versions)
    if shares:
        mean = sum(shares.values()) / len(shares)
        values["contrast"] = Value(value=mean, unit="%", better="higher")
    details |= {"other_descriptions": len(others), "contrast_by_change": shares}
    return values, details


def score_alignment(run: Path, config: Config, device: str) -> ScoreFile:
    """The text alignment of a run's front view.

    Args:
        run: Folder of the run; its views must be there.
        config: ``scores.alignment_model`` names the model's folder.
        device: Where to compute.

    Raises:
        UserError: pictures or model are missing or damaged.
    """
    picture, prompt = front_view(run)
    model = load_alignment(config.scores.alignment_model, device)
    values, details = judge(model, read_picture(picture), prompt)
    return ScoreFile(
        score="alignment",
        title="Text alignment (small model of our own)",
        protocol=PROTOCOL,
        n=1,
        model=f"{config.scores.alignment_model.name} in open_clip format",
        model_digest=model.digest,
        status="ok" if values else "too few",
        reason="" if values else "the model understands no word of the prompt",
        values=values,
        inputs=input_digests([picture], run),
        details=details,
    )
