"""The mannequin, and what can be wrong with an avatar, done to it on purpose."""

import torch

from gaussianmotion import __version__
from gaussianmotion.avatar.file import AvatarMetadata
from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.body import Body
from gaussianmotion.body.joints import INDEX
from gaussianmotion.config import Config
from gaussianmotion.rendering.subject import Subject
from gaussianmotion.scores.pose.mannequin import mannequin

COUNT = 8000


def person(body: Body) -> Avatar:
    """A new mannequin, to be changed as one likes."""
    avatar = mannequin(body, COUNT)
    for parameter in avatar.parameters():
        parameter.requires_grad_(False)
    return avatar


def subject(avatar: Avatar, body: Body) -> Subject:
    """An avatar as the scores take it, without a file."""
    metadata = AvatarMetadata(
        prompt_id="painted",
        prompt="a painted person",
        seed=0,
        steps=0,
        body_id=body.id,
        digest="d" * 16,
        config=Config().model_dump(mode="json"),
        version=__version__,
    )
    return Subject(avatar, body, metadata, digest="painted", training_size=128)


def part(avatar: Avatar, *names: str) -> torch.Tensor:
    """The Gaussians of some joints."""
    return torch.isin(avatar.smpl_weights.argmax(1), torch.tensor([INDEX[n] for n in names]))


def kept(avatar: Avatar, chosen: torch.Tensor) -> Avatar:
    """Only some of the Gaussians."""
    return Avatar(
        avatar.means[chosen],
        avatar.quats[chosen],
        avatar.log_scales[chosen],
        avatar.logit_opacities[chosen],
        avatar.colours[chosen],
        avatar.smpl_weights[chosen],
    )


def with_hole(avatar: Avatar, body: Body) -> Avatar:
    """A round hole of 8 cm in the chest, none in the back."""
    chest = body.joints[INDEX["spine3"]]
    away = (avatar.means - chest)[:, :2].norm(dim=1)
    return kept(avatar, (away > 0.08) | (avatar.means[:, 2] < chest[2]))


def with_two_faces(avatar: Avatar) -> Avatar:
    """The face painted on the back of the head, too."""
    head = part(avatar, "head")
    points = avatar.means[head]
    middle = points[:, 2].mean()
    front = head & (avatar.means[:, 2] > middle)
    mirrored = points.clone()
    mirrored[:, 2] = middle + (points[:, 2] - middle).abs()
    avatar.colours[head] = avatar.colours[front][
        torch.cdist(mirrored, avatar.means[front]).argmin(1)
    ]
    return avatar


def with_ball(avatar: Avatar, centre: tuple[float, float, float]) -> Avatar:
    """300 Gaussians of the left forearm gathered in a ball of 10 cm somewhere else."""
    generator = torch.Generator().manual_seed(1)
    chosen = part(avatar, "left_elbow").nonzero()[:300, 0]
    ball = torch.nn.functional.normalize(torch.randn(len(chosen), 3, generator=generator), dim=1)
    avatar.means[chosen] = torch.tensor(centre) + 0.1 * ball
    return avatar
