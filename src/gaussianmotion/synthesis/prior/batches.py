"""What a training step of the prior on pixel patches sees of the data.

A picture of size s in patches of p pixels has s/p cells a side. Labels and normals are given for a
grid of ``GRID`` x ``GRID`` parts of each cell (:mod:`gaussianmotion.guidance.layout`).
"""

from dataclasses import dataclass, fields

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from gaussianmotion.guidance.layout import GRID
from gaussianmotion.pose.condition import SKELETON_AND_SURFACE
from gaussianmotion.pose.surface_map import mirrored_surface
from gaussianmotion.synthesis.prior.items import Items
from gaussianmotion.synthesis.prior.shards import PIXELS

#: Keypoints of another side when a picture is mirrored.
MIRRORED = np.array([0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16])
# Loss weight of empty ground, which is learnt at once and would otherwise be most of the loss. The
# person weighs 1; so do the pixels near the person, or silhouettes would swell.
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
        normals: Unit normals in camera axes, 0 where there is none; without channels where normals
            are not wanted.
        weights: Weights of the squared error, per part of a cell; their mean is 1 per picture.
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
        if self.pictures.device.type == device.type:
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
        face_weight: Weight that is added on faces.
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


def make_batch(data: Items, items: np.ndarray, view: View, generator: torch.Generator) -> Batch:
    """The items of a step, on the data's device.

    Args:
        data: The data set.
        items: Numbers of the items, shape (B,).
        view: How the items are shown.
        generator: CPU generator of what is random (mirroring).
    """
    raw = data.tensors(("images", "keypoints", "visible", "states"), items)
    cells = view.size // view.patch
    step = PIXELS // (cells * GRID)  # pixels of the data's pictures per part of a cell
    parts = slice(step // 2, None, step)
    labels = data.tensors(("regions",), items, parts)["regions"].long()
    normals = torch.zeros(len(items), 0, *labels.shape[1:], device=data.device)
    if view.normals:
        depth = data.tensors(("depth",), items, parts)["depth"].float()
        normals = normals_of(depth, data.tensors(("fov",), items)["fov"])
    pictures = raw["images"].permute(0, 3, 1, 2).float()
    pictures = F.avg_pool2d(pictures, PIXELS // view.size).div(127.5).sub(1.0)
    points, shown = raw["keypoints"], raw["visible"]
    flip = torch.zeros(len(items), dtype=torch.bool)
    if view.mirror:
        flip = torch.rand(len(items), generator=generator) < 0.5
    flip = flip.to(data.device)
    if view.mirror:
        turned, shown_turned = mirrored(points, shown)
        points = _chosen(flip, turned, points)
        shown = _chosen(flip, shown_turned, shown)
        pictures = _chosen(flip, pictures.flip(-1), pictures)
        labels = _chosen(flip, labels.flip(-1), labels)
        if view.normals:
            sign = normals.new_tensor([-1.0, 1.0, 1.0])[:, None, None]
            normals = _chosen(flip, sign * normals.flip(-1), normals)
    pose_size = cells * view.pose_pixels
    scaled = points * (pose_size / PIXELS)
    poses = [data.skeletons(items, flip, scaled, shown, pose_size)]
    if view.condition == SKELETON_AND_SURFACE:
        poses.append(surfaces(data, items, flip, pose_size))
    seen = points * (labels.shape[-1] / PIXELS), shown
    return Batch(
        pictures=pictures,
        labels=labels,
        normals=normals,
        weights=loss_weights(labels, *seen, view.face_weight),
        poses=torch.cat(poses, dim=1),
        text=raw["states"].float(),
    )


def mirrored(
    keypoints: Float[Tensor, "B 18 2"], visible: Bool[Tensor, "B 18"]
) -> tuple[Float[Tensor, "B 18 2"], Bool[Tensor, "B 18"]]:
    """Keypoints, in pixels of the data, and their visibility in the mirrored pictures."""
    others = torch.from_numpy(MIRRORED).to(keypoints.device)
    turned = keypoints[:, others] * keypoints.new_tensor([-1.0, 1.0])
    return turned + keypoints.new_tensor([PIXELS, 0.0]), visible[:, others]


def _chosen(flip: Bool[Tensor, " B"], mirrored: Tensor, plain: Tensor) -> Tensor:
    """Each item's mirrored version where ``flip`` is set, else the plain one. No mask picks rows,
    since a GPU would wait for their number."""
    return torch.where(flip.view(-1, *[1] * (plain.ndim - 1)), mirrored, plain)


def surfaces(
    data: Items, items: np.ndarray, flip: Bool[Tensor, " B"], size: int
) -> Float[Tensor, "B 3 P P"]:
    """The surface maps of some items in [0, 1], mirrored where ``flip`` says so, P = ``size``."""
    drawn = data.tensors(("surface",), items)["surface"]
    maps = drawn.permute(0, 3, 1, 2).float().div(255.0)
    return F.avg_pool2d(_chosen(flip, mirrored_surface(maps), maps), PIXELS // size)


def loss_weights(
    regions: Int64[Tensor, "B g g"],
    keypoints: Float[Tensor, "B 18 2"],
    visible: Bool[Tensor, "B 18"],
    face_weight: float,
) -> Float[Tensor, "B 1 g g"]:
    """1 on and near the person, less on empty ground, more on a face that is seen; mean 1.

    Args:
        regions: Region of each part of a cell; 0 is ground.
        keypoints: Places of the keypoints, in parts of a cell.
        visible: Whether each keypoint is drawn.
        face_weight: Weight that is added on faces.
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
    place = torch.arange(size, device=keypoints.device) + 0.5
    across = (place[None, None, :] - centre[:, 0, None, None]).square()
    along = (place[None, :, None] - centre[:, 1, None, None]).square()
    inside = across + along < radius.clamp(min=1.0).square()[:, None, None]
    return (inside & (seen.sum(1) > 0)[:, None, None]).float()[:, None]


def normals_of(depth: Float[Tensor, "B g g"], fov: Float[Tensor, " B"]) -> Float[Tensor, "B 3 g g"]:
    """Unit normals, in camera axes and toward the camera, of depth maps; 0 where nothing is.

    The surface is spanned by the differences to the next points right and below; where one of the
    three is ground or far behind (another limb), there is no normal.

    Args:
        depth: Depth along the camera's axis in any unit, 0 where nothing is.
        fov: Field of view, degrees.
    """
    size = depth.shape[-1]
    focal = size / 2 / torch.tan(torch.deg2rad(fov) / 2)
    place = (torch.arange(size, device=depth.device) + 0.5 - size / 2) / focal[:, None]
    points = torch.stack([depth * place[:, None, :], depth * place[:, :, None], depth], dim=1)
    right = F.pad(points[..., 1:] - points[..., :-1], (0, 1))
    below = F.pad(points[..., 1:, :] - points[..., :-1, :], (0, 0, 0, 1))
    normal = torch.linalg.cross(below, right, dim=1)
    normal = normal / normal.norm(dim=1, keepdim=True).clamp(min=1e-9)
    # Three points of one surface: no step in depth larger than a tenth of it.
    near = 0.1 * depth
    whole = (depth > 0) & (right[:, 2].abs() < near) & (below[:, 2].abs() < near)
    edge = torch.ones(size, dtype=torch.bool, device=depth.device)
    edge[-1] = False
    whole &= edge[None, :, None] & edge[None, None, :]
    return normal * whole[:, None]
