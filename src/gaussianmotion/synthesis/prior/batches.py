"""What a training step of the prior on pixel patches sees of the data.

A picture of size s in patches of p pixels has s/p cells a side. Labels and normals are given for a
grid of ``GRID`` x ``GRID`` parts of each cell.
"""

from dataclasses import dataclass, fields

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from gaussianmotion.pose.condition import SKELETON_AND_SURFACE
from gaussianmotion.pose.openpose import draw_openpose
from gaussianmotion.pose.surface_map import mirrored_surface
from gaussianmotion.synthesis.prior.shards import PIXELS, TrainingSet

#: Parts of a cell and side of which the layout head says what is there.
GRID = 4
#: Keypoints of another side when a picture is mirrored.
MIRRORED = np.array([0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16])
# Loss weight of empty ground; the person and what is near weighs 1. Plain ground is learnt at once
# and would be most of the loss. Near pixels count as the person does, or silhouettes would swell.
_GROUND_WEIGHT = 0.35
# Radius of a face over the distance from the neck to the middle of the head.
_FACE_RADIUS = 0.75
_NECK, _NOSE, _EYES, _EARS = 1, 0, [14, 15], [16, 17]


@dataclass
class Batch:
    """B items.

    Attributes:
        pictures: RGB in [-1, 1].
        labels: Region of each part of a cell.
        normals: Unit normals in camera axes, 0 where there is none; no channels where not wanted.
        weights: Of the squared error, per part of a cell; mean 1 per picture.
        poses: Pictures of the pose in [0, 1], the ControlNet's condition.
        text: Token states.
    """

    pictures: Float[Tensor, "B 3 s s"]
    labels: Int64[Tensor, "B g g"]
    normals: Float[Tensor, "B N g g"]
    weights: Float[Tensor, "B 1 g g"]
    poses: Float[Tensor, "B K P P"]
    text: Float[Tensor, "B L D"]

    def to(self, device: torch.device) -> "Batch":
        """The batch on a device."""
        if device.type == "cpu":
            return self
        moved = {
            f.name: getattr(self, f.name).pin_memory().to(device, non_blocking=True)
            for f in fields(self)
        }
        return Batch(**moved)


@dataclass(frozen=True)
class View:
    """How a batch shows its items.

    Attributes:
        size: Pixels of a picture.
        patch: Pixels of a cell.
        pose_pixels: Pixels of the pose's picture per cell.
        face_weight: What a face's weight is raised by.
        mirror: Whether half of the pictures are mirrored.
        normals: Whether normals are wanted.
        condition: Channels of the pose's picture: 3 for a skeleton alone, 6 for a skeleton and a
            surface map.
    """

    size: int
    patch: int
    pose_pixels: int
    face_weight: float = 0.0
    mirror: bool = True
    normals: bool = False
    condition: int = SKELETON_AND_SURFACE


def make_batch(
    data: TrainingSet, items: np.ndarray, view: View, generator: torch.Generator
) -> Batch:
    """The items of a step.

    Args:
        data: The data set.
        items: Their numbers, shape (B,).
        view: How they are shown.
        generator: Of what is random (mirroring), on the CPU.
    """
    raw = data.rows(("images", "keypoints", "visible", "states"), items)
    cells = view.size // view.patch
    step = PIXELS // (cells * GRID)  # pixels of the data's pictures per part of a cell
    parts = slice(step // 2, None, step)
    labels = data.rows(("regions",), items, parts)["regions"]
    normals = torch.zeros(len(items), 0, *labels.shape[1:])
    if view.normals:
        depth = data.rows(("depth",), items, parts)["depth"].astype(np.float32)
        fov = data.rows(("fov",), items)["fov"]
        normals = normals_of(torch.from_numpy(depth), torch.from_numpy(fov))
    pictures = torch.from_numpy(raw["images"]).permute(0, 3, 1, 2).float()
    pictures = F.avg_pool2d(pictures, PIXELS // view.size).div(127.5).sub(1.0)
    keypoints, visible = raw["keypoints"].copy(), raw["visible"].copy()
    region = torch.from_numpy(labels.astype(np.int64))
    flip = torch.zeros(len(items), dtype=torch.bool)
    if view.mirror:
        flip = torch.rand(len(items), generator=generator) < 0.5
        which = flip.numpy()
        keypoints[which] = keypoints[which][:, MIRRORED]
        keypoints[which, :, 0] = PIXELS - keypoints[which, :, 0]
        visible[which] = visible[which][:, MIRRORED]
        pictures[flip] = pictures[flip].flip(-1)
        region[flip] = region[flip].flip(-1)
        normals[flip] = normals[flip].flip(-1)
        normals[flip, :1] *= -1.0
    points, shown = torch.from_numpy(keypoints), torch.from_numpy(visible)
    pose_size = cells * view.pose_pixels
    skeletons = draw_openpose(points * (pose_size / PIXELS), shown, pose_size, pose_size)
    poses = [skeletons]
    if view.condition == SKELETON_AND_SURFACE:
        poses.append(surfaces(data, items, flip, pose_size))
    return Batch(
        pictures=pictures,
        labels=region,
        normals=normals,
        weights=loss_weights(region, points * (region.shape[-1] / PIXELS), shown, view.face_weight),
        poses=torch.cat(poses, dim=1),
        text=torch.from_numpy(raw["states"]).float(),
    )


def surfaces(
    data: TrainingSet, items: np.ndarray, flip: Bool[Tensor, " B"], size: int
) -> Float[Tensor, "B 3 P P"]:
    """The surface maps of some items in [0, 1], mirrored where ``flip`` says so, P = ``size``."""
    drawn = torch.from_numpy(data.rows(("surface",), items)["surface"])
    maps = drawn.permute(0, 3, 1, 2).float().div(255.0)
    maps[flip] = mirrored_surface(maps[flip])
    return F.avg_pool2d(maps, PIXELS // size)


def loss_weights(
    regions: Int64[Tensor, "B g g"],
    keypoints: Float[Tensor, "B 18 2"],
    visible: Bool[Tensor, "B 18"],
    face_weight: float,
) -> Float[Tensor, "B 1 g g"]:
    """1 on and near the person, less on empty ground, more on a face that is seen; mean 1.

    Args:
        regions: 0 is ground.
        keypoints: In parts of a cell.
        visible: Those that are drawn.
        face_weight: What a face has more.
    """
    person = (regions > 0).float()[:, None]
    near = F.max_pool2d(person, 5, stride=1, padding=2)
    weights = _GROUND_WEIGHT + (1.0 - _GROUND_WEIGHT) * near
    if face_weight:
        weights = weights + face_weight * face_discs(keypoints, visible, regions.shape[-1])
    return weights / weights.mean(dim=(1, 2, 3), keepdim=True)


def face_discs(
    keypoints: Float[Tensor, "B 18 2"], visible: Bool[Tensor, "B 18"], size: int
) -> Float[Tensor, "B 1 g g"]:
    """1 within the disc of a face whose nose or an eye is seen, else 0."""
    head = keypoints[:, [_NOSE, *_EARS]].mean(dim=1)
    radius = _FACE_RADIUS * (head - keypoints[:, _NECK]).norm(dim=1)
    parts = [_NOSE, *_EYES]
    seen = visible[:, parts].float()
    centre = (keypoints[:, parts] * seen[..., None]).sum(1) / seen.sum(1, keepdim=True).clamp(min=1)
    place = torch.arange(size) + 0.5
    across = (place[None, None, :] - centre[:, 0, None, None]).square()
    along = (place[None, :, None] - centre[:, 1, None, None]).square()
    inside = across + along < radius.clamp(min=1.0).square()[:, None, None]
    return (inside & (seen.sum(1) > 0)[:, None, None]).float()[:, None]


def normals_of(depth: Float[Tensor, "B g g"], fov: Float[Tensor, " B"]) -> Float[Tensor, "B 3 g g"]:
    """Unit normals, in camera axes and toward the camera, of depth maps; 0 where nothing is.

    The surface is spanned by the differences to the next points right and below; where one of the
    three is ground or far behind (another limb), there is no normal.

    Args:
        depth: Along the camera's axis, any unit, 0 where nothing is.
        fov: Degrees.
    """
    size = depth.shape[-1]
    focal = size / 2 / torch.tan(torch.deg2rad(fov) / 2)
    place = (torch.arange(size) + 0.5 - size / 2) / focal[:, None]
    points = torch.stack([depth * place[:, None, :], depth * place[:, :, None], depth], dim=1)
    right = F.pad(points[..., 1:] - points[..., :-1], (0, 1))
    below = F.pad(points[..., 1:, :] - points[..., :-1, :], (0, 0, 0, 1))
    normal = torch.linalg.cross(below, right, dim=1)
    normal = normal / normal.norm(dim=1, keepdim=True).clamp(min=1e-9)
    # Three points of one surface: no step in depth larger than a tenth of it.
    near = 0.1 * depth
    whole = (depth > 0) & (right[:, 2].abs() < near) & (below[:, 2].abs() < near)
    edge = torch.ones(size, dtype=torch.bool)
    edge[-1] = False
    whole &= edge[None, :, None] & edge[None, None, :]
    return normal * whole[:, None]
