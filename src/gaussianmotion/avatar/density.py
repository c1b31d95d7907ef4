"""Adaptive density control whose thresholds come from the gradients themselves.

Photometric training grows a Gaussian when its view-space gradient exceeds a fixed number. Gradients
of score distillation are orders of magnitude larger and do not decay, so a fixed number clones
everything. Here the Gaussians above a quantile of the measured gradients grow, whatever their unit.
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from gaussianmotion.avatar.gaussians import GAUSSIAN_FIELDS, Avatar, w_smpl
from gaussianmotion.avatar.outside import on_the_skin
from gaussianmotion.body import Body
from gaussianmotion.config import DensityConfig
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.splat.covariance import rotation_matrices

# A split Gaussian's halves are smaller by this factor (Kerbl et al. 2023).
SPLIT_SHRINK = 1.6


@dataclass(frozen=True)
class DensityChange:
    """How many Gaussians one update cloned, split and removed."""

    cloned: int
    split: int
    pruned: int


class DensityControl:
    """Clones, splits and prunes the Gaussians of one training.

    Call :meth:`observe` after every backward pass and :meth:`update` after every optimiser step.
    """

    def __init__(
        self,
        config: DensityConfig,
        steps: int,
        count: int,
        device: Any = "cpu",
        tentative: int = 0,
        smooth_weights: bool = False,
        began: Float[Tensor, "N 3"] | None = None,
    ) -> None:
        """Start with nothing observed.

        Args:
            config: Schedule and thresholds.
            steps: Steps of the whole training.
            count: Number of Gaussians now.
            tentative: How many of the last ones leave where they become fainter
                (:meth:`drop_fainter`); so does what grows from them.
            smooth_weights: Of :func:`~gaussianmotion.avatar.gaussians.w_smpl`, for new ones.
            began: Where each Gaussian began; what grows begins where it is, or over it on the skin.
        """
        self.config = config
        self.steps = steps
        self.smooth_weights = smooth_weights
        self.gradient = torch.zeros(count, device=device)
        self.seen = torch.zeros(count, device=device)
        self.tentative = torch.arange(count, device=device) >= count - tentative
        self.began = torch.zeros(count, 3, device=device) if began is None else began

    @torch.no_grad()
    def observe(self, info: dict[str, Any]) -> None:
        """Add up the view-space gradients, in pixels, of the Gaussians that were drawn.

        Args:
            info: Of the rendering, whose ``means2d`` retained its gradient.
        """
        drawn = (info["radii"] > 0).all(dim=-1)
        gradient = (info["means2d"].grad.norm(dim=-1) * drawn).sum(dim=0)
        # The CPU may have drawn for a GPU.
        self.gradient += gradient.to(self.gradient.device)
        self.seen += drawn.sum(dim=0).to(self.seen.device)

    @torch.no_grad()
    def update(
        self,
        step: int,
        avatar: Avatar,
        optimiser: torch.optim.Optimizer,
        body: Body,
        generator: torch.Generator,
    ) -> DensityChange | None:
        """Grow and prune if ``step`` is due; the optimiser's state follows its Gaussians.

        Args:
            step: Finished steps, from 1.
            optimiser: With one parameter group per field, named as in ``GAUSSIAN_FIELDS``.
            body: Gives new Gaussians their w_SMPL.
            generator: CPU generator of the new positions.

        Raises:
            UserError: the thresholds would remove every Gaussian.
        """
        config = self.config
        first, last = config.start * self.steps, config.prune_stop * self.steps
        if not config.enabled or step % config.every or not first <= step <= last:
            return None
        nothing = torch.empty(0, dtype=torch.int64, device=self.seen.device)
        clone, split = nothing, nothing
        if step < config.stop * self.steps:
            clone, split = self._to_grow(avatar)

        whole = torch.ones(len(avatar), dtype=torch.bool, device=self.seen.device)
        whole[split] = False
        source = torch.cat([whole.nonzero()[:, 0], clone, split, split])
        fresh = torch.arange(len(source), device=source.device) >= int(whole.sum())
        fields = {name: getattr(avatar, name)[source].clone() for name in GAUSSIAN_FIELDS}
        smpl_weights, began = avatar.smpl_weights[source].clone(), self.began[source]
        if fresh.any():
            fields["means"][fresh] = _samples(avatar, source[fresh], generator)
            fields["log_scales"][len(source) - 2 * len(split) :] -= torch.tensor(SPLIT_SHRINK).log()
            smpl_weights[fresh] = w_smpl(body, fields["means"][fresh], self.smooth_weights)
            began[fresh] = on_the_skin(body, fields["means"][fresh])

        alive = (fields["logit_opacities"].sigmoid() >= config.prune_opacity) & (
            fields["log_scales"].amax(dim=1) <= torch.tensor(config.prune_scale).log().item()
        )
        if not alive.any():
            raise UserError(
                f"density control would remove every Gaussian at step {step}: raise "
                f"train.density.prune_scale (now {config.prune_scale:g} m) or lower "
                f"train.density.prune_opacity (now {config.prune_opacity:g})"
            )
        kept = {name: value[alive] for name, value in fields.items()}
        anew = fresh[alive] if config.moments == "zero" else None
        _carry(avatar, optimiser, kept, smpl_weights[alive], source[alive], anew)
        self.gradient, self.seen = (torch.zeros_like(kept["means"][:, 0]) for _ in range(2))
        self.tentative = self.tentative[source[alive]]
        self.began = began[alive]
        return DensityChange(len(clone), len(split), int((~alive).sum()))

    @torch.no_grad()
    def drop_fainter(self, avatar: Avatar, optimiser: torch.optim.Optimizer, opacity: float) -> int:
        """Remove tentative Gaussians below an opacity, unless that are all; returns how many."""
        kept = (~self.tentative | (avatar.opacities >= opacity)).nonzero()[:, 0]
        if not 0 < len(kept) < len(avatar):
            return 0
        dropped = len(avatar) - len(kept)
        fields = {name: getattr(avatar, name)[kept].clone() for name in GAUSSIAN_FIELDS}
        _carry(avatar, optimiser, fields, avatar.smpl_weights[kept], kept, None)
        self.gradient, self.seen = self.gradient[kept], self.seen[kept]
        self.tentative, self.began = self.tentative[kept], self.began[kept]
        return dropped

    def _to_grow(self, avatar: Avatar) -> tuple[Int[Tensor, " K"], Int[Tensor, " M"]]:
        """Indices to clone and to split: above the quantile, strongest first, while room lasts."""
        seen = self.seen > 0
        room = self.config.max_gaussians - len(avatar)
        if not seen.any() or room <= 0:
            return seen.nonzero()[:0, 0], seen.nonzero()[:0, 0]
        mean = self.gradient / self.seen.clamp(min=1.0)
        # Strictly above: the quantile 1 grows nothing, so that a variant can only prune.
        above = seen & (mean > torch.quantile(mean[seen], self.config.grow_quantile))
        strongest = mean.masked_fill(~above, -1.0).argsort(descending=True, stable=True)
        chosen = strongest[: min(int(above.sum()), room)]
        large = avatar.scales[chosen].amax(dim=1) > self.config.grow_scale
        return chosen[~large], chosen[large]

    def state_dict(self) -> dict[str, Tensor]:
        """What was observed since the last update, who is tentative, and where each began."""
        names = ("gradient", "seen", "tentative", "began")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on from :meth:`state_dict`."""
        self.gradient, self.seen = state["gradient"].clone(), state["seen"].clone()
        self.tentative, self.began = state["tentative"].clone(), state["began"].clone()


def _samples(
    avatar: Avatar, source: Int[Tensor, " K"], generator: torch.Generator
) -> Float[Tensor, "K 3"]:
    """Points drawn from Gaussians, so that what grows fills the same volume."""
    normal = torch.randn(len(source), 3, generator=generator).to(source.device)
    offsets = rotation_matrices(avatar.quats[source]) @ (avatar.scales[source] * normal)[..., None]
    return avatar.means[source] + offsets[..., 0]


def _carry(
    avatar: Avatar,
    optimiser: torch.optim.Optimizer,
    fields: dict[str, Tensor],
    smpl_weights: Float[Tensor, "K J"],
    source: Int[Tensor, " K"],
    anew: Tensor | None,
) -> None:
    """Put other Gaussians in place of an avatar's; the optimiser's moments follow them.

    Args:
        fields: Of K Gaussians, by the names of ``GAUSSIAN_FIELDS``.
        smpl_weights: Theirs.
        source: Which Gaussian each was or grew from.
        anew: Whose moments become zero; nobody's where not given.
    """
    for name, value in fields.items():
        group = next(group for group in optimiser.param_groups if group["name"] == name)
        old = group["params"][0]
        new = nn.Parameter(value)
        state = optimiser.state.pop(old, {})
        for key, moment in state.items():
            if torch.is_tensor(moment) and moment.shape == old.shape:
                state[key] = moment[source]
                if anew is not None:
                    state[key][anew] = 0.0
        if state:
            optimiser.state[new] = state
        group["params"] = [new]
        setattr(avatar, name, new)
    avatar.smpl_weights = smpl_weights
