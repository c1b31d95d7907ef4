"""Who is in the picture: an avatar file made ready for posing and rendering.

The file describes itself, so nothing but its path is needed: its configuration names the body and
the size of the training pictures.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from jaxtyping import Float
from pydantic import ValidationError
from torch import Tensor

from gaussianmotion.avatar.face import held_share
from gaussianmotion.avatar.file import AvatarMetadata, load_avatar
from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.avatar.whose_body import in_shape
from gaussianmotion.body import Body, load_body
from gaussianmotion.body.joints import INDEX
from gaussianmotion.config import BodyConfig, TrainConfig
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.shipped import shipped
from gaussianmotion.splat.constants import EPS2D

# Height of a full-body training picture over the person's, the middle of the usual margins.
TRAINING_MARGIN = 1.25
# The same of close-ups of the head, half as much again as their 0.50 m, since pictures are drawn
# with 0.6 of the blur (``anti_alias``): with less, gaps show between the splats of cheeks and hair.
CLOSE_UP = 0.42


@dataclass(frozen=True)
class Subject:
    """An avatar, the body that moves it, and where both come from.

    Attributes:
        avatar: The Gaussians, on the device of rendering.
        body: On the same device.
        metadata: What the avatar file says of itself.
        digest: SHA-256 of the avatar file, first 16 characters.
        training_size: Pixels of the pictures that it was trained on.
        compensate: Whether it was trained with compensated opacities, and so is drawn with them.
        close_ups: Whether it was trained on close-ups of the head, too.
        closed: Whether it ended as a surface whose splats leave no gaps.
        held_opacity: That of splats which were held where they began on its face and leave no gaps;
            None where there are no such.
    """

    avatar: Avatar
    body: Body
    metadata: AvatarMetadata
    digest: str
    training_size: int
    compensate: bool = False
    close_ups: bool = False
    closed: bool = False
    held_opacity: float | None = None

    @property
    def device(self) -> torch.device:
        """Where the avatar lives."""
        return self.avatar.means.device

    @cached_property
    def weights(self) -> Float[Tensor, "N J"]:
        """Blend weights, worked out once for all frames."""
        with torch.no_grad():
            return self.avatar.weights()

    def splats(
        self, poses: Float[Tensor, "B 24 3"]
    ) -> tuple[Float[Tensor, "B N 3"], Float[Tensor, "B N 3 3"]]:
        """Posed centres (metres) and covariances, the root where the body file puts it."""
        with torch.no_grad():
            means, covars, _ = self.avatar.posed(self.body, poses, weights=self.weights)
        return means, covars

    def training_blur(self, metres_per_pixel: float) -> Float[Tensor, " N"]:
        """Standard deviation, metres, of the blur that a sharper picture lacks, for each splat.

        The rasteriser widens each splat by a fixed part of a pixel. Splats trained on coarse
        pictures rely on it to close the gaps between them; in a finer picture it is worth fewer
        metres, and what is missing is returned here (the 3D filter of Mip-Splatting). The finest
        pictures that a splat was trained on count: close-ups for those of the head, or faces would
        be blurred as the body is. Splats whose opacities were compensated never relied on it.

        Args:
            metres_per_pixel: Of the picture to be drawn, at the person.
        """
        lacking = (self.trained_pixel.square() - metres_per_pixel**2).clamp(min=0.0)
        return torch.zeros_like(lacking) if self.compensate else (EPS2D * lacking).sqrt()

    @cached_property
    def trained_pixel(self) -> Float[Tensor, " N"]:
        """Metres of a pixel of the finest training pictures that show each splat.

        None of a surface without gaps, which would only get soft outlines, nor of a face that was
        held: it has its colours of marks that are finer than pictures.
        """
        if self.closed:
            return torch.zeros_like(self.weights[:, 0])
        head = self.weights[:, INDEX["head"]] * self.close_ups
        shown = TRAINING_MARGIN + (CLOSE_UP - TRAINING_MARGIN) * head
        pixel = self.body.height / self.training_size * shown
        if self.held_opacity is None:
            return pixel
        with torch.no_grad():
            return pixel * (1.0 - held_share(self.avatar, self.body, self.held_opacity))


def load_subject(
    path: Path, device: torch.device | str = "cpu", body_path: Path | None = None
) -> Subject:
    """Read an avatar and the body that it names.

    Args:
        path: An avatar file.
        device: Where to put both.
        body_path: Another place of the same body file.

    Raises:
        UserError: the avatar or its body is missing or damaged, or the body is another one than
            the avatar was trained on.
    """
    avatar, metadata = load_avatar(path, device)
    try:
        body_config = BodyConfig.model_validate(metadata.config.get("body", {}))
        train_config = TrainConfig.model_validate(metadata.config.get("train", {}))
    except ValidationError:
        raise UserError(
            f"{path} was written by another version of gaussianmotion ({metadata.version}), whose "
            "configuration this one does not know: render it with that version or train it again"
        ) from None
    where = shipped(body_path or body_config.path)
    if not where.is_file():
        raise UserError(
            f"{path} was trained on the body {where}, and there is no such file: put it there, or "
            f"run this in the folder from which {where} is seen"
        )
    held = train_config.face.contrast > 0.0
    shape = in_shape(body_config.model_copy(update={"path": where}), metadata.prompt, metadata.seed)
    body = load_body(where, shape.betas, device=str(device))
    if body.id != metadata.body_id:
        raise UserError(
            f"{path} was trained on body {metadata.body_id}, but {where} is {body.id}: put the "
            "file it was trained on back, or train the avatar again"
        )
    return Subject(
        avatar=avatar.eval(),
        body=body,
        metadata=metadata,
        digest=hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16],
        training_size=train_config.size,
        compensate=train_config.opacity_compensation,
        close_ups=train_config.cameras.head > 0.0,
        closed=train_config.smooth_surface,
        held_opacity=train_config.opacity if held and train_config.even_start else None,
    )
