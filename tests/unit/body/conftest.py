"""A tiny body in SMPL's layout: one tetrahedron per joint, 96 vertices."""

from pathlib import Path

import numpy as np
import pytest

from gaussianmotion.body.joints import INDEX, PARENTS

# Offsets from the parent, of the left side and the middle.
OFFSETS = {
    "left_hip": (0.08, -0.08, 0.0), "left_knee": (0.0, -0.4, 0.0), "left_ankle": (0.0, -0.4, 0.0),
    "left_foot": (0.0, -0.05, 0.1), "spine1": (0.0, 0.1, 0.0), "spine2": (0.0, 0.1, 0.0),
    "spine3": (0.0, 0.1, 0.0), "neck": (0.0, 0.2, 0.0), "head": (0.0, 0.1, 0.0),
    "left_collar": (0.07, 0.1, 0.0), "left_shoulder": (0.1, 0.0, 0.0),
    "left_elbow": (0.27, 0.0, 0.0), "left_wrist": (0.25, 0.0, 0.0), "left_hand": (0.08, 0.0, 0.0),
}  # fmt: skip


def tiny_smpl() -> dict[str, np.ndarray]:
    """Arrays of the file; each vertex follows two joints, so that weights blend."""
    joints = np.zeros((24, 3))
    for name, index in sorted(INDEX.items(), key=lambda item: item[1]):
        if index:
            offset = np.array(OFFSETS[name.replace("right_", "left_")])
            flip = [-1, 1, 1] if name.startswith("right_") else [1, 1, 1]
            joints[index] = joints[PARENTS[index]] + offset * flip
    corners = 0.04 * np.array([[1, 1, 1], [-1, -1, 1], [-1, 1, -1], [1, -1, -1]])
    triangles = np.array([[0, 1, 3], [0, 2, 1], [0, 3, 2], [1, 2, 3]])
    vertices = (joints[:, None] + corners).reshape(-1, 3)
    faces = (np.arange(24)[:, None, None] * 4 + triangles).reshape(-1, 3)
    weights = np.zeros((96, 24))
    regressor = np.zeros((24, 96))
    for joint in range(24):
        rows = slice(4 * joint, 4 * joint + 4)
        weights[rows, joint] += 0.75
        weights[rows, max(PARENTS[joint], 0)] += 0.25
        regressor[joint, rows] = 0.25
    rng = np.random.default_rng(0)
    return {
        "v_template": vertices.astype(np.float32),
        "f": faces.astype(np.int32),
        "weights": weights.astype(np.float16),
        "J_regressor": regressor.astype(np.float32),
        "kintree_table": np.stack([[2**32 - 1, *PARENTS[1:]], np.arange(24)]).astype(np.int64),
        "shapedirs": rng.normal(0, 0.01, (96, 3, 4)).astype(np.float32),
        "landmark_vertex_ids": np.array([60, 61, 62, 63, 60]),
    }


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    return tiny_smpl()


@pytest.fixture
def body_file(tmp_path: Path, arrays: dict[str, np.ndarray]) -> Path:
    path = tmp_path / "tiny.npz"
    np.savez(path, **arrays)
    return path
