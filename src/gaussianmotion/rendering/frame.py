"""One picture: an avatar in a pose, seen by a camera, on a background."""

from collections.abc import Iterator

import torch
from jaxtyping import Float, UInt8
from numpy import ndarray
from torch import Tensor

from gaussianmotion.camera import Cameras
from gaussianmotion.config.rendering import AntiAliasing, Drawn
from gaussianmotion.rendering.cameras import moved, select
from gaussianmotion.rendering.ground import floor_layer
from gaussianmotion.rendering.subject import Subject
from gaussianmotion.splat import Backend, Rendering, rasterise

# Frames per call of the rasteriser: enough to keep every core busy, little enough for memory.
BATCH = 4


def draw(
    subject: Subject,
    poses: Float[Tensor, "B 24 3"],
    cameras: Cameras,
    layer: Float[Tensor, "B H W 3"],
    config: AntiAliasing,
    backend: Backend = "auto",
) -> UInt8[ndarray, "B H W 3"]:
    """Pose b seen by camera b, in front of picture b.

    Args:
        subject: Who.
        poses: Axis-angle joint rotations in radians.
        cameras: B cameras, about the person standing where the body file puts its root.
        layer: What is behind the person, RGB in [0, 1].
        config: How splats are widened.
        backend: As of ``splat.rasterise``.
    """
    rendering = draw_layers(subject, poses, cameras, config, backend)
    image = rendering.rgb + (1.0 - rendering.alpha) * layer
    return (image.clamp(0.0, 1.0) * 255.0).round().to(torch.uint8).cpu().numpy()


def draw_layers(
    subject: Subject,
    poses: Float[Tensor, "B 24 3"],
    cameras: Cameras,
    config: AntiAliasing,
    backend: Backend = "auto",
    opacities: Float[Tensor, " N"] | None = None,
) -> Rendering:
    """The person alone, on black, and what of each pixel they cover.

    Args as of :func:`draw`, and:
        opacities: In place of the avatar's own.
    """
    means, covars = subject.splats(poses)
    sigma = config.anti_alias * subject.training_blur(metres_per_pixel(means, cameras))
    covars = covars + sigma.square()[:, None, None] * torch.eye(3, device=covars.device)
    with torch.no_grad():
        return rasterise(
            means,
            covars,
            subject.avatar.rgb,
            subject.avatar.opacities if opacities is None else opacities,
            cameras.viewmats,
            cameras.Ks,
            cameras.width,
            cameras.height,
            None,
            backend,
            subject.compensate,
        )


def metres_per_pixel(means: Float[Tensor, "B N 3"], cameras: Cameras) -> float:
    """Size of a pixel at the person's middle, mean over the batch."""
    middle = means.mean(dim=1, keepdim=True)
    depth = cameras.project(middle)[:, 0, 2]
    return float((depth / cameras.Ks[:, 1, 1]).mean())


def draw_sequence(
    subject: Subject,
    poses: Float[Tensor, "T 24 3"],
    translation: Float[Tensor, "T 3"],
    cameras: Cameras,
    floor: float | None,
    config: Drawn,
    backend: Backend = "auto",
) -> Iterator[UInt8[ndarray, "H W 3"]]:
    """Frames one by one: frame t has pose t, moved by translation t, seen by camera t.

    Args:
        translation: World, metres. The world is moved instead of the person, which is the same.
        cameras: T cameras of the world.
        floor: Height of the floor in the world, metres; None for a plain background.
    """
    background = torch.tensor(config.background, device=subject.device)
    for start in range(0, len(poses), BATCH):
        chosen = list(range(start, min(start + BATCH, len(poses))))
        some = select(cameras, chosen).to(subject.device)
        shift = translation[chosen].to(subject.device)
        turned = poses[chosen].to(subject.device)
        if floor is None:
            shape = (len(chosen), some.height, some.width, 3)
            layer = background.expand(shape)
        else:
            joints = subject.body.posed_joints(turned) + shift[:, None]
            layer = floor_layer(some, joints, floor, background)
        yield from draw(subject, turned, moved(some, -shift), layer, config, backend)
