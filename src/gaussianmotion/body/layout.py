"""What a body file in SMPL's layout must hold, and what makes its shape that of a person."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor, linalg

from gaussianmotion.body.joints import INDEX, JOINTS, PARENTS
from gaussianmotion.runtime.arrays import Array
from gaussianmotion.runtime.errors import UserError

# V vertices, F faces, S shape directions, 24 joints; metres.
LAYOUT: Mapping[str, Array] = {
    "v_template": Array(("V", 3), low=-1e4, high=1e4),
    "f": Array(("F", 3), "whole", low=0.0),
    "weights": Array(("V", 24), low=0.0, high=1.0),
    "J_regressor": Array((24, "V"), low=-1.0, high=1.0),
    "kintree_table": Array((2, 24), "whole"),
    "shapedirs": Array(("V", 3, "S"), low=-1e4, high=1e4),
    "landmark_vertex_ids": Array((5,), "whole", low=0.0),
}
# Of weights and of the regressor's rows; SMPL's own are rounded.
SUM_TOLERANCE = 0.02
# Metres from sole to crown: a newborn child, and more than coefficients of 10 make of anybody.
SMALLEST, TALLEST = 0.3, 4.0
# Least surface over the height's square; ours has 0.6.
LEAST_SURFACE = 0.05
# Least length of a bone over the height; the shortest of SMPL, in the spine, are 0.03 of it.
LEAST_BONE = 0.002


def refuse_other_tables(arrays: Mapping[str, np.ndarray], path: Path) -> None:
    """Refuse tables that have the right shapes and say something else than SMPL's do.

    Raises:
        UserError: indices of vertices that do not exist, another tree of joints, or weights that do
            not sum to one.
    """
    vertices = len(arrays["v_template"])
    for key in ("f", "landmark_vertex_ids"):
        if arrays[key].max() >= vertices:
            raise UserError(f"{path}: {key!r} names vertices that do not exist")
    if tuple(arrays["kintree_table"][0][1:]) != PARENTS[1:]:
        raise UserError(f"{path}: its joint tree is not SMPL's, so poses would not fit it")
    for key, whose in (("weights", "a vertex"), ("J_regressor", "a joint")):
        sums = arrays[key].sum(1)
        worst = sums[np.abs(sums - 1.0).argmax()]
        if abs(worst - 1.0) > SUM_TOLERANCE:
            raise UserError(f"{path}: {key!r} of {whose} sum to {worst:.3f}, not 1")


def refuse_impossible(
    vertices: Float[Tensor, "V 3"],
    joints: Float[Tensor, "24 3"],
    faces: Int[Tensor, "F 3"],
    shaped: bool,
    path: Path,
) -> None:
    """Refuse a body that is none: in other units, lying down, without a surface, without bones.

    Args:
        vertices: In T-pose, with its shape, metres.
        joints: In T-pose, metres.
        faces: Triangles.
        shaped: Whether shape coefficients were given, which may be what is wrong.
        path: Of the file, for the message.

    Raises:
        UserError: it is.
    """
    where = f"{path} with these body.betas" if shaped else str(path)
    extent = (vertices.amax(dim=0) - vertices.amin(dim=0)).tolist()
    height = extent[1]
    if max(extent) > 2.0 * height:
        raise UserError(
            f"{where} is {extent[0]:.3g} x {height:.3g} x {extent[2]:.3g} m in x, y and z: it lies "
            "down or is none; SMPL's bodies stand along y"
        )
    if not SMALLEST <= height <= TALLEST:
        unit = {3: "millimetres: divide v_template and shapedirs by 1000"}
        unit[2] = "centimetres: divide v_template and shapedirs by 100"
        power = round(np.log10(height / 1.7)) if height > 0 else 0
        hint = f"; if it is in {unit[power]}" if power in unit else ""
        raise UserError(
            f"{where} is {height:.4g} m tall; {SMALLEST} to {TALLEST:g} m is possible{hint}"
        )
    corners = vertices[faces]
    cross = linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    surface = 0.5 * float(cross.norm(dim=-1).sum())
    if not surface >= LEAST_SURFACE * height**2:
        raise UserError(
            f"{where} has a surface of {surface:.3g} square metres: its faces ('f') do not cover a "
            "body"
        )
    bones = (joints[1:] - joints[list(PARENTS[1:])]).norm(dim=-1)
    shortest = int(bones.argmin())
    if not float(bones[shortest]) >= LEAST_BONE * height:
        raise UserError(
            f"{where} has the joints {JOINTS[shortest + 1]} and {JOINTS[PARENTS[shortest + 1]]} in "
            "one place: its 'J_regressor' is not SMPL's"
        )
    if not joints[INDEX["head"], 1] - joints[0, 1] >= 0.1 * height:
        raise UserError(f"{where} stands on its head: SMPL's bodies have y up")
