"""Muon for the matrices of a network, AdamW for the rest.

Muon (Jordan et al. 2024) replaces the momentum of a weight matrix by the nearest orthogonal matrix,
so that all directions move at one speed; few samples go further than with Adam. Updates are scaled
to the root mean square of Adam's (0.2 sqrt(larger side), Liu et al. 2025), so that learning rates
mean much the same. A convolution is the matrix (out, in * height * width).
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gaussianmotion.synthesis.prior.precision import fast_dtype

_QUINTIC = (3.4445, -4.7750, 2.0315)


def orthogonalise(matrices: Float[Tensor, "N R C"], steps: int = 4) -> Float[Tensor, "N R C"]:
    """Nearly the nearest orthogonal matrices, by Newton-Schulz iteration X <- (a + b G + c G^2) X.

    G = X X^T follows its own recursion, so for wide matrices all but the first and the last product
    are of R x R ones: of a convolution's 224 x 2016 that is 40 % of the work.
    """
    a, b, c = _QUINTIC
    tall = matrices.shape[1] > matrices.shape[2]
    x = (matrices.mT if tall else matrices).to(fast_dtype(matrices.device))
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    # In half precision the product of the steps' factors would lose what each of them keeps, so the
    # R x R ones stay in float32, at twice the price: worth it for wider matrices only.
    wide = 3 if x.dtype is torch.float32 else 6
    if x.shape[2] >= wide * x.shape[1]:
        x = _factor((x @ x.mT).float(), steps).to(x.dtype) @ x
    else:
        for _ in range(steps):
            gram = x @ x.mT
            x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if tall else x).float()


def _factor(gram: Float[Tensor, "N R R"], steps: int) -> Float[Tensor, "N R R"]:
    """The product of the iteration's factors; they are polynomials of ``gram`` and commute."""
    a, b, c = _QUINTIC
    product: Tensor | None = None
    for step in range(steps):
        factor = b * gram + c * gram @ gram
        factor.diagonal(dim1=1, dim2=2).add_(a)
        product = factor if product is None else factor @ product
        if step + 1 < steps:
            gram = factor @ gram @ factor
    assert product is not None  # there is at least one step
    return product


class Muon(torch.optim.Optimizer):
    """Muon and AdamW in one optimiser; groups with ``matrix=True`` take Muon's step."""

    def __init__(self, groups: list[dict[str, Any]], lr: float) -> None:
        """Set the groups up.

        Args:
            groups: Each with ``params``, ``matrix``, ``weight_decay`` and ``rate``, the group's
                factor of the learning rate.
            lr: Learning rate at the schedule's factor 1.
        """
        defaults = {"lr": lr, "rate": 1.0, "momentum": 0.95, "betas": (0.9, 0.99), "eps": 1e-8}
        super().__init__(groups, defaults)

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            if group["matrix"]:
                self._muon(params, group)
            else:
                self._adam(params, group)

    def _muon(self, params: list[Tensor], group: dict[str, Any]) -> None:
        for p in params:
            if not self.state[p]:
                self.state[p]["momentum"] = torch.zeros_like(p)
        gradients = _gradients(params)
        momenta = [self.state[p]["momentum"] for p in params]
        torch._foreach_lerp_(momenta, gradients, 1.0 - group["momentum"])
        nesterov = torch._foreach_lerp(gradients, momenta, group["momentum"])
        shapes: dict[tuple[int, int], list[tuple[Tensor, Tensor]]] = {}
        for p, update in zip(params, nesterov, strict=True):
            matrix = update.reshape(len(p), -1)
            shapes.setdefault((matrix.shape[0], matrix.shape[1]), []).append((p, matrix))
        rate = group["lr"] * group["rate"]
        torch._foreach_mul_(params, 1.0 - rate * group["weight_decay"])
        for (rows, columns), members in shapes.items():
            updates = orthogonalise(torch.stack([matrix for _, matrix in members]))
            moved = [p for p, _ in members]
            reshaped = [u.reshape(p.shape) for p, u in zip(moved, updates, strict=True)]
            scale = -rate * 0.2 * max(rows, columns) ** 0.5
            torch._foreach_add_(moved, reshaped, alpha=scale)

    def _adam(self, params: list[Tensor], group: dict[str, Any]) -> None:
        for p in params:
            if not self.state[p]:
                self.state[p].update(step=0, mean=torch.zeros_like(p), square=torch.zeros_like(p))
            self.state[p]["step"] += 1
        ages: dict[int, list[Tensor]] = {}
        for p in params:
            ages.setdefault(self.state[p]["step"], []).append(p)
        for age, members in ages.items():
            self._adam_at(age, members, group)

    def _adam_at(self, age: int, params: list[Tensor], group: dict[str, Any]) -> None:
        first, second = group["betas"]
        gradients = _gradients(params)
        means, squares = ([self.state[p][name] for p in params] for name in ("mean", "square"))
        torch._foreach_lerp_(means, gradients, 1.0 - first)
        torch._foreach_mul_(squares, second)
        torch._foreach_addcmul_(squares, gradients, gradients, value=1.0 - second)
        steps = torch._foreach_div(means, 1.0 - first**age)
        roots = torch._foreach_div(squares, 1.0 - second**age)
        torch._foreach_sqrt_(roots)
        torch._foreach_add_(roots, group["eps"])
        torch._foreach_addcdiv_(params, steps, roots, value=-group["lr"] * group["rate"])


def _gradients(params: list[Tensor]) -> list[Tensor]:
    return [p.grad for p in params if p.grad is not None]


def new_optimiser(networks: list[nn.Module], lr: float, weight_decay: float) -> Muon:
    """Muon over the hidden matrices of ``networks``, Adam over all else."""
    matrices: list[Tensor] = []
    others: list[Tensor] = []
    for network in networks:
        for name, p in network.named_parameters():
            outer = any(part in name for part in ("conv_in", "conv_out", "embedding"))
            hidden = p.ndim >= 2 and not outer
            (matrices if hidden else others).append(p)
    return Muon(
        [
            {"params": matrices, "matrix": True, "weight_decay": weight_decay},
            # First and last layers, biases and norms: Adam steps of Muon's size would shake them.
            {"params": others, "matrix": False, "weight_decay": 0.0, "rate": 0.25},
        ],
        lr,
    )
