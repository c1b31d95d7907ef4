"""What is where in a picture of a person, as a prior tells it: skin, hair, each garment.

The embedded prior was trained with a small head on a middle layer of its UNet that names the region
of each pixel, since that binds pose and text early. The head ships beside the weights. Of a picture
under little noise it names the regions with edges that are sharp to a pixel, given the sentence
(:mod:`.layout_reader`): what a picture leaves open, as where a shaved head of brown skin ends and
short brown hair begins, the words decide.
"""

from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors.torch import load_file
from torch import Tensor, nn

from gaussianmotion.guidance.load import checked, loading
from gaussianmotion.runtime.errors import UserError

#: The head's weights, below the prior's folder.
HEAD_FILE = "layout_head.safetensors"
#: What the head tells apart, in the order of its channels.
REGIONS = {
    "background": 0, "skin": 1, "hair": 2, "top": 3, "bottom": 4, "dress": 5, "shoes": 6,
    "hat": 7, "other": 8,
}  # fmt: skip
#: Parts of a cell and side of which the head says what is there.
GRID = 4


class LayoutHead(nn.Module):
    """Predicts what is where from a middle layer of the UNet, by one 1x1 convolution.

    Each cell is divided into ``grid`` x ``grid`` parts; of each it says the garment region, and,
    where ``normals`` is true, which way the surface faces.
    """

    def __init__(self, width: int, regions: int, grid: int, normals: bool) -> None:
        super().__init__()
        self.regions, self.grid, self.normals = regions, grid, normals
        self.conv_out = nn.Conv2d(width, (regions + 3 * normals) * grid**2, 1)

    def forward(
        self, features: Float[Tensor, "B W h w"]
    ) -> tuple[Float[Tensor, "B R gh gw"], Float[Tensor, "B N gh gw"]]:
        """Region logits, and normals (N is 3, or 0 where they are not predicted)."""
        parts = nn.functional.pixel_shuffle(self.conv_out(features), self.grid)
        return parts[:, : self.regions], parts[:, self.regions :]


class FeatureTap:
    """Keeps what a layer of a network last returned."""

    def __init__(self, layer: nn.Module) -> None:
        self.value: Tensor | None = None
        layer.register_forward_hook(self._keep)

    def _keep(self, layer: nn.Module, inputs: Any, output: Any) -> None:
        self.value = output

    def take(self) -> Tensor:
        """The features, once."""
        value, self.value = self.value, None
        if value is None:
            raise RuntimeError("the network has not run since the features were taken")
        return value


def tapped_layer(unet: Any) -> nn.Module:
    """The layer that the head reads: the last block but one on the way up."""
    layer: nn.Module = unet.up_blocks[-2]
    return layer


def load_layout_head(folder: Path, device: torch.device, unet: Any) -> LayoutHead | None:
    """The head beside a prior's weights, in float32; None where there is none.

    Args:
        folder: Folder of the prior.
        device: Where to put it.
        unet: UNet whose layer it reads.

    Raises:
        UserError: the file is damaged, of another layout, or of another prior.
    """
    path = folder / HEAD_FILE
    if not path.is_file():
        return None
    with loading(path):
        weights = load_file(path)
    weight = weights.get("conv_out.weight")
    extra = -1 if weight is None or weight.dim() != 4 else len(weight) // GRID**2 - len(REGIONS)
    if weight is None or extra not in (0, 3):
        raise UserError(
            f"{path} is no layout head of {len(REGIONS)} regions: export the prior again, or remove"
            " the file"
        )
    width = unet.config.block_out_channels[1]
    if weight.shape[1] != width:
        raise UserError(
            f"{path} reads {weight.shape[1]} channels, and the UNet beside it has {width} there: it"
            " is another prior's; export the prior again, or remove the file"
        )
    head = LayoutHead(width, len(REGIONS), GRID, extra == 3)
    with loading(path):
        head.load_state_dict({name: value.float() for name, value in weights.items()})
    checked(head, path)
    return head.to(device).eval().requires_grad_(False)
