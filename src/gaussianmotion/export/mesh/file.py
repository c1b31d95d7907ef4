"""The mesh, its skin and its motions in one .glb."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from gaussianmotion.avatar.skinning import blend_weights
from gaussianmotion.body.joints import JOINTS
from gaussianmotion.config import RenderConfig
from gaussianmotion.export.glb import ARRAY, ELEMENTS, Binary, write_glb
from gaussianmotion.export.mesh.rig import animations, influences, inverse_binds, skeleton_nodes
from gaussianmotion.export.mesh.sight import look
from gaussianmotion.export.mesh.surface import fitted_surface
from gaussianmotion.export.splat_glb import linear
from gaussianmotion.pose.motion import load_motions
from gaussianmotion.rendering.subject import Subject


def write_mesh(path: Path, subject: Subject, motions: Sequence[str], config: RenderConfig) -> int:
    """Write an avatar as a rigged mesh.

    Colours are the avatar's, whose light is painted on: the material is unlit where programs know
    KHR_materials_unlit, else rough.

    Args:
        path: The .glb to write or to replace.
        subject: Who.
        motions: Names of bundled clips, or paths of motion files: an animation each.
        config: ``anti_alias`` is read.

    Returns:
        The number of triangles.

    Raises:
        UserError: a motion cannot be read, two have one name, or the file cannot be written.
    """
    loaded = load_motions(motions)
    surface = fitted_surface(subject.body, look(subject, config.anti_alias))
    field = subject.avatar.skinning
    with torch.no_grad():
        residual = None if field is None else field(surface.vertices.to(subject.device)).cpu()
        weights = blend_weights(residual, surface.body_weights)
    joints, shares = influences(weights)
    binary = Binary()
    rgba = np.ones((len(surface.vertices), 4))
    rgba[:, :3] = linear(surface.rgb.numpy())
    attributes = {
        "POSITION": binary.add(surface.vertices.numpy().astype("<f4"), ARRAY, bounds=True),
        "NORMAL": binary.add(surface.normals.numpy().astype("<f4"), ARRAY),
        "COLOR_0": binary.add(np.round(rgba * 65535).astype("<u2"), ARRAY, normalised=True),
        "JOINTS_0": binary.add(joints, ARRAY),
        "WEIGHTS_0": binary.add(shares, ARRAY, normalised=True),
    }
    faces = binary.add(surface.faces.numpy().reshape(-1).astype("<u4"), ELEMENTS)
    nodes = skeleton_nodes(subject.body)
    document = {
        "extensionsUsed": ["KHR_materials_unlit"],
        "scene": 0,
        "scenes": [{"nodes": [0, len(nodes)], "name": subject.metadata.prompt_id}],
        "nodes": [*nodes, {"name": "avatar", "mesh": 0, "skin": 0}],
        "skins": [
            {
                "joints": list(range(len(JOINTS))),
                "skeleton": 0,
                "inverseBindMatrices": binary.add(inverse_binds(subject.body)),
            }
        ],
        "meshes": [
            {
                "name": "avatar",
                "primitives": [{"attributes": attributes, "indices": faces, "material": 0}],
            }
        ],
        "materials": [
            {
                "name": "painted",
                "pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 1.0},
                "extensions": {"KHR_materials_unlit": {}},
            }
        ],
    }
    clips = animations(loaded, subject.body, binary)
    if clips:
        document["animations"] = clips
    write_glb(path, subject, binary, document)
    return len(surface.faces)
