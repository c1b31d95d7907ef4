"""What is where on an avatar: skin, hair, each garment, one of them for each Gaussian.

A prior that names the regions of pictures (:mod:`..guidance.layout`) says of every pixel how likely
each is; summed over the pixels that a Gaussian is in, that is a share of each region. Here the
neighbours' shares are averaged, so that borders are lines, and the largest one decides. This goes
beyond the paper.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gaussianmotion.avatar.borders import shortened
from gaussianmotion.avatar.complexion import Shown
from gaussianmotion.avatar.surface import Sheet

# Neighbours over which shares are averaged, the window's standard deviation in metres, and how
# often: together some 3 cm, two of the prior's pixels.
NEIGHBOURS, WINDOW, ROUNDS = 24, 0.018, 3
# How often borders are made shorter.
SHORTER = 4
# What a Gaussian on a border counts for others of its region, at least.
LEAST = 0.05
# A region of fewer Gaussians than this share is a mistake, and they are in the next likely one. So
# are fewer than the first number always, and more than the second never.
FEWEST, BOUNDS = 0.005, (4, 60)
#: What people wear: cloth that hangs on them, shoes, and a hat; and what of it may be a skirt.
CLOTHES, SHOES, HAT = ("top", "bottom", "dress"), "shoes", "hat"
GARMENTS = (*CLOTHES, SHOES, HAT)
SKIRTS = ("dress", "bottom")


@dataclass(frozen=True)
class Regions:
    """One region for each Gaussian; on the CPU.

    Attributes:
        names: Of the regions.
        kinds: Numbers in ``names``.
        purity: How much more a Gaussian is that than the next region, from :data:`LEAST` to 1.
        seen: Pixels of people that it was in, by its share of each.
    """

    names: tuple[str, ...]
    kinds: Int[Tensor, " N"]
    purity: Float[Tensor, " N"]
    seen: Float[Tensor, " N"]

    @classmethod
    def of(
        cls,
        sums: Float[Tensor, "N R"],
        names: tuple[str, ...],
        sheet: Sheet,
        held: Int[Tensor, " M"] | None = None,
    ) -> "Regions":
        """Regions from what pixels say.

        Args:
            sums: Of each region, as :func:`.lifting.lifted` returns them; the first is the ground.
            names: Theirs, without the ground's.
            sheet: The avatar's, on which neighbours are looked up.
            held: Numbers of the face's Gaussians, which are skin.
        """
        seen = sums[:, 1:].sum(dim=1).clamp(min=0.0).cpu()
        shares = _averaged(sums[:, 1:].cpu() / seen.clamp(min=1e-6)[:, None], sheet)
        shares, _ = _without_few(shares, lambda shares: shares.argmax(dim=1))
        hair, skin = names.index("hair"), names.index("skin")

        def short(shares: Float[Tensor, "N R"]) -> Int[Tensor, " N"]:
            best = shares.argmax(dim=1)
            if held is not None:
                best[held.cpu()] = skin
            return shortened(sheet, best, SHORTER, _and_held(best == hair, held), best == hair)

        shares, kinds = _without_few(shares, short)
        best, order = shares.topk(2, dim=1)
        purity = (best[:, 0] - best[:, 1]) / best.sum(dim=1).clamp(min=1e-6)
        # Those that follow their neighbours were likelier something else.
        purity = torch.where(kinds == order[:, 0], purity, 0.0)
        return cls(names, kinds, purity.clamp(LEAST, 1.0), seen)

    def fringed(self, held: Int[Tensor, " M"] | None = None) -> Bool[Tensor, " N"]:
        """Which ones stay as they are at borders: hair, and the face, whose numbers are held."""
        return _and_held(self.among("hair"), held)

    def among(self, *names: str) -> Bool[Tensor, " N"]:
        """Which Gaussians are in one of these regions."""
        return torch.isin(self.kinds, torch.tensor([self.names.index(name) for name in names]))

    def cut(self, sheet: Sheet) -> Sheet:
        """The sheet cut along the borders."""
        return replace(sheet, kinds=self.kinds)

    def shown(self, device: torch.device) -> Shown:
        """What is skin and what is hair, without anything between, on a device."""
        skin, hair = (self.among(name).float() for name in ("skin", "hair"))
        seen = self.seen * (0.5 + 0.5 * self.purity).square()  # borders say less of the colour
        return Shown(*(part.to(device) for part in (skin, hair, seen)))


def fewest(count: int) -> int:
    """Of so many Gaussians the least that are a region."""
    return min(max(round(FEWEST * count), BOUNDS[0]), BOUNDS[1])


def _and_held(which: Bool[Tensor, " N"], held: Int[Tensor, " M"] | None) -> Bool[Tensor, " N"]:
    """These and those whose numbers are held."""
    return which if held is None else which.index_fill(0, held.cpu(), True)


def _without_few(
    shares: Float[Tensor, "N R"], decide: Callable[[Float[Tensor, "N R"]], Int[Tensor, " N"]]
) -> tuple[Float[Tensor, "N R"], Int[Tensor, " N"]]:
    """Shares of regions that are no mistakes, and what is decided by them.

    The smallest goes first: what leaves it may be what another one lacked.
    """
    least = fewest(len(shares))
    while True:
        kinds = decide(shares)
        count = torch.bincount(kinds, minlength=shares.shape[1])
        few = (count > 0) & (count < least) & (shares.amax(dim=0) > 0.0)
        if not few.any() or (count > 0).sum() == 1:
            return shares, kinds
        shares = shares.clone()
        shares[:, torch.where(few, count, len(shares)).argmin()] = 0.0


def _averaged(shares: Float[Tensor, "N R"], sheet: Sheet) -> Float[Tensor, "N R"]:
    """Means over neighbours; what is hidden gets those of what is seen."""
    everything = torch.arange(len(shares))
    around = list(sheet.neighbourhoods(sheet.means, NEIGHBOURS, 0.0, rows=everything))
    weights = [piece.weights(torch.full((len(piece.rows), 1), WINDOW)) for piece in around]
    for _ in range(ROUNDS):
        shares = torch.cat(
            [
                torch.einsum("fk,fkr->fr", weight, shares[piece.near])
                for piece, weight in zip(around, weights, strict=True)
            ]
        )
    return shares
