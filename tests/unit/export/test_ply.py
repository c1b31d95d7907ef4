"""The .ply holds what the avatar is, in the words that viewers of 3DGS files know."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from gaussianmotion.body.poses import named_pose
from gaussianmotion.cli import main
from gaussianmotion.config import Config
from gaussianmotion.errors import UserError
from gaussianmotion.export.ply import export_ply, ply_rows
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
    path, avatar = subject
    assert export_ply(path, tmp_path / "a.ply", pose) == COUNT
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


def test_head_is_where_viewers_look_for_it(subject, tmp_path):
    path, _ = subject
    export_ply(path, tmp_path / "down.ply")
    export_ply(path, tmp_path / "up.ply", up="y")
    down, up = parse(tmp_path / "down.ply"), parse(tmp_path / "up.ply")
    np.testing.assert_array_equal(down["y"], -up["y"])
    np.testing.assert_array_equal(down["z"], -up["z"])
    np.testing.assert_array_equal(down["x"], up["x"])


def test_command_writes_beside_the_avatar_and_says_mistakes_in_one_line(subject, tmp_path, capsys):
    path, _ = subject
    assert main(["ply", "--avatar", str(path), "--y-up"]) == 0
    assert len(parse(path.with_suffix(".ply"))["x"]) == COUNT
    assert main(["ply", "--avatar", str(tmp_path / "none.safetensors")]) == 2
    assert (
        capsys.readouterr().err.strip().splitlines()[-1].startswith("gaussianmotion: there is no")
    )


def test_opaque_gaussians_stay_finite(subject):
    _, avatar = subject
    means, covars = avatar.splats(torch.zeros(1, 24, 3))
    flat = covars[0] * 0.0  # collapsed to points
    rows = ply_rows(means[0], flat, torch.ones(COUNT, 3), torch.ones(COUNT), "-y")
    assert np.isfinite(rows).all()


def test_mistakes_are_one_line_and_leave_the_old_file(subject, tmp_path):
    path, _ = subject
    (tmp_path / "a.ply").write_bytes(b"old")
    with pytest.raises(UserError, match="unknown pose"):
        export_ply(path, tmp_path / "a.ply", "stra")
    (tmp_path / "broken.safetensors").write_bytes(path.read_bytes()[:999])
    with pytest.raises(UserError, match="damaged"):
        export_ply(tmp_path / "broken.safetensors", tmp_path / "a.ply")
    assert (tmp_path / "a.ply").read_bytes() == b"old"
