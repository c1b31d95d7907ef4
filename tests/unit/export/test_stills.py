"""Splat files hold the posed avatar, whatever the format, and mistakes leave old files alone."""

import errno
import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from glb_file import read_glb
from scipy.spatial.transform import Rotation

from gaussianmotion.body.poses import named_pose
from gaussianmotion.cli import main
from gaussianmotion.config import Config
from gaussianmotion.export.posed import (
    Moment,
    Splats,
    moving,
    posed_splats,
    standing,
    upside_down,
)
from gaussianmotion.export.spz import spz_bytes
from gaussianmotion.export.stills import write_still
from gaussianmotion.pose.motion import load_motion
from gaussianmotion.rendering.subject import Subject, load_subject
from gaussianmotion.runtime import atomic
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.pose.mannequin import save_mannequin

COUNT = 400


@pytest.fixture(scope="module")
def path(open_body, tmp_path_factory) -> Path:
    return save_mannequin(
        tmp_path_factory.mktemp("run") / "avatar.safetensors", open_body, Config(), COUNT
    )


@pytest.fixture(scope="module")
def subject(path) -> Subject:
    return load_subject(path)


def covariances(splats: Splats) -> np.ndarray:
    axes = Rotation.from_quat(splats.quats[:, [1, 2, 3, 0]]).as_matrix()
    return np.einsum("nij,nj,nkj->nik", axes, splats.scales**2, axes)


def read_spz(path: Path) -> Splats:
    """By the specification, as others read it."""
    data = gzip.decompress(path.read_bytes())
    magic, version, count, degree, bits, _, _ = struct.unpack("<IIIBBBB", data[:16])
    assert (magic, version, degree) == (0x5053474E, 3, 0)
    sizes = (9, 1, 3, 3, 4)
    assert len(data) == 16 + count * sum(sizes)
    parts, at = [], 16
    for size in sizes:
        part = np.frombuffer(data, np.uint8, count * size, at).reshape(count, size)
        parts.append(part.astype(np.int64))
        at += count * size
    positions, alphas, colours, scales, packed = parts
    whole = positions.reshape(count, 3, 3) @ np.array([1, 256, 65536])
    whole = np.where(whole >= 2**23, whole - 2**24, whole)
    word = packed @ (256 ** np.arange(4))
    quats = np.zeros((count, 4))
    for i in range(count):
        rest, largest = int(word[i]), int(word[i]) >> 30
        for component in (3, 2, 1, 0):
            if component != largest:
                value = (rest & 511) / 511 / np.sqrt(2)
                quats[i, component] = -value if rest >> 9 & 1 else value
                rest >>= 10
        quats[i, largest] = np.sqrt(1 - (quats[i] ** 2).sum())
    return Splats(
        means=whole / 2.0**bits,
        scales=np.exp(scales / 16.0 - 10.0),
        quats=quats[:, [3, 0, 1, 2]],
        rgb=0.5 + 0.28209479177387814 * (colours / 255.0 - 0.5) / 0.15,
        opacities=alphas[:, 0] / 255.0,
    )


def test_a_spz_unpacks_to_the_posed_gaussians(subject, tmp_path):
    moment = standing("a")
    write_still(tmp_path / "a.spz", subject, moment, "spz")
    read, made = read_spz(tmp_path / "a.spz"), posed_splats(subject, moment)
    np.testing.assert_allclose(read.means, made.means, atol=1e-6)
    np.testing.assert_allclose(np.log(read.scales), np.log(made.scales), atol=1 / 31)
    np.testing.assert_allclose(read.rgb, made.rgb, atol=0.005)
    np.testing.assert_allclose(read.opacities, made.opacities, atol=1 / 509)
    turns = np.abs((read.quats * made.quats).sum(axis=1))
    assert turns.min() > np.cos(np.radians(0.2))
    write_still(tmp_path / "again.spz", subject, moment, "spz")
    assert (tmp_path / "again.spz").read_bytes() == (tmp_path / "a.spz").read_bytes()


def test_far_away_a_spz_is_coarser_and_farther_still_is_refused(subject):
    splats = posed_splats(subject, standing("t"))
    moved = Splats(splats.means + 900.0, splats.scales, splats.quats, splats.rgb, splats.opacities)
    assert spz_bytes(moved)[13] == 12
    lost = Splats(splats.means + 1e5, splats.scales, splats.quats, splats.rgb, splats.opacities)
    with pytest.raises(UserError, match="16 km"):
        spz_bytes(lost)


def test_a_splat_glb_holds_the_posed_gaussians_in_metres_with_y_up(subject, tmp_path):
    moment = moving("walk", 7)[0]
    write_still(tmp_path / "a.glb", subject, moment, "splat_glb")
    document, arrays = read_glb(tmp_path / "a.glb")
    made = posed_splats(subject, moment)
    (primitive,) = document["meshes"][0]["primitives"]
    assert primitive["mode"] == 0
    assert primitive["extensions"]["KHR_gaussian_splatting"] == {
        "kernel": "ellipse",
        "colorSpace": "srgb_rec709_display",
    }
    at = {name.split(":")[-1]: arrays[index] for name, index in primitive["attributes"].items()}
    np.testing.assert_allclose(at["POSITION"], made.means, atol=1e-6)
    np.testing.assert_allclose(at["ROTATION"], made.quats[:, [1, 2, 3, 0]], atol=1e-6)
    np.testing.assert_allclose(at["SCALE"], made.scales, rtol=1e-6)
    np.testing.assert_allclose(at["OPACITY"][:, 0], made.opacities, atol=1e-6)
    rgb = 0.5 + 0.28209479177387814 * at["SH_DEGREE_0_COEF_0"]
    np.testing.assert_allclose(rgb, made.rgb, atol=1e-6)
    # The fallback's colours are linear light: darker than sRGB's numbers.
    assert (at["COLOR_0"][:, :3] / 255 <= made.rgb + 0.003).all()
    assert np.ptp(made.means[:, 1]) > 1.5


def test_a_moment_of_a_motion_is_posed_and_placed_as_its_frame(subject, open_body):
    motion = load_motion("walk")
    (moment,) = moving("walk", 30)
    means, _ = subject.splats(motion.poses[30][None])
    expected = means[0].numpy() + motion.translation[30].numpy()
    np.testing.assert_allclose(posed_splats(subject, moment).means, expected, atol=1e-6)
    assert [len(moving("walk", every=n)) for n in (1, 10)] == [len(motion), 4]


def test_upside_down_turns_places_and_shapes(subject):
    splats = posed_splats(subject, Moment(named_pose("a"), load_motion("run").translation[3]))
    turn = np.diag([1.0, -1.0, -1.0])
    turned = upside_down(splats)
    np.testing.assert_allclose(turned.means, splats.means @ turn)
    np.testing.assert_allclose(covariances(turned), turn @ covariances(splats) @ turn, atol=1e-12)


def test_the_command_writes_beside_the_avatar_or_a_numbered_series(path, capsys):
    assert main(["export", "spz", "--avatar", str(path), "--pose", "t"]) == 0
    assert len(read_spz(path.with_name("avatar.spz")).means) == COUNT
    (path.parent / "frames").mkdir()
    (path.parent / "frames/walk-0004.ply").write_text("of a longer series")
    (path.parent / "frames/walk-mine.ply").write_text("somebody's own")
    series = ["--motion", "walk", "--every", "12"]
    assert main(["export", "ply", "--avatar", str(path), *series]) == 0
    names = sorted(found.name for found in (path.parent / "frames").iterdir())
    assert names == [*(f"walk-000{i}.ply" for i in range(4)), "walk-mine.ply"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ply", "--pose", "stra"], "did you mean 'star'"),
        (["ply", "--motion", "walk", "--frame", "39"], "its frames are 0 to 38"),
        (["ply", "--frame", "3"], "give --motion NAME"),
        (["spz", "--motion", "wlak"], "did you mean 'walk'"),
        (["splat-glb", "--y", "down"], "in a .glb y is up"),
        (["ply", "--pose", "a", "--motion", "walk"], "--pose and --motion are two ways to stand"),
        (["spz", "--every", "2"], "--every is of a series: give --motion NAME without --frame"),
        (["ply", "--motion", "walk", "--frame", "1", "--every", "2"], "--every is of a series"),
        (["ply"], "a .ply is written; name it"),
        (["splat-glb", "--motion", "walk", "--frame", "1"], "a .glb is written; name it"),
    ],
)
def test_mistakes_are_one_line_and_leave_the_old_file(path, tmp_path, capsys, arguments, words):
    out = tmp_path / "old"
    out.write_text("old")
    assert main(["export", *arguments, "--avatar", str(path), "--out", str(out)]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert words in said[0]
    assert out.read_text() == "old"


def test_an_unknown_format_and_an_avatar_of_another_version_are_told(path, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["export", "fbx", "--avatar", str(path)])
    assert caught.value.code == 2
    assert "invalid choice: 'fbx'" in capsys.readouterr().err
    newer = tmp_path / "newer.safetensors"
    newer.write_bytes(
        path.read_bytes().replace(b'\\"format_version\\": 1', b'\\"format_version\\": 9')
    )
    assert main(["export", "ply", "--avatar", str(newer)]) == 2
    assert "has avatar format 9" in capsys.readouterr().err


def test_a_full_disk_leaves_the_old_file(subject, tmp_path, monkeypatch):
    for kind in ("ply", "spz", "splat_glb"):
        out = tmp_path / kind
        out.write_text("old")
        with monkeypatch.context() as patched:

            def full(*_: object) -> None:
                raise OSError(errno.ENOSPC, "No space left on device")

            patched.setattr(atomic.os, "fsync", full)
            with pytest.raises(UserError, match="no space left"):
                write_still(out, subject, standing("a"), kind)
        assert out.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 3
