"""The posable human: canonical (star) geometry, skinning weights and joint transforms.

Canonical means the star pose. Transforms go from the star pose to the observed one,
``B_pose @ inverse(B_star)`` per joint, each in SE(3). The canonical vertices are the blend-skinned
T-pose vertices, and posed vertices are the blend-skinned canonical ones, exactly as the Gaussians
are posed (eq. 3). Blending twice (T to star, star to pose) is not quite SMPL's one blend from T to
pose: 0.3 mm apart on average with the legs closed, up to 2 cm in the crotch, where the weights of
both legs mix (a test measures it). SMPL's pose correctives are left out: the Gaussians have none.
"""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from smplx.lbs import batch_rigid_transform, batch_rodrigues
from torch import Tensor

from gaussianmotion.body.joints import INDEX, PARENTS
from gaussianmotion.body.poses import star_pose
from gaussianmotion.body.spread import CANDIDATES, evenly_spread

# The joints whose part of the surface people look at most closely.
DETAILED = [
    INDEX[name] for name in ("head", "left_wrist", "right_wrist", "left_hand", "right_hand")
]
# Of the vertices one of so many shows the whole surface.
THINNED = 6


@dataclass(frozen=True, eq=False)
class Body:
    """A body of V vertices and F faces, all tensors on one device, float32, metres.

    Attributes:
        id: File name and the first 12 digits of its digest (and of the shape, where it has one).
        parents: Parent of each of the 24 joints, -1 for the root.
        faces: Triangles, anticlockwise from outside, shape (F, 3).
        weights: Skinning weights, rows sum to 1, shape (V, 24).
        vertices: Canonical (star pose) positions, shape (V, 3).
        joints: Canonical joint positions, shape (24, 3).
        normals: Canonical unit vertex normals, outward, shape (V, 3).
        landmarks: Vertices of nose, right eye, left eye, right ear, left ear, shape (5,).
        rest_vertices: T-pose positions, shape (V, 3).
        rest_joints: T-pose joint positions, shape (24, 3).
        star_inverse: Star pose to T-pose transforms, shape (24, 4, 4).
        height: Height in T-pose, metres.
        floor: y of the soles in T-pose, metres.
    """

    id: str
    parents: tuple[int, ...]
    faces: Int[Tensor, "F 3"]
    weights: Float[Tensor, "V 24"]
    vertices: Float[Tensor, "V 3"]
    joints: Float[Tensor, "24 3"]
    normals: Float[Tensor, "V 3"]
    landmarks: Int[Tensor, " 5"]
    rest_vertices: Float[Tensor, "V 3"]
    rest_joints: Float[Tensor, "24 3"]
    star_inverse: Float[Tensor, "24 4 4"]
    height: float
    floor: float

    @property
    def device(self) -> torch.device:
        return self.vertices.device

    def to(self, device: torch.device | str) -> "Body":
        """The same body on another device."""
        values: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        for name, value in values.items():
            if isinstance(value, Tensor):
                values[name] = value.to(device)
        return Body(**values)

    def transforms(
        self, poses: Float[Tensor, "B 24 3"], translation: Float[Tensor, "B 3"] | None = None
    ) -> Float[Tensor, "B 24 4 4"]:
        """Rigid transforms that carry canonical points to the observed pose, one per joint.

        Args:
            poses: Axis-angle in radians relative to the parent, SMPL joint order.
            translation: Added after posing, metres.
        """
        relative = rest_transforms(self.rest_joints, poses) @ self.star_inverse
        if translation is not None:
            relative[..., :3, 3] += translation[:, None]
        return relative

    def posed_vertices(
        self, poses: Float[Tensor, "B 24 3"], translation: Float[Tensor, "B 3"] | None = None
    ) -> Float[Tensor, "B V 3"]:
        """Vertices in the observed pose, metres."""
        return skin(self.vertices, self.weights, self.transforms(poses, translation))

    def posed_joints(
        self, poses: Float[Tensor, "B 24 3"], translation: Float[Tensor, "B 3"] | None = None
    ) -> Float[Tensor, "B 24 3"]:
        """Joints in the observed pose, metres."""
        return transform_joints(self.transforms(poses, translation), self.joints)

    def nearest(self, points: Float[Tensor, "N 3"]) -> Int[Tensor, " N"]:
        """Which canonical vertex is the nearest to each point."""
        if self.device.type == "cpu":
            found = self.tree.query(points.detach().numpy())[1]
            return torch.from_numpy(np.asarray(found, dtype=np.int64))
        # In pieces: 8192 points against 10^4 vertices are 0.4 GB of distances.
        pieces = points.detach().split(8192)
        return torch.cat([torch.cdist(p, self.vertices).argmin(1) for p in pieces])

    def nearest_weights(self, points: Float[Tensor, "N 3"]) -> Float[Tensor, "N 24"]:
        """w_SMPL of eq. 4: skinning weights of the nearest canonical vertex."""
        return self.weights[self.nearest(points)]

    def heights(self, points: Float[Tensor, "N 3"]) -> Float[Tensor, " N"]:
        """How far canonical points lie outside the skin, metres; below it negative.

        Measured along the normal of the nearest vertex: of points on the surface, 19 of 20 measure
        within 2 mm, and those where it bends most up to a centimetre.
        """
        near = self.nearest(points)
        return ((points - self.vertices[near]) * self.normals[near]).sum(dim=1)

    def sample_surface(
        self,
        count: int,
        generator: torch.Generator,
        detail: float = 1.0,
        density: Float[Tensor, " F"] | None = None,
        even: bool = False,
    ) -> tuple[Float[Tensor, "N 3"], Float[Tensor, "N 3"]]:
        """Random points of equal density all over the canonical surface, and the normals there.

        Args:
            count: N.
            generator: A CPU generator; equal states give equal points on every device.
            detail: Points on head and hands, for each elsewhere on the same area.
            density: The same for each triangle, on top of that.
            even: Keep points away from one another (:mod:`.spread`).
        """
        drawn = CANDIDATES * count if even else count
        corners, normals = self.vertices[self.faces].cpu(), self.normals[self.faces].cpu()
        edges = corners[:, 1:] - corners[:, :1]
        area = torch.linalg.cross(edges[:, 0], edges[:, 1]).norm(dim=-1)
        if detail != 1.0:
            owner = self.weights.argmax(dim=1).cpu()[self.faces[:, 0].cpu()]
            area[torch.isin(owner, torch.tensor(DETAILED))] *= detail
        if density is not None:
            area = area * density.cpu()
        face = torch.multinomial(area, drawn, replacement=True, generator=generator)
        root, v = torch.rand(2, drawn, generator=generator)
        root.sqrt_()
        share = torch.stack([1 - root, root * (1 - v), root * v], dim=-1)[..., None]
        points = (corners[face] * share).sum(1)
        directions = torch.nn.functional.normalize((normals[face] * share).sum(1), dim=-1)
        kept = evenly_spread(points.numpy(), count) if even else slice(None)
        return points[kept].to(self.device), directions[kept].to(self.device)

    @cached_property
    def tree(self) -> Any:
        """For looking nearest vertices up, on the CPU."""
        from scipy.spatial import cKDTree  # half a second, and few ask for it

        return cKDTree(self.vertices.cpu().numpy())

    @cached_property
    def thinned(self) -> Int[Tensor, " M"]:
        """One vertex of :data:`THINNED`, for means over a wide part of the surface; on the CPU."""
        return torch.arange(0, len(self.vertices), THINNED)

    @cached_property
    def thinned_tree(self) -> Any:
        """For looking the nearest of :attr:`thinned` up, on the CPU."""
        from scipy.spatial import cKDTree  # half a second, and few ask for it

        return cKDTree(self.vertices.cpu()[self.thinned].numpy())


def make_body(
    id: str,
    rest_vertices: Float[Tensor, "V 3"],
    rest_joints: Float[Tensor, "24 3"],
    weights: Float[Tensor, "V 24"],
    faces: Int[Tensor, "F 3"],
    landmarks: Int[Tensor, " 5"],
) -> Body:
    """A body from its T-pose geometry (on the CPU)."""
    star = rest_transforms(rest_joints, star_pose()[None])
    vertices = skin(rest_vertices, weights, star)[0]
    joints = transform_joints(star, rest_joints)[0]
    y = rest_vertices[:, 1]
    return Body(
        id=id,
        parents=PARENTS,
        faces=faces.long(),
        weights=weights,
        vertices=vertices,
        joints=joints,
        normals=vertex_normals(vertices, faces),
        landmarks=landmarks.long(),
        rest_vertices=rest_vertices,
        rest_joints=rest_joints,
        star_inverse=rigid_inverse(star[0]),
        height=float(y.max() - y.min()),
        floor=float(y.min()),
    )


def rest_transforms(
    rest_joints: Float[Tensor, "24 3"], poses: Float[Tensor, "B 24 3"]
) -> Float[Tensor, "B 24 4 4"]:
    """SMPL's own transforms, from T-pose points to posed points (smplx's forward kinematics)."""
    rotations = batch_rodrigues(poses.reshape(-1, 3)).view(-1, 24, 3, 3)
    # On the CPU: it is read joint by joint, and each reading would wait for the device.
    parents = torch.tensor(PARENTS)
    joints = rest_joints.expand(len(poses), -1, -1)
    return batch_rigid_transform(rotations, joints, parents, dtype=poses.dtype)[1]


def rigid_inverse(transforms: Float[Tensor, "... 4 4"]) -> Float[Tensor, "... 4 4"]:
    """Inverse of transforms in SE(3), by the transpose of the rotation."""
    inverse = transforms.clone()
    rotation = transforms[..., :3, :3].transpose(-1, -2)
    inverse[..., :3, :3] = rotation
    inverse[..., :3, 3] = -(rotation @ transforms[..., :3, 3:])[..., 0]
    return inverse


def transform_joints(
    transforms: Float[Tensor, "B 24 4 4"], joints: Float[Tensor, "24 3"]
) -> Float[Tensor, "B 24 3"]:
    """Each joint carried by its own transform."""
    return (transforms[..., :3, :3] @ joints[..., None])[..., 0] + transforms[..., :3, 3]


def skin(
    points: Float[Tensor, "V 3"],
    weights: Float[Tensor, "V 24"],
    transforms: Float[Tensor, "B 24 4 4"],
) -> Float[Tensor, "B V 3"]:
    """Linear blend skinning (eq. 3)."""
    batch = len(transforms)
    blended = weights @ transforms[:, :, :3].reshape(batch, 24, 12)
    affine = blended.view(batch, -1, 3, 4)
    return (affine[..., :3] @ points[..., None])[..., 0] + affine[..., 3]


def vertex_normals(
    vertices: Float[Tensor, "V 3"], faces: Int[Tensor, "F 3"]
) -> Float[Tensor, "V 3"]:
    """Unit normals, each the area-weighted mean of its faces'; zero for a vertex of no face."""
    corners = vertices[faces]
    face_normals = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = torch.zeros_like(vertices)
    for corner in range(3):
        total.index_add_(0, faces[:, corner], face_normals)
    return torch.nn.functional.normalize(total, dim=-1)
