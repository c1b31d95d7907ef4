"""What a training step looks at: random poses, cameras and backgrounds."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.body import Body
from gaussianmotion.body.joints import PARENTS
from gaussianmotion.camera import FRAMINGS, Cameras, orbit
from gaussianmotion.config import CameraConfig, TrainConfig
from gaussianmotion.pose.sampling import sample_poses

# SMPL joints whose box a framing shows, and the metres of flesh, hair and hat around them.
FRAMED_JOINTS = {
    "full body": list(range(24)),
    "upper body": [3, 6, 9, 12, 13, 14, 15, 16, 17],
    "head": [12, 15],
    "lower body": [0, 1, 2, 4, 5, 7, 8, 10, 11],
}
PADDING = {"full body": 0.12, "upper body": 0.12, "head": 0.1, "lower body": 0.12}
# The head joint is where neck and skull meet; the crown is this far along the neck-to-head line.
CROWN = 0.22
NECK, HEAD = 12, 15
# A close-up is blocked by what is in it at less than this share of the target's distance. Limbs are
# this thick, metres, and looked at in so many points of a bone.
BLOCKING = 0.6
LIMB = 0.06
BONE_POINTS = 8
CLEAR_TRIES = 8


@dataclass(frozen=True)
class Views:
    """B pairs of a pose and a camera, each with a background.

    Attributes:
        poses: Axis-angle radians, shape (B, 24, 3).
        cameras: B cameras.
        backgrounds: RGB in [0, 1], shape (B, 3).
    """

    poses: Float[Tensor, "B 24 3"]
    cameras: Cameras
    backgrounds: Float[Tensor, "B 3"]


def sample_views(
    body: Body, config: TrainConfig, generator: torch.Generator, late: bool = False
) -> Views:
    """Draw the views of one training step, on the body's device.

    Args:
        body: The body.
        config: Poses, cameras and backgrounds.
        generator: CPU generator, so that all devices see the same views.
        late: Whether the step comes after ``score.anneal_at``.
    """
    device, count = body.vertices.device, config.batch
    poses = sample_poses(count if config.pose_per_view else 1, config.poses, generator)
    poses = poses.expand(count, -1, -1).to(device)
    joints = body.posed_joints(poses).cpu()
    cameras = sample_cameras(joints, config.cameras, config.size, generator, late)
    palette = torch.tensor(config.backgrounds)
    chosen = torch.randint(len(palette), (count,), generator=generator)
    return Views(poses, cameras.to(device), palette[chosen].to(device))


def sample_cameras(
    joints: Float[Tensor, "B 24 3"],
    config: CameraConfig,
    size: int,
    generator: torch.Generator,
    late: bool = False,
) -> Cameras:
    """Draw one camera per posed body: framing, azimuth, elevation, field of view, margin.

    Azimuths are stratified: camera b looks from the b-th of B equal sectors, which start at a
    random angle, so that every step sees the person from all around. A close-up that a limb blocks
    is drawn again within its sector, and shows the whole body where nothing else is clear.

    Args:
        joints: Posed joints in metres, on the CPU.
        config: Ranges and shares.
        size: Image width and height in pixels.
        generator: CPU generator.
        late: Whether ``late_head_margin`` holds.
    """
    count = len(joints)
    draws = torch.rand(5, count, generator=generator)
    start = torch.rand((), generator=generator)
    azimuth = 360.0 * (start + (torch.arange(count) + draws[0]) / count) - 180.0
    elevation = _between(config.elevation, draws[1])
    fov_y = _between(config.fov_y, draws[2])
    shares = torch.tensor([getattr(config, name.replace(" ", "_")) for name in FRAMINGS]).cumsum(0)
    kind = torch.searchsorted(shares, draws[4], right=True).clamp(max=len(FRAMINGS) - 1)
    framing = [FRAMINGS[index] for index in kind.tolist()]
    heads = (config.late_head_margin if late else None) or config.margin
    margin, margin_of_head = _between(config.margin, draws[3]), _between(heads, draws[3])

    def look(b: int) -> Cameras:
        """From where view ``b`` is seen now, at a metre from the origin."""
        at = slice(b, b + 1)
        return orbit(azimuth[at], elevation[at], torch.ones(1), fov_y[at], torch.zeros(1, 3), size)

    targets, distances = [], []
    for b in range(count):
        for _ in range(CLEAR_TRIES):
            probe = look(b)
            free = float((margin_of_head if framing[b] == "head" else margin)[b])
            target, distance = _fit(joints[b], framing[b], probe, free, float(fov_y[b]))
            if not config.clear or framing[b] == "full body":
                break
            if not _is_blocked(joints[b], probe, target, distance, float(fov_y[b])):
                break
            redraw = torch.rand(2, generator=generator)
            azimuth[b] = 360.0 * (start + (b + redraw[0]) / count) - 180.0
            elevation[b : b + 1] = _between(config.elevation, redraw[1:])
        else:  # From this side nothing but the whole body can be seen.
            framing[b], free = "full body", float(margin[b])
            target, distance = _fit(joints[b], framing[b], look(b), free, float(fov_y[b]))
        targets.append(target)
        distances.append(distance)
    return orbit(
        *(azimuth, elevation, torch.stack(distances), fov_y, torch.stack(targets)),
        *(size, tuple(framing)),
    )


def _fit(
    joints: Float[Tensor, "24 3"], framing: str, probe: Cameras, margin: float, fov_y: float
) -> tuple[Float[Tensor, "3"], Float[Tensor, ""]]:
    """Target and distance at which the framed joints, with padding and margin, fill the image.

    Args:
        probe: A camera that looks the same way, at unit distance from the origin.
    """
    points = joints[FRAMED_JOINTS[framing]]
    if HEAD in FRAMED_JOINTS[framing]:
        axis = torch.nn.functional.normalize(joints[HEAD] - joints[NECK], dim=0)
        crown = joints[HEAD] + (CROWN - PADDING[framing]) * axis
        points = torch.cat([points, crown[None]])
    rotation = probe.viewmats[0, :3, :3]
    seen = points @ rotation.T
    low, high = seen.amin(dim=0), seen.amax(dim=0)
    target = 0.5 * (low + high)
    reach = (seen[:, :2] - target[:2]).abs() + PADDING[framing]
    # A point nearer to the camera than the target needs more distance for the same picture.
    nearness = target[2] - seen[:, 2]
    half_width = torch.tan(torch.deg2rad(torch.tensor(0.5 * fov_y)))
    distance = (margin * reach.amax(dim=1) / half_width + nearness).max()
    return rotation.T @ target, distance


def _is_blocked(
    joints: Float[Tensor, "24 3"],
    probe: Cameras,
    target: Float[Tensor, "3"],
    distance: Float[Tensor, ""],
    fov_y: float,
) -> bool:
    """Whether a limb is in the picture much nearer to the camera than the target, or around it.

    Args:
        probe: See :func:`_fit`.
    """
    share = torch.linspace(0.0, 1.0, BONE_POINTS)[:, None, None]
    children = torch.arange(1, len(PARENTS))
    ends, starts = joints[children], joints[torch.tensor(PARENTS[1:])]
    points = (starts + share * (ends - starts)).reshape(-1, 3)
    seen = (points - target) @ probe.viewmats[0, :3, :3].T
    depth = seen[:, 2] + distance
    reach = torch.tan(torch.deg2rad(torch.tensor(0.5 * fov_y))) * depth.clamp(min=0.0) + LIMB
    inside = (seen[:, :2].abs() <= reach[:, None]).all(dim=1)
    return bool((inside & (depth > -LIMB) & (depth < BLOCKING * distance)).any())


def _between(limits: tuple[float, float], share: Float[Tensor, " B"]) -> Float[Tensor, " B"]:
    return limits[0] + (limits[1] - limits[0]) * share
