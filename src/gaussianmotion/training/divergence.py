"""When a training is none any more: it has left the room, shows nothing, or has not taken a step.

Steps that are not finite are left out by :mod:`gaussianmotion.training.optimiser`. What is told
here is finite and just as lost, and would end as an avatar that looks finished.
"""

import math
from pathlib import Path

import torch

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.avatar.limits import GROUPS, overshoot
from gaussianmotion.body import Body
from gaussianmotion.config import TrainConfig
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.splat.constants import ALPHA_MIN

# Mean opacity of a step's pictures that show nothing: less than two pixels of 128 x 128.
NOTHING = 1e-4
# A Gaussian as small as this, metres, covers nothing.
TINY = 1e-5
# L_skin: half of what it is where each Gaussian follows one joint, and the body another.
ASTRAY = 0.5


def refuse_lost(avatar: Avatar, body: Body, step: int, settings: TrainConfig, kept: Path) -> None:
    """Stop a training one of whose groups of parameters is beyond its limit.

    Args:
        avatar: As it is after ``step``.
        body: That it is trained on.
        step: Finished steps.
        settings: For the rates, which the message shows.
        kept: Checkpoint of an earlier step, if there is one.

    Raises:
        UserError: it is; the message names the group that went furthest, and its key.
    """
    shares = dict(zip(GROUPS, overshoot(avatar, body).tolist(), strict=True))
    lost = {name: share for name, share in shares.items() if not share <= 1.0}  # also NaN
    if not lost:
        return
    worst = max(lost, key=lambda name: math.inf if math.isnan(lost[name]) else lost[name])
    key, what = GROUPS[worst]
    _stop(step, what, _advice(key, settings), kept)


def stop_if_lost(
    row: dict[str, float], avatar: Avatar, body: Body, step: int, settings: TrainConfig, kept: Path
) -> None:
    """Look at one step's figures, and take those out that are not kept.

    Args:
        row: Figures of the pictures and of the avatar that they show: ``far`` (the largest of
            :func:`overshoot`) and ``seen`` (mean alpha of the pictures), which are taken out, and
            ``skin`` (L_skin of eq. 8).
        avatar: That avatar.
        body: That it is trained on.
        step: Finished steps.
        settings: For the rates, which the message shows.
        kept: Checkpoint of an earlier step, if there is one.

    Raises:
        UserError: a group of parameters is beyond its limit, nothing can be seen, or Gaussians
            follow other joints than the body does.
    """
    far, seen = row.pop("far"), row.pop("seen")
    if not far <= 1.0:
        refuse_lost(avatar, body, step, settings, kept)
    if seen <= NOTHING:
        _refuse_blank(avatar, step, settings, kept)
    if row["skin"] > ASTRAY:
        what = "Gaussians follow other joints than the skin beside them"
        _stop(step, what, _advice("train.lr.skinning", settings), kept)


@torch.no_grad()
def _refuse_blank(avatar: Avatar, step: int, settings: TrainConfig, kept: Path) -> None:
    faint = float(avatar.opacities.median()) < ALPHA_MIN
    if step == 0 and faint:
        raise UserError(
            f"nothing can be seen at the start of the training: Gaussians of opacity "
            f"{settings.opacity:g} are not drawn; raise train.opacity, for example to 0.1"
        )
    tiny = float(avatar.scales.amax(dim=1).median()) < TINY
    key = "train.lr.opacities" if faint else "train.lr.scales" if tiny else "train.lr.means"
    _stop(step, "nothing of the avatar can be seen", _advice(key, settings), kept)


def refuse_untrained(
    optimiser: torch.optim.Optimizer, steps: int, model: str | None = None
) -> None:
    """Stop before an avatar is written that most of its steps never reached.

    Args:
        optimiser: Adam, which counts the steps that it took.
        steps: Of the whole training.
        model: What of the prior computed what is not finite, where it was the prior.

    Raises:
        UserError: more steps were left out than taken.
    """
    states = [optimiser.state.get(group["params"][0], {}) for group in optimiser.param_groups]
    taken = int(max((float(state.get("step", 0)) for state in states), default=0))
    if 2 * taken >= steps:
        return
    what = "none" if taken == 0 else f"only {taken}"
    if model is not None:
        raise UserError(
            f"training diverged: of {steps} steps {what} could be taken, since what {model} "
            "computes is not finite; fetch or restore the model, or set prior.dtype: float32"
        )
    raise UserError(
        f"training diverged: of {steps} steps {what} could be taken, the others were not finite; "
        f"lower train.score.guidance_scale or train.lr, or set prior.dtype: float32"
    )


def _advice(key: str, settings: TrainConfig) -> str:
    rate = getattr(settings.lr, key.rpartition(".")[2])
    return f"lower {key} (now {rate:g})"


def _stop(step: int, what: str, advice: str, kept: Path) -> None:
    before = f"; {kept} keeps the state of an earlier step" if kept.exists() else ""
    raise UserError(f"training diverged at step {step}: {what}; {advice}{before}")
