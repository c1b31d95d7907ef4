"""The .ply holds what the avatar is, in the words that viewers of 3DGS files know."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from gaussianmotion.body.poses import named_pose
from gaussianmotion.config import Config
from gaussianmotion.export.ply import ply_rows, write_ply
from gaussianmotion.export.posed import THINNEST, posed_splats, standing, upside_down
from gaussianmotion.rendering.subject import Subject, load_subject
from gaussianmotion.scores.pose.mannequin import save_mannequin

COUNT = 500
TURN = np.diag([1.0, -1.0, -1.0])


@pytest.fixture(scope="module")
def subject(open_body, tmp_path_factory) -> tuple[Path, Subject]:
    path = tmp_path_factory.mktemp("avatar") / "avatar.safetensors"
    save_mannequin(path, open_body, Config(), COUNT)
    return path, load_subject(path)


def parse(path: Path) -> dict[str, np.ndarray]:
    """Read a .ply as a viewer does: by the names in its header."""
    data = path.read_bytes()
    header, body = data.split(b"end_header\n", 1)
    lines = header.decode("ascii").split("\n")
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"]
    count = int(next(line for line in lines if line.startswith("element vertex")).split()[-1])
    names = [line.split()[-1] for line in lines if line.startswith("property float")]
    assert len(body) == 4 * len(names) * count
    values = np.frombuffer(body, "<f4").reshape(count, len(names)).astype(np.float64)
    return dict(zip(names, values.T, strict=True))


def covariances(columns: dict[str, np.ndarray]) -> np.ndarray:
    quats = np.column_stack([columns[f"rot_{i}"] for i in (1, 2, 3, 0)])  # scipy takes xyzw
    axes = Rotation.from_quat(quats).as_matrix()
    scales = np.exp(np.column_stack([columns[f"scale_{i}"] for i in range(3)]))
    return np.einsum("nij,nj,nkj->nik", axes, scales**2, axes)


@pytest.mark.parametrize("pose", ["star", "a"])
def test_reading_back_gives_the_posed_gaussians(subject, tmp_path, pose):
    _, avatar = subject
    splats = posed_splats(avatar, standing(pose))
    write_ply(tmp_path / "a.ply", upside_down(splats))
    columns = parse(tmp_path / "a.ply")
    means, covars = avatar.splats(named_pose(pose)[None])
    where = np.column_stack([columns[axis] for axis in "xyz"])
    np.testing.assert_allclose(where, means[0].numpy() @ TURN, atol=1e-6)
    expected = TURN @ covars[0].double().numpy() @ TURN
    np.testing.assert_allclose(covariances(columns), expected, atol=1e-8)
    rgb = 0.5 + 0.28209479177387814 * np.column_stack([columns[f"f_dc_{i}"] for i in range(3)])
    np.testing.assert_allclose(rgb, avatar.avatar.rgb.detach().numpy(), atol=1e-6)
    opacity = 1 / (1 + np.exp(-columns["opacity"]))
    np.testing.assert_allclose(opacity, avatar.avatar.opacities.detach().numpy(), atol=1e-6)


def test_what_is_flat_or_opaque_stays_finite(subject):
    _, avatar = subject
    splats = posed_splats(avatar, standing("t"))
    extreme = replace(
        splats,
        scales=np.full((COUNT, 3), THINNEST),
        opacities=np.ones(COUNT),
        rgb=np.ones((COUNT, 3)),
    )
    assert np.isfinite(ply_rows(extreme)).all()
