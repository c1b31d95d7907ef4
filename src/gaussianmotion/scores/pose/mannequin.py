"""A person whose colours are known: Gaussians on the body's surface, painted by body part.

Nothing is learnt here. It is what the rendering tests look at, and what a pose detector can see at
best on this body: its figure on the mannequin is the ceiling of its figure on an avatar.
"""

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion import __version__
from gaussianmotion.avatar.file import AvatarMetadata, save_avatar
from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.body import Body
from gaussianmotion.body.joints import INDEX
from gaussianmotion.config import Config

SKIN, HAIR, DARK, LIPS = (
    (0.86, 0.66, 0.54),
    (0.24, 0.15, 0.10),
    (0.08, 0.07, 0.08),
    (0.70, 0.3, 0.3),
)
TOP, BOTTOM, SHOES = (0.25, 0.42, 0.68), (0.22, 0.23, 0.28), (0.10, 0.09, 0.09)
BARE = ("head", "neck", "left_wrist", "right_wrist", "left_hand", "right_hand")
LEGS = ("pelvis", "left_hip", "right_hip", "left_knee", "right_knee")
FEET = ("left_ankle", "right_ankle", "left_foot", "right_foot")
OPACITY = 0.97


def mannequin(body: Body, count: int = 20_000, seed: int = 0) -> Avatar:
    """Blue top, dark trousers, black shoes, dark hair, and a face in front.

    Args:
        body: On the CPU.
        count: Number of Gaussians.
        seed: Of the positions.
    """
    generator = torch.Generator().manual_seed(seed)
    avatar = Avatar.on_body(body, count, OPACITY, generator, residual_skinning=False)
    with torch.no_grad():
        rgb = paint(avatar.means, avatar.smpl_weights, body)
        avatar.colours.copy_(torch.logit(rgb, eps=1e-3))
    return avatar


def save_mannequin(path: Path, body: Body, config: Config, count: int = 20_000) -> Path:
    """Write the mannequin as an avatar file.

    Args:
        path: The file to write.
        body: The body at ``config.body.path``.
        config: Kept in the file.
        count: Number of Gaussians.
    """
    metadata = AvatarMetadata(
        prompt_id="mannequin",
        prompt="a person in a blue top and dark trousers, painted by hand",
        seed=0,
        steps=0,
        body_id=body.id,
        digest="mannequin",
        config=config.model_dump(mode="json"),
        version=__version__,
    )
    save_avatar(path, mannequin(body, count), metadata)
    return path


def paint(
    points: Float[Tensor, "N 3"], weights: Float[Tensor, "N 24"], body: Body
) -> Float[Tensor, "N 3"]:
    """Colours of canonical surface points, RGB in [0, 1]: by body part, with a little light."""
    part = weights.argmax(dim=1)
    rgb = torch.tensor(TOP).repeat(len(points), 1)

    def colour(chosen: Tensor, value: tuple[float, float, float]) -> None:
        rgb[chosen] = torch.tensor(value)

    def among(names: tuple[str, ...]) -> Tensor:
        return torch.isin(part, torch.tensor([INDEX[name] for name in names]))

    colour(among(BARE), SKIN)
    colour(among(LEGS), BOTTOM)
    colour(among(FEET), SHOES)
    nose, right_eye, left_eye, right_ear, left_ear = body.vertices[body.landmarks]
    eyes, ears = 0.5 * (right_eye + left_eye), 0.5 * (right_ear + left_ear)
    head = among(("head",))
    behind = points[:, 2] < ears[2]
    colour(head & behind & (points[:, 1] > nose[1] - 0.06), HAIR)
    colour(head & (points[:, 1] > eyes[1] + 0.055), HAIR)
    for eye in (right_eye, left_eye):
        colour((points - eye).norm(dim=1) < 0.013, DARK)
    mouth = points - nose + torch.tensor([0.0, 0.038, 0.0])
    front = points[:, 2] > eyes[2] - 0.02
    colour(head & front & (mouth[:, 0].abs() < 0.022) & (mouth[:, 1].abs() < 0.007), LIPS)

    light = torch.nn.functional.normalize(torch.tensor([0.2, 0.7, 0.7]), dim=0)
    nearest = torch.cdist(points, body.vertices).argmin(dim=1)
    return rgb * (0.78 + 0.22 * (body.normals[nearest] @ light))[:, None]
