"""How large each term of eq. 8 is in the gradient of each group of the Gaussians' parameters.

lambda_scale and lambda_skin were set by counting (``LossConfig``); a short training shows whether
they came out right. With the published weights (prior.model is here) it is their score; with random
ones only the regularisers' own size, and the share above r, mean anything.
"""

import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from guidance_step import PROMPT
from paper_step import settings_of, the_config, the_prior
from sections import Note, Sizes

from gaussianmotion.config import PriorConfig
from gaussianmotion.guidance.distillation import ScoreDistillation
from gaussianmotion.guidance.prior import load_prior
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.training import loop, start


class Terms:
    """The terms of the step that runs, and the avatar that they are of."""

    def __init__(self) -> None:
        self.now: dict[str, torch.Tensor] = {}
        self.avatar: Any = None

    def kept(self, name: str, function: Any) -> Any:
        """``function``, whose result is kept under a name."""

        def call(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            self.now[name] = result[0] if isinstance(result, tuple) else result
            return result

        return call

    def with_avatar(self, function: Any) -> Any:
        """``function``, whose first argument is the avatar."""

        def call(avatar: Any, *args: Any, **kwargs: Any) -> Any:
            self.avatar = avatar
            return function(avatar, *args, **kwargs)

        return call


def run(sizes: Sizes, note: Note) -> None:
    """Train for a while and note, at its end, shares and ratios."""
    config = settings_of(the_config(sizes, steps=sizes.learning))
    try:
        prior = load_prior(PriorConfig(), sizes.device) if sizes.real else the_prior(sizes)
        note(weights="published" if sizes.real else "random")
    except UserError:
        prior = the_prior(sizes)
        note(weights="random")
    terms, backward = Terms(), torch.Tensor.backward
    steps = 0

    def compared(loss: torch.Tensor, *args: Any, **kwargs: Any) -> None:
        nonlocal steps
        steps += 1
        if steps in (1, sizes.learning):
            note(**{f"after {steps - 1} steps": _ratios(terms, config)})
        backward(loss, *args, **kwargs)

    with (
        patch.object(loop, "scale_loss", terms.kept("scale", loop.scale_loss)),
        patch.object(loop, "skinning_loss", terms.kept("skin", loop.skinning_loss)),
        patch.object(start, "make_optimiser", terms.with_avatar(start.make_optimiser)),
        patch.object(
            ScoreDistillation, "__call__", terms.kept("score", ScoreDistillation.__call__)
        ),
        patch.object(torch.Tensor, "backward", compared),
        tempfile.TemporaryDirectory() as folder,
    ):
        loop.train(config, "balance", PROMPT, 0, Path(folder), prior=prior)
    longest = terms.avatar.scales.detach().amax(dim=1)
    limit = config.train.loss.scale_threshold
    note(
        steps=sizes.learning,
        gaussians=len(longest),
        **{
            f"share longer than r = {limit:g} m": float((longest > limit).float().mean()),
            "longest, quantiles 50 % 90 % 99 % (m)": [
                round(float(longest.quantile(share)), 4) for share in (0.5, 0.9, 0.99)
            ],
        },
    )


def _ratios(terms: Terms, config: Any) -> list[dict[str, Any]]:
    """Norms of each term's gradient, a row for each group of parameters."""
    weights = {"score": 1.0, "scale": config.train.loss.scale, "skin": config.train.loss.skin}
    parameters = dict(terms.avatar.named_parameters())
    groups = {name: name.partition(".")[0] for name in parameters}
    squares = {group: dict.fromkeys(weights, 0.0) for group in groups.values()}
    for term, weight in weights.items():
        if not terms.now[term].requires_grad:
            continue
        gradients = torch.autograd.grad(
            weight * terms.now[term],
            list(parameters.values()),
            retain_graph=True,
            allow_unused=True,
        )
        for group, gradient in zip(groups.values(), gradients, strict=True):
            if gradient is not None:
                squares[group][term] += float(gradient.square().sum())
    rows = []
    for group, terms_of in squares.items():
        norms = {term: square**0.5 for term, square in terms_of.items()}
        both = norms["scale"] + norms["skin"]
        ratio = both / norms["score"] if norms["score"] else "no score"
        rows.append({"parameters": group, **norms, "regularisers / score": ratio})
    return rows
