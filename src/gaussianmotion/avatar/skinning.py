"""Blend weights of the Gaussians: the body's own, corrected by a small network (eq. 4).

``w(x) = norm(f(x) + w_SMPL(x))``, where f is a network on the canonical position, w_SMPL the
weights of the nearest body vertex, and norm clamps at zero and divides by the sum. f starts at
almost zero, so that training starts from plain linear blend skinning of the body.
"""

import itertools

import torch
from jaxtyping import Float
from torch import Tensor, nn

WIDTH = 128
HIDDEN_LAYERS = 4
LAST_LAYER_STD = 1e-5


class SkinningField(nn.Module):
    """The residual f of eq. 4: 4 x 128 LeakyReLU on positions scaled to [-1, 1] by the body's box.

    No positional encoding: blend weights vary slowly over a body, and a network that can only vary
    slowly cannot tear neighbouring Gaussians apart (3DGS-Avatar's choice).
    """

    box: Float[Tensor, "2 3"]

    def __init__(
        self, box: Float[Tensor, "2 3"], joints: int, generator: torch.Generator | None = None
    ) -> None:
        """Draw a field that is almost zero everywhere.

        Args:
            box: Lower and upper corner of the canonical body, metres.
            joints: Number of joints J.
            generator: CPU generator of the start weights.
        """
        super().__init__()
        self.register_buffer("box", box.detach().clone())
        widths = [3] + [WIDTH] * HIDDEN_LAYERS
        layers: list[nn.Module] = []
        for inside, outside in itertools.pairwise(widths):
            layer = nn.Linear(inside, outside)
            bound = inside**-0.5
            nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
            nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
            layers += [layer, nn.LeakyReLU()]
        last = nn.Linear(WIDTH, joints)
        nn.init.normal_(last.weight, std=LAST_LAYER_STD, generator=generator)
        nn.init.zeros_(last.bias)
        self.layers = nn.Sequential(*layers, last)

    def forward(self, points: Float[Tensor, "N 3"]) -> Float[Tensor, "N J"]:
        """The residual at canonical positions in metres."""
        lower, upper = self.box
        return self.layers(2.0 * (points - lower) / (upper - lower) - 1.0)


def blend_weights(
    residual: Float[Tensor, "N J"] | None, smpl_weights: Float[Tensor, "N J"]
) -> Float[Tensor, "N J"]:
    """Eq. 4: the residual plus the body's weights, clamped at zero, each row summing to one.

    Args:
        residual: f(x), or None for the body's weights alone.
        smpl_weights: Weights of the nearest body vertex, rows sum to one.
    """
    if residual is None:
        return smpl_weights
    weights = (residual + smpl_weights).clamp(min=0.0)
    # A residual below -1 everywhere would leave a row empty; the floor turns that into zeros
    # (a Gaussian at the origin), and the skinning loss pulls it back, instead of NaN.
    return weights / weights.sum(dim=-1, keepdim=True).clamp(min=1e-8)
