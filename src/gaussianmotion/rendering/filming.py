"""A motion made ready for the screen: at the video's rate, looped or cut, and filmed."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from smplx.lbs import batch_rodrigues
from torch import Tensor

from gaussianmotion.body import Body
from gaussianmotion.body.model import skin
from gaussianmotion.camera import Cameras
from gaussianmotion.config.rendering import MotionFilmed
from gaussianmotion.pose.motion import Motion
from gaussianmotion.rendering.cameras import fitted_orbit, moved, repeated, smoothed

# A clip that stays within this of its start is filmed by a standing camera, metres.
STAYS = 1.0
# Smoothing of a walking camera, seconds.
CAMERA_CALM = 0.5
# Every n-th vertex is enough to frame a person.
VERTEX_STRIDE = 7


@dataclass(frozen=True)
class PreparedMotion:
    """What a video shows.

    Attributes:
        poses: Axis-angle joint rotations in radians, shape (T, 24, 3).
        translation: World, metres, shape (T, 3).
        fps: Frames per second.
        cycles: How often a cyclic motion is repeated; 0 where it is not cyclic.
    """

    poses: Float[Tensor, "T 24 3"]
    translation: Float[Tensor, "T 3"]
    fps: float
    cycles: int

    def __len__(self) -> int:
        return len(self.poses)


def prepare(motion: Motion, config: MotionFilmed) -> PreparedMotion:
    """Bring a motion to the video's rate and length.

    A cyclic motion (a step, a run) is repeated until it lasts ``motion_seconds``, and its last
    frame, which is the first one again, is left out: the video loops. Any other is played once and
    cut at ``motion_seconds_max``.
    """
    once = motion.resample(float(config.fps))
    longest = max(1, round(config.motion_seconds_max * config.fps))
    period = len(once) - 1
    if not motion.cyclic or not 2 <= period <= longest:
        return PreparedMotion(
            once.poses[:longest], once.translation[:longest], float(config.fps), 0
        )
    looped = once.loop(config.motion_seconds)
    cycles = min((len(looped) - 1) // period, longest // period)
    frames = cycles * period
    return PreparedMotion(
        looped.poses[:frames], looped.translation[:frames], float(config.fps), cycles
    )


def film(
    clip: PreparedMotion, body: Body, size: int, config: MotionFilmed
) -> tuple[Cameras, float]:
    """Cameras that show the whole person in every frame, and the height of the floor.

    The camera stands still where the person does, and walks along where they go: at constant speed
    for cycles, which keeps the loop, else along the smoothed path. It looks from
    ``config.motion_azimuth`` beside the clip's mean heading, and never moves up or down, so that
    jumps are seen as such.

    Returns:
        One camera per frame, of the world; floor height in metres.
    """
    some = slice(None, None, VERTEX_STRIDE)
    with torch.no_grad():
        transforms = body.transforms(clip.poses.to(body.device))
        points = skin(body.vertices[some], body.weights[some], transforms).cpu()
    world = points + clip.translation[:, None]
    path = _camera_path(clip)
    azimuth = heading(clip.poses) + config.motion_azimuth
    camera = fitted_orbit(
        (world - path[:, None]).reshape(-1, 3),
        torch.tensor([azimuth]),
        config.video_elevation,
        size,
        config,
    )
    # A foot touches the floor most of the time, and a few frames may sink into it.
    floor = float(world[..., 1].amin(dim=1).quantile(0.1))
    return moved(repeated(camera, len(clip)), path), floor


def heading(poses: Float[Tensor, "T 24 3"]) -> float:
    """Azimuth in degrees that the person faces on average: 0 along +z, 90 along +x."""
    pelvis = batch_rodrigues(poses[:, 0])
    up, forward = pelvis[:, :, 1], pelvis[:, :, 2]
    # Who bends down until they look at the floor faces where the head points.
    ahead = (forward - forward[:, 1:2] * up).mean(dim=0)
    return float(torch.rad2deg(torch.atan2(ahead[0], ahead[2])))


def _camera_path(clip: PreparedMotion) -> Float[Tensor, "T 3"]:
    flat = clip.translation * torch.tensor([1.0, 0.0, 1.0])
    travelled = (flat - flat[0]).norm(dim=1).max()
    if travelled < STAYS:
        return torch.zeros_like(flat)
    if clip.cycles:
        step = (flat[-1] - flat[0]) / (len(clip) - 1)
        if clip.cycles > 1:  # exactly, from one cycle to the next
            period = len(clip) // clip.cycles
            step = (flat[period] - flat[0]) / period
        return flat[0] + step * torch.arange(len(clip))[:, None]
    return smoothed(flat, CAMERA_CALM * clip.fps)
