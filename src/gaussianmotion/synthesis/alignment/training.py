"""Training of the text alignment model: contrast with other captions and with false ones.

Symmetric cross-entropy over a batch (Radford et al. 2021), where each caption comes with versions
that are false in one thing (Yuksekgonul et al. 2023), so that a bag of words is not enough. Texts
that happen to be true of another picture are left out of its contrast: captions name few things.
"""

import json
import math
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from open_clip import CLIP
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from gaussianmotion.scores.pictures.descriptions import Lexicon
from gaussianmotion.synthesis.alignment.captions import draw_texts, new_lexicon
from gaussianmotion.synthesis.alignment.data import Pictures, augmented, load_pictures, normalise
from gaussianmotion.synthesis.alignment.network import MODEL, Tokens, new_model
from gaussianmotion.synthesis.by_steps import SteppedTraining, StepSettings, train_by_steps
from gaussianmotion.synthesis.prior.precision import autocast
from gaussianmotion.synthesis.reporting import Report, log_line

KIND = "alignment"
CHECKPOINT = "alignment.pt"


@dataclass(frozen=True)
class AlignmentTrainingSettings(StepSettings):
    """What decides the result of a training.

    Attributes:
        false_each: False texts for each caption.
        warmup: Steps of rising learning rate.
        own_weight: Weight of the contrast with a caption's own false versions alone.
        pictures: Pictures read from the dataset at most; None: all.
        model: open_clip's ``model_cfg``.
    """

    steps: int = 1600
    batch: int = 64
    lr: float = 3e-3
    false_each: int = 3
    warmup: int = 60
    own_weight: float = 0.5
    pictures: int | None = None
    model: dict[str, Any] = field(default_factory=lambda: MODEL)


def train_alignment(
    dataset: Path,
    out: Path,
    settings: AlignmentTrainingSettings | None = None,
    stop_after: int | None = None,
    report: Report = log_line,
) -> Path:
    """Train, or go on training, the model.

    Args:
        dataset: Folder of shards.
        out: Folder for ``alignment.pt``; a run that was interrupted there is resumed.
        settings: See :class:`AlignmentTrainingSettings`.
        stop_after: Stop at this step, as if interrupted.
        report: Receives a progress line now and then.

    Returns:
        The checkpoint's path.

    Raises:
        UserError: the dataset or the checkpoint is damaged, or the checkpoint has other settings.
    """
    settings = settings or AlignmentTrainingSettings()
    size = settings.model["vision_cfg"]["image_size"]

    def begin() -> _Training:
        return _Training(load_pictures(dataset, size, settings.pictures, report), settings)

    return train_by_steps(out / CHECKPOINT, KIND, settings, begin, stop_after, report)


class _Training(SteppedTraining[AlignmentTrainingSettings, CLIP]):
    """The model, its words, optimiser and pictures."""

    def __init__(self, data: Pictures, settings: AlignmentTrainingSettings) -> None:
        self.data = data
        self.lexicon = new_lexicon((json.dumps(item) for item in data.attributes), data.captions)
        self.tokens = Tokens(settings.model["text_cfg"]["context_length"])
        texts = known_texts(data, self.lexicon)
        network = new_model(texts, settings.seed, settings.model).train()
        super().__init__(network, settings, 0.02, settings.warmup, least=0.01)
        self.cpu_seconds = 0.0
        self.averages: dict[str, float] = {}

    def advance(self) -> None:
        began = time.process_time()
        # Fused attention's backward pass takes half of the step on a CPU; plain products do not.
        with sdpa_kernel(SDPBackend.MATH):
            super().advance()
        with torch.no_grad():  # a temperature beyond 1/100 only sharpens noise (CLIP's own bound)
            self.network.logit_scale.clamp_(0.0, math.log(100.0))
        self.cpu_seconds += time.process_time() - began

    def loss(self) -> Float[Tensor, ""]:
        loss, facts = _step_loss(
            self.network, self.data, self.lexicon, self.tokens, self.settings, self.done
        )
        for name, value in facts.items():
            self.averages[name] = 0.95 * self.averages.get(name, value) + 0.05 * value
        return loss

    def tell(self, last: int, report: Report) -> None:
        if self.done % 50 == 0 or self.done == last:
            line = " ".join(f"{name} {value:.3f}" for name, value in self.averages.items())
            rate = self.cpu_seconds / max(1, self.done)
            report(
                f"alignment step {self.done}/{self.settings.steps} {line}, {rate:.2f} CPU s a step"
            )

    def state(self) -> dict[str, Any]:
        return {
            "cpu_seconds": self.cpu_seconds,
            "pictures": len(self.data),
            **super().state(),
            "lexicon": asdict(self.lexicon),
        }

    def restore(self, state: dict[str, Any]) -> None:
        super().restore(state)
        self.cpu_seconds = state["cpu_seconds"]


def known_texts(data: Pictures, lexicon: Lexicon) -> list[str]:
    """Texts with every word that the training may meet."""
    tables = [lexicon.hair, lexicon.hair_colours, lexicon.colours]
    tables += [*lexicon.person.values(), *lexicon.garments.values()]
    lexical = [word for table in tables for words in table.values() for word in words]
    return [*data.captions, *lexical, "a an and with in wearing dressed in hat hair person ,"]


def rows_of_step(count: int, batch: int, seed: int, step: int) -> Int[Tensor, "B"]:
    """Items of a step: each epoch in its own order, so that any step can be drawn alone."""
    per_epoch = max(1, count // batch)
    order = np.random.default_rng((seed, step // per_epoch)).permutation(count)
    first = step % per_epoch * batch
    return torch.from_numpy(order[first : first + batch])


def _step_loss(
    network: CLIP,
    data: Pictures,
    lexicon: Lexicon,
    tokens: Tokens,
    settings: AlignmentTrainingSettings,
    step: int,
) -> tuple[Float[Tensor, ""], dict[str, float]]:
    """The loss of one step, and what the log tells of it."""
    rows = rows_of_step(len(data), settings.batch, settings.seed, step)
    generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + step)
    drawn = draw_texts(
        [data.attributes[i] for i in rows],
        [data.azimuth[i] for i in rows],
        lexicon,
        settings.false_each,
        np.random.default_rng((settings.seed, 1, step)),
    )
    images = normalise(augmented(data, rows, generator))
    with autocast():
        pictures, texts = network.encode_image(images), network.encode_text(tokens(drawn.texts))
    # Cosines in float32: bf16 has three digits, and true and false differ in the third.
    pictures = F.normalize(pictures.float(), dim=-1)
    texts = F.normalize(texts.float(), dim=-1)
    return contrast(pictures @ texts.T, torch.from_numpy(drawn.wrong), network.logit_scale.exp(),
                    settings.own_weight)  # fmt: skip


def contrast(
    cosines: Float[Tensor, "B T"],
    wrong: Bool[Tensor, "B T"],
    scale: Float[Tensor, ""],
    own_weight: float,
) -> tuple[Float[Tensor, ""], dict[str, float]]:
    """Cross-entropy of each picture's own caption, and of each caption's own picture.

    Args:
        cosines: Of pictures and texts; the first B texts are the pictures' captions, then come
            rounds of B texts that are false of the picture of the same place.
        wrong: Where a text is false of a picture; others are no contrast.
        scale: Inverse temperature.
        own_weight: Weight of the contrast of a caption with its own false versions.

    Returns:
        The loss; and for the log: its value, and the share of pictures that prefer their caption
        to its false versions.
    """
    count = len(cosines)
    target = torch.arange(count)
    logits = scale * cosines
    allowed = wrong.clone()
    allowed[target, target] = True
    shut = torch.finfo(logits.dtype).min
    to_text = F.cross_entropy(logits.masked_fill(~allowed, shut), target)
    square = slice(None), slice(count)
    to_picture = F.cross_entropy(logits[square].masked_fill(~allowed[square], shut).T, target)
    rounds = cosines.shape[1] // count
    own = torch.stack([target + k * count for k in range(rounds)], dim=1)
    own_logits = logits.gather(1, own).masked_fill(~allowed.gather(1, own), shut)
    among_own = F.cross_entropy(own_logits, torch.zeros_like(target))
    loss = 0.5 * (to_text + to_picture) + own_weight * among_own
    right = (own_logits.argmax(dim=1) == 0).float().mean()
    return loss, {"loss": loss.item(), "own caption preferred": right.item()}
