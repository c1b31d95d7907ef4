"""The loss of a step, compiled by torch after its gradients were checked.

Compiled backward passes have been wrong in silence: with torch 2.13 on a CPU they returned zero for
all inner blocks, text included, while the loss fell as if all were well. So the first batch is
differentiated both ways, and what was compiled is used only where the gradients agree.
"""

import logging
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from gaussianmotion.synthesis.prior.patch_step import PatchNetworks, StepLosses, step_losses

_LOG = logging.getLogger(__name__)
# Largest relative error of all gradients together, and of one parameter's: rounding to bfloat16 in
# another order moves a gradient by some percent.
_TOLERANCE, _TOLERANCE_OF_ONE = 0.05, 0.5
# Parameters whose gradient is shorter than this share of the whole are not looked at: it is noise.
_NEGLIGIBLE = 1e-4


class CheckedStep:
    """Computes the losses of :func:`step_losses`, by compiled code where that is right.

    Attributes:
        compiled: Whether compiled code is in use; None before the first batch.
    """

    def __init__(self) -> None:
        self.compiled: bool | None = None
        self._losses: StepLosses = torch.compile(step_losses, dynamic=False)

    def __call__(self, networks: PatchNetworks, *arguments: Any) -> dict[str, Tensor]:
        """The losses."""
        if self.compiled is None:
            self.compiled = self._agrees(networks, *arguments)
            if not self.compiled:
                self._losses = step_losses
        return self._losses(networks, *arguments)

    def _agrees(self, networks: PatchNetworks, *arguments: Any) -> bool:
        parameters = list(networks.all.parameters())
        try:
            found = _gradients(self._losses, parameters, networks, *arguments)
        except Exception as error:  # a compiler may raise anything
            said = (str(error).splitlines() or [type(error).__name__])[0]
            _LOG.warning("the step is not compiled: %s", said)
            return False
        expected = _gradients(step_losses, parameters, networks, *arguments)
        difference = worst_difference(found, expected)
        if difference is not None:
            _LOG.warning("the step is not compiled: its gradients differ, %s", difference)
        return difference is None


def _gradients(
    losses: StepLosses, parameters: Sequence[Tensor], *arguments: Any
) -> list[Tensor | None]:
    return list(torch.autograd.grad(losses(*arguments)["loss"], parameters, allow_unused=True))


def worst_difference(
    found: Sequence[Tensor | None], expected: Sequence[Tensor | None]
) -> str | None:
    """How gradients differ from the expected ones, in words; None where they agree.

    Args:
        found: Gradients of the parameters, by compiled code.
        expected: Gradients of the same parameters, computed without a compiler.
    """
    pairs = [
        (None if a is None else a.float(), b.float())
        for a, b in zip(found, expected, strict=True)
        if b is not None
    ]
    lengths = torch.stack([b.norm() for _, b in pairs])
    errors = torch.stack([b.norm() if a is None else (a - b).norm() for a, b in pairs])
    whole = float(errors.norm() / lengths.norm())
    if not whole < _TOLERANCE:
        return f"by {whole:.0%} as a whole"
    counted = lengths > _NEGLIGIBLE * lengths.norm()
    worst = float((errors / lengths)[counted].max())
    return None if worst < _TOLERANCE_OF_ONE else f"one parameter's by {worst:.0%}"
