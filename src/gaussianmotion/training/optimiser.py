"""Adam as the avatar needs it: rates that fall, and no step into a NaN."""

import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gaussianmotion.avatar.gaussians import GAUSSIAN_FIELDS, Avatar
from gaussianmotion.config import LearningRates
from gaussianmotion.runtime.errors import UserError

# As 3D Gaussian splatting: its gradients are tiny, and Adam's usual 1e-8 would damp them.
ADAM_EPS = 1e-15
# Steps in a row that are not finite.
MAX_SKIPPED = 10


def make_optimiser(avatar: Avatar, lr: LearningRates) -> torch.optim.Adam:
    """Adam with one named group per field of the Gaussians, and one for the skinning network."""
    rates = {
        "means": lr.means,
        "quats": lr.quats,
        "log_scales": lr.scales,
        "logit_opacities": lr.opacities,
        "colours": lr.colours,
    }
    groups: list[dict[str, Any]] = [
        {"params": [getattr(avatar, name)], "lr": rates[name], "name": name}
        for name in GAUSSIAN_FIELDS
    ]
    if avatar.skinning is not None:
        parameters = list(avatar.skinning.parameters())
        groups.append({"params": parameters, "lr": lr.skinning, "name": "skinning"})
    return torch.optim.Adam(groups, eps=ADAM_EPS)


def set_rates(optimiser: torch.optim.Adam, lr: LearningRates, done: float) -> None:
    """Set the rates that change after the share ``done`` of the training.

    That of the means falls all the time, those of colours, opacities and scales at the end.
    """
    ending = 0.0 if lr.final_share == 0.0 else max(0.0, (done - 1.0) / lr.final_share + 1.0)
    late = lr.final_decay**ending
    rates = {
        "means": lr.means * lr.means_decay**done,
        "log_scales": lr.scales * late,
        "logit_opacities": lr.opacities * late,
        "colours": lr.colours * late,
    }
    for group in optimiser.param_groups:
        group["lr"] = rates.get(group["name"], group["lr"])


def all_finite(loss: Tensor, avatar: Avatar) -> Tensor:
    """Whether the loss and all gradients are finite: a boolean on their device, not yet read."""
    gradients = [p.grad for p in avatar.parameters() if p.grad is not None]
    return torch.stack([value.isfinite().all() for value in (loss, *gradients)]).all()


def skip_or_stop(
    skipped: int,
    loss: Tensor,
    avatar: Avatar,
    step: int,
    checkpoint: Path,
    model: str | None = None,
) -> None:
    """After a step whose loss or gradient is not finite, which must not enter the Gaussians.

    In half precision a single draw of noise may overflow once in 10,000 steps. Leaving that step
    out is right; a training that resumed would draw the same noise again. Several in a row are no
    accident.

    Args:
        skipped: Such steps in a row, this one included.
        model: What of the prior computed it, where it was the prior.

    Raises:
        UserError: there were :data:`MAX_SKIPPED` in a row.
    """
    wrong = [
        name
        for name, parameter in avatar.named_parameters()
        if parameter.grad is not None and not parameter.grad.isfinite().all()
    ]
    what = f"the gradient of {', '.join(wrong)}" if wrong else "the loss"
    if skipped < MAX_SKIPPED:
        print(f"step {step} is left out: {what} is not finite", file=sys.stderr)
        return
    kept = f"; {checkpoint} keeps the state before it" if checkpoint.exists() else ""
    if model is not None:
        raise UserError(
            f"training diverged at step {step}: what {model} computes is not finite, {skipped} "
            "times in a row; the model is damaged, or its weights are too large for their "
            f"precision: fetch or restore it, or set prior.dtype: float32{kept}"
        )
    raise UserError(
        f"training diverged at step {step}: {what} is not finite, {skipped} times in a row; lower "
        f"train.score.guidance_scale or train.lr, or set prior.dtype: float32{kept}"
    )
