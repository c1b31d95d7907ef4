"""Body files in SMPL's layout: the shipped open body, or a licensed SMPL .npz or .pkl.

smplx does what it is good at (shape, joint regression); what it cannot do is done here: read .npz
for SMPL, read pickles without chumpy, accept sparse or half-precision arrays and files without
pose correctives.
"""

import contextlib
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from smplx import SMPL
from smplx.utils import Struct
from smplx.vertex_ids import vertex_ids as smplx_vertex_ids

from gaussianmotion.body.joints import PARENTS
from gaussianmotion.body.layout import LAYOUT, refuse_impossible, refuse_other_tables
from gaussianmotion.body.model import Body, make_body
from gaussianmotion.body.smpl_pickle import read_pickle
from gaussianmotion.runtime.arrays import check, read_npz
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.shipped import shipped

NEEDED = ("v_template", "f", "weights", "J_regressor", "kintree_table", "shapedirs")
OPTIONAL = ("landmark_vertex_ids",)
# Vertices of nose, right eye, left eye, right ear, left ear in SMPL's own topology.
SMPL_VERTICES = 6890
LANDMARK_NAMES = ("nose", "reye", "leye", "rear", "lear")  # As smplx calls them.
SMPL_LANDMARKS = tuple(smplx_vertex_ids["smplh"][name] for name in LANDMARK_NAMES)


def load_body(
    path: str | Path, betas: Sequence[float] = (), device: torch.device | str = "cpu"
) -> Body:
    """Load a body and give it its shape.

    Args:
        path: .npz (never unpickled) or .pkl (see :mod:`gaussianmotion.body.smpl_pickle`).
        betas: Shape coefficients, missing ones are 0.
        device: Where the body's tensors live.

    Raises:
        UserError: the file is missing, damaged, of another layout, no body, or has fewer shape
            directions.
    """
    path = shipped(Path(path))
    arrays = _read(path)
    refuse_other_tables(arrays, path)
    directions = arrays["shapedirs"].shape[-1]
    if len(betas) > directions:
        raise UserError(
            f"body.betas has {len(betas)} numbers, but {path} has {directions} shape directions"
        )
    smpl = _smplx(arrays, max(len(betas), 1))
    coefficients = torch.zeros(1, smpl.num_betas)
    coefficients[0, : len(betas)] = torch.tensor(list(betas))
    with torch.no_grad():
        vertices = smpl.forward_shape(coefficients).v_shaped[0]
        joints = smpl.J_regressor @ vertices
    refuse_impossible(vertices, joints, smpl.faces_tensor, any(betas), path)
    return make_body(
        id=f"{path.name}:{file_digest(path, betas)}",
        rest_vertices=vertices,
        rest_joints=joints,
        weights=smpl.lbs_weights,
        faces=smpl.faces_tensor,
        landmarks=torch.from_numpy(arrays["landmark_vertex_ids"]),
    ).to(device)


def file_digest(path: Path, betas: Sequence[float] = ()) -> str:
    """The first 12 hex digits of the SHA-256 of a body file, and of the shape, where it has one."""
    digest = hashlib.sha256(path.read_bytes())
    if any(betas):
        digest.update(np.asarray(betas, dtype="<f4").tobytes())
    return digest.hexdigest()[:12]


def _read(path: Path) -> dict[str, np.ndarray]:
    """Dense float32 and int64 arrays of the file, landmarks completed."""
    if not path.is_file():
        raise UserError(
            f"no body file {path}: write body.path, e.g. resources/body/open_body.npz, or the "
            "place of your SMPL .npz or .pkl"
        )
    if path.suffix == ".pkl":
        raw = read_pickle(path, NEEDED + OPTIONAL)
    elif path.suffix == ".npz":
        raw = read_npz(path, NEEDED + OPTIONAL)
    else:
        raise UserError(f"body file {path} must be an .npz or .pkl in SMPL's layout")
    missing = [key for key in NEEDED if key not in raw]
    if missing:
        raise UserError(f"{path} is not in SMPL's layout: it lacks {', '.join(missing)}")
    _refuse_other_models(raw, path)
    wanted = {key: array for key, array in LAYOUT.items() if key in NEEDED or key in raw}
    arrays = check(path, raw, wanted, "copy or download it again")
    if "landmark_vertex_ids" not in arrays:
        if len(arrays["v_template"]) != SMPL_VERTICES:
            raise UserError(
                f"{path} has {len(arrays['v_template'])} vertices, SMPL has {SMPL_VERTICES}: add "
                "landmark_vertex_ids (nose, right eye, left eye, right ear, left ear)"
            )
        arrays["landmark_vertex_ids"] = np.array(SMPL_LANDMARKS, dtype=np.int64)
    return arrays


def _refuse_other_models(raw: dict[str, np.ndarray], path: Path) -> None:
    joints = np.shape(raw["weights"])[-1] if np.ndim(raw["weights"]) else 0
    if joints != len(PARENTS):
        kind = {52: "an SMPL-H", 55: "an SMPL-X"}.get(joints, "not an SMPL")
        raise UserError(f"{path} has {joints} joints: it is {kind} file; SMPL's 24 are needed")


def _smplx(arrays: dict[str, np.ndarray], betas: int) -> SMPL:
    """smplx's model of the arrays, for shape and joints; it never poses.

    Pose correctives are a zero of the smallest size: the Gaussians follow the skeleton by blend
    skinning alone (eq. 3), and dense correctives would take 100 MB.
    """
    weights = arrays["weights"] / arrays["weights"].sum(1, keepdims=True)
    content: dict[str, Any] = {**arrays, "weights": weights}
    content["posedirs"] = np.zeros((*arrays["v_template"].shape, 1), dtype=np.float32)
    # Without these, smplx takes its extra joints from SMPL's vertex numbers.
    landmarks = dict(zip(LANDMARK_NAMES, arrays["landmark_vertex_ids"].tolist(), strict=True))
    with contextlib.redirect_stdout(io.StringIO()):  # It prints about the number of betas.
        return SMPL(
            model_path="",
            data_struct=Struct(**content),
            num_betas=betas,
            vertex_ids=landmarks,
            create_betas=False,
            create_body_pose=False,
            create_global_orient=False,
            create_transl=False,
            use_hands=False,
            use_feet_keypoints=False,
        )
