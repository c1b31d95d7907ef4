"""An avatar in its canonical pose from all around: where it covers pictures, and in what colour.

The pictures are the rasteriser's, so a mesh that agrees with them has the avatar's own outline.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.body.poses import star_pose
from gaussianmotion.camera import Cameras, orbit
from gaussianmotion.config import RenderConfig
from gaussianmotion.rendering.cameras import select
from gaussianmotion.rendering.frame import draw_layers
from gaussianmotion.rendering.subject import Subject
from gaussianmotion.splat import rasterise

AZIMUTHS = 12
ELEVATIONS = (-25.0, 5.0, 40.0)  # from farther below, cameras would look into skirts
FOV_Y = 20.0  # degrees; nearly parallel rays
SIZE = 256  # pixels: 9 mm each, two thirds of a training picture's
# Metres around the body for hair, hats and skirts.
ROOM = 0.25
#: Coverage of a pixel at which somebody is there: the outline of a picture.
HALF = 0.5
# Metres by which what a picture shows may lie before or behind a point that it is the colour of:
# splats of a surface are spread over its depth.
SAME = 0.06


@dataclass(frozen=True, eq=False)
class Sight:
    """C pictures of one person.

    Attributes:
        cameras: Around the canonical body.
        rgb: Colours where something is seen, in [0, 1].
        alpha: Coverage.
        depth: Mean depth of what is seen, metres.
    """

    cameras: Cameras
    rgb: Float[Tensor, "C 3 H W"]
    alpha: Float[Tensor, "C 1 H W"]
    depth: Float[Tensor, "C 1 H W"]


def look(subject: Subject, anti_alias: float) -> Sight:
    """Draw the avatar in its canonical pose, with its depth, from all around.

    Args:
        subject: Who.
        anti_alias: As ``RenderConfig.anti_alias``: an outline is as wide as pictures show it.
    """
    body, device = subject.body, subject.device
    low, high = body.vertices.amin(dim=0), body.vertices.amax(dim=0)
    rings = torch.arange(len(ELEVATIONS)).repeat_interleave(AZIMUTHS)
    # Each ring stands between the one below.
    turns = torch.arange(AZIMUTHS).repeat(len(ELEVATIONS)) + rings / len(ELEVATIONS)
    count = len(turns)
    half = 0.5 * float((high - low).max()) + ROOM
    distance = half / torch.tan(torch.deg2rad(torch.tensor(0.5 * FOV_Y)))
    cameras = orbit(
        turns * (360.0 / AZIMUTHS),
        torch.tensor(ELEVATIONS)[rings],
        distance.expand(count),
        torch.full((count,), FOV_Y),
        (0.5 * (low + high)).cpu().expand(count, 3),
        SIZE,
    ).to(device)
    pose = star_pose()[None].to(device)
    config = RenderConfig(anti_alias=anti_alias)
    means, covars = subject.splats(pose)
    rgb, alpha, depth = [], [], []
    for index in range(count):
        camera = select(cameras, [index])
        seen = draw_layers(subject, pose, camera, config)
        forward = camera.viewmats[0, 2]
        depths = (means[0] @ forward[:3] + forward[3])[:, None].expand(-1, 3).contiguous()
        with torch.no_grad():
            layered = rasterise(
                *(means, covars, depths, subject.avatar.opacities, camera.viewmats, camera.Ks),
                *(camera.width, camera.height, None, "auto", subject.compensate),
            )
        rgb.append((seen.rgb / seen.alpha.clamp(min=1e-3))[0].permute(2, 0, 1))
        alpha.append(seen.alpha[0].permute(2, 0, 1))
        depth.append((layered.rgb[..., :1] / layered.alpha.clamp(min=1e-3))[0].permute(2, 0, 1))
    return Sight(
        cameras.to("cpu"),
        torch.stack(rgb).cpu(),
        torch.stack(alpha).cpu(),
        torch.stack(depth).cpu(),
    )


def fullness(sight: Sight, points: Float[Tensor, "P 3"]) -> Float[Tensor, " P"]:
    """Coverage at points, the least of all views, less one half.

    Above 0 inside the visual hull: below it some picture sees that nobody is there.
    """
    least = points.new_full((len(points),), HALF)
    for index in range(len(sight.cameras)):
        places, _ = _project(sight.cameras, index, points)
        least = torch.minimum(least, _sample(sight.alpha[index], places)[0] - HALF)
    return least


def seen_colours(
    sight: Sight, points: Float[Tensor, "P 3"], normals: Float[Tensor, "P 3"]
) -> tuple[Float[Tensor, "P 3"], Float[Tensor, " P"]]:
    """Colours of surface points, the mean of the pictures that look at them; and their weight.

    A picture counts the more, the straighter it looks at a point; not where it shows something
    else in front or behind. A weight of 0 is a point that no picture sees.
    """
    total = points.new_zeros(len(points), 3)
    weight = points.new_zeros(len(points))
    for index in range(len(sight.cameras)):
        places, depths = _project(sight.cameras, index, points)
        maps = torch.cat([sight.rgb[index], sight.alpha[index], sight.depth[index]])
        taken = _sample(maps, places)
        facing = -(normals @ sight.cameras.viewmats[index, 2, :3]).clamp(max=0.0)
        share = facing**4 * taken[3] * ((depths - taken[4]).abs() < SAME)
        total += share[:, None] * taken[:3].T
        weight += share
    return total / weight.clamp(min=1e-6)[:, None], weight


def _project(
    cameras: Cameras, index: int, points: Float[Tensor, "P 3"]
) -> tuple[Float[Tensor, "P 2"], Float[Tensor, " P"]]:
    """Places in a picture, from -1 to 1, and depths in metres."""
    view, K = cameras.viewmats[index], cameras.Ks[index]
    seen = points @ view[:3, :3].T + view[:3, 3]
    pixels = seen[:, :2] / seen[:, 2:] * K[[0, 1], [0, 1]] + K[:2, 2]
    size = torch.tensor([cameras.width, cameras.height])
    return 2.0 * pixels / size - 1.0, seen[:, 2]


def _sample(maps: Float[Tensor, "K H W"], places: Float[Tensor, "P 2"]) -> Float[Tensor, "K P"]:
    """Pictures at places, linearly; 0 outside."""
    taken = torch.nn.functional.grid_sample(maps[None], places[None, None], align_corners=False)
    return taken[0, :, 0]
