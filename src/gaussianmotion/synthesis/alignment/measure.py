"""How well the text alignment model tells true descriptions from false ones, on unseen people.

Pictures are true renders of the held-out people, whole, on white. Texts are held-out captions'
words on the person. In a pair the false text differs in one thing, so that the share of pairs
judged right is 50 % by chance; `best of all` has the caption among all values of that thing.
"""

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from gaussianmotion.camera import view_word
from gaussianmotion.runtime.atomic import write_json
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.pictures.alignment_model import AlignmentModel, load_alignment
from gaussianmotion.scores.pictures.descriptions import contradict
from gaussianmotion.synthesis.alignment.captions import person_part, with_hat, without_hat
from gaussianmotion.synthesis.alignment.data import Pictures, load_pictures, normalise, plain
from gaussianmotion.synthesis.pictures.captions import caption
from gaussianmotion.synthesis.reporting import Report, log_line

# 2: added hats are worded as captions word hats, not hung on the end of the sentence.
PROTOCOL = "alignment-measure-2"
MEASURES = "measures.json"
CHOICES = 16
Right = dict[str, list[float]]


def measure_alignment(
    model_folder: Path,
    held_out: Path,
    out: Path,
    count: int | None = None,
    seed: int = 0,
    report: Report = log_line,
) -> dict[str, Any]:
    """Measure a model and write ``measures.json``.

    Args:
        model_folder: Folder of the model.
        held_out: Dataset of people that the training did not see.
        out: Folder to write to.
        count: Pictures; None: all.
        seed: Of the choice of other captions.
        report: Receives progress lines.

    Raises:
        UserError: the model or the dataset is missing or damaged, or too small.
    """
    model = load_alignment(model_folder)
    size = int(model.clip.network.visual.image_size)
    items = load_pictures(held_out, size, count, report)
    if len(items) < CHOICES:
        raise UserError(f"{held_out} holds {len(items)} whole people: at least {CHOICES} are "
                        "needed to measure")  # fmt: skip
    images = plain(items, range(len(items)))
    small = interpolate(images, size=(size // 2, size // 2), mode="bilinear", antialias=True)
    blurred = interpolate(small, size=(size, size), mode="bilinear")
    front = [i for i, a in enumerate(items.azimuth) if view_word(a) == "front view"]
    measures: dict[str, Any] = {"protocol": PROTOCOL, "items": len(items), "front_items":
                                len(front), "weights_sha256": model.digest}  # fmt: skip
    everyone = list(range(len(items)))
    for name, pictures, rows in (
        ("sharp", images, everyone),
        ("sharp, front views", images, front),
        ("blurred to half the pixels", blurred, everyone),
    ):
        report(f"measuring: {name}")
        embedded = embed_pictures(model, pictures[rows])
        measures[name] = {
            "retrieval": _retrieval(model, items, rows, embedded, seed),
            "pairs": _pairs(model, items, rows, embedded),
        }
    write_json(out / MEASURES, measures)
    return measures


@torch.no_grad()
def embed_pictures(model: AlignmentModel, images: Float[Tensor, "N 3 S S"]) -> Float[Tensor, "N D"]:
    """Unit embeddings of pictures in [0, 1] at the model's size."""
    parts = [
        model.clip.network.encode_image(normalise(part), normalize=True)
        for part in images.split(64)
    ]
    return torch.cat(parts)


@torch.no_grad()
def embed_texts(model: AlignmentModel, texts: list[str]) -> Float[Tensor, "N D"]:
    """Unit embeddings of texts."""
    parts = [
        model.clip.network.encode_text(model.clip.tokens(texts[i : i + 256]), normalize=True)
        for i in range(0, len(texts), 256)
    ]
    return torch.cat(parts)


def _retrieval(
    model: AlignmentModel, items: Pictures, rows: list[int], pictures: Float[Tensor, "N D"],
    seed: int,
) -> dict[str, float]:  # fmt: skip
    """Shares of pictures that find their caption, and captions their picture, among 16."""
    captions = [person_part(items.captions[i]) for i in rows]
    claims = [model.lexicon.traits(text) for text in captions]
    cosines = pictures @ embed_texts(model, captions).T
    rng = np.random.default_rng(seed)
    found: Right = defaultdict(list)
    for i in range(len(rows)):
        # A caption that may be of the same person is no wrong answer.
        others = [j for j in range(len(rows)) if contradict(claims[i], claims[j])]
        if len(others) < CHOICES - 1:
            continue
        chosen = rng.choice(others, CHOICES - 1, replace=False)
        found["caption_of_picture"].append(bool((cosines[i, chosen] < cosines[i, i]).all()))
        found["picture_of_caption"].append(bool((cosines[chosen, i] < cosines[i, i]).all()))
    return {name: round(float(np.mean(values)), 3) for name, values in found.items()}


def _pairs(
    model: AlignmentModel, items: Pictures, rows: list[int], pictures: Float[Tensor, "N D"]
) -> dict[str, dict[str, float | int]]:
    """By what was changed: pairs judged right, the caption best of all values, and how many."""
    lexicon = model.lexicon
    right: Right = defaultdict(list)
    best: Right = defaultdict(list)
    values: dict[str, int] = {}
    for place, i in enumerate(rows):
        text = person_part(items.captions[i])
        versions = {
            slot: (text, [lexicon.alter(text, claim, v) for v in lexicon.alternatives(claim)])
            for slot, claim in lexicon.traits(text).items()
        }
        swapped = lexicon.swap_colours(text)
        versions["swapped colours"] = (text, [swapped] if swapped else [])
        versions |= _hats(items.attributes[i], items.azimuth[i], list(lexicon.colours))
        for name, (true, false) in versions.items():
            if false:
                cosines = embed_texts(model, [true, *false]) @ pictures[place]
                beaten = (cosines[1:] < cosines[0]).float()
                right[name].append(float(beaten.mean()))
                best[name].append(float(beaten.min()))
                values[name] = len(false) + 1
    return {
        name: {
            "items": len(right[name]),
            "pairs_right": round(float(np.mean(right[name])), 3),
            "best_of_all": round(float(np.mean(best[name])), 3),
            "values": values[name],
        }
        for name in sorted(right)
    }


def _hats(
    attributes: dict[str, str], azimuth: float, colours: list[str]
) -> dict[str, tuple[str, list[str]]]:
    """The full caption of an item against the same with a hat, or without the one that is there.

    Shoes are left out of all of them: captions name them beside no hat.
    """
    unshod = {key: value for key, value in attributes.items() if key != "shoes"}

    def full(person: dict[str, str]) -> str:
        rng = np.random.default_rng(0)  # a full caption draws nothing
        return person_part(caption(person, azimuth, 0, "white", rng, full=True))

    if "hat" in unshod:  # not false, but the caption that names the hat says more
        return {"hat left out": (full(unshod), [full(without_hat(unshod))])}
    return {"hat added": (full(unshod), [full(with_hat(unshod, colour)) for colour in colours])}
