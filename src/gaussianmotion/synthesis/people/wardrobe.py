"""Fills the wardrobe: garments, hair, shoes and hats, all bound to the neutral adult."""

from collections.abc import Callable

import numpy as np
from scipy.spatial import cKDTree

from gaussianmotion.synthesis.people.anny_rig import (
    NEUTRAL_ADULT,
    TIGHTS_VERTICES,
    AnnyRig,
    base_quads,
    t_pose_rotations,
)
from gaussianmotion.synthesis.people.garment_catalogue import CUTS, HAIR, SHOES, SPLIT_ASSETS
from gaussianmotion.synthesis.people.garments import Garment, accessory, cut_garment, split_garment
from gaussianmotion.synthesis.people.makehuman_assets import Asset, MakeHumanTarball
from gaussianmotion.synthesis.people.smpl_rig import joint_transforms, skin
from gaussianmotion.synthesis.pictures.z_buffer import vertex_normals

#: Width and height of garments' textures.
GARMENT_SIZE = 256


def neutral_binding(rig: AnnyRig) -> Callable[[Asset], tuple[np.ndarray, np.ndarray]]:
    """How an asset lies on the neutral adult in the T-pose (see garments.ToTPose)."""
    rest, joints = rig.rest_shape(NEUTRAL_ADULT)
    transforms, posed = joint_transforms(t_pose_rotations(joints), joints)
    template = skin(rest, rig.weights, transforms) - posed[0]

    def to_t_pose(asset: Asset) -> tuple[np.ndarray, np.ndarray]:
        def bound(base: np.ndarray) -> np.ndarray:
            return np.einsum("vk,vka->va", asset.coefficients, base[asset.references])

        weights = np.einsum("vk,vkj->vj", asset.coefficients, rig.weights[asset.references])
        points = skin(bound(rest) + asset.offsets, weights, transforms) - posed[0]
        return points, points - bound(template)

    return to_t_pose


def build_garments(rig: AnnyRig, tarball: MakeHumanTarball) -> dict[str, Garment]:
    """The whole wardrobe by name; hair, shoes and the rest have a prefix such as ``hair:``."""
    quads, to_t_pose = base_quads(), neutral_binding(rig)
    template, _ = rig.t_pose(NEUTRAL_ADULT)
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
    normals = vertex_normals(template, triangles)
    tights = slice(TIGHTS_VERTICES[0], TIGHTS_VERTICES[1] + 1)
    distance, nearest = cKDTree(template[tights]).query(template)
    # Head and hands have no tights near them and are never hidden.
    nearest[distance > 0.03] = -1

    wardrobe = {
        name: split_garment(name, tarball, to_t_pose, template, GARMENT_SIZE)
        for name in SPLIT_ASSETS
    }
    for name, spec in CUTS.items():
        wardrobe[name] = cut_garment(spec, template, normals, quads, nearest)

    def add(
        name: str, kind: str, region: str, folder: str, file: str, contrast: float, bias: float
    ) -> None:
        asset = tarball.asset(folder, file, GARMENT_SIZE)
        wardrobe[name] = accessory(kind, region, asset, to_t_pose(asset)[1], contrast, bias)

    for kind, file in SHOES.items():
        add(f"shoes:{kind}", kind, "shoes", "clothes", file, 0.0, 0.01)
    for name, file in HAIR.items():
        add(f"hair:{name}", name.split(":")[0], "hair", "hair", file, 0.16, 0.02)
    for number in (1, 6, 9):
        add(f"brows:{number}", "eyebrows", "other", "eyebrows", f"eyebrow{number:03d}", 0.05, 0.006)
    add("eyes", "eyes", "other", "eyes", "Low-Poly", 0.0, 0.002)
    add("fedora", "fedora", "hat", "clothes", "fedora", 0.08, 0.045)
    return wardrobe
