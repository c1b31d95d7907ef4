"""PlayCanvas' splat-transform, an independent reader, finds in our splats what we put there."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from glb_file import read_glb
from scipy.spatial.transform import Rotation

from gaussianmotion.config import Config
from gaussianmotion.export.posed import Splats, moving, posed_splats
from gaussianmotion.export.stills import FILES, Up, write_still
from gaussianmotion.rendering.subject import Subject, load_subject
from gaussianmotion.scores.pose.mannequin import save_mannequin

# Folder in which `npm install @playcanvas/splat-transform` was run.
FOLDER = os.environ.get("GAUSSIANMOTION_SPLAT_TRANSFORM", "")
PROGRAM = Path(FOLDER) / "node_modules/@playcanvas/splat-transform/bin/cli.mjs"
NODE = shutil.which("node") or ""
pytestmark = pytest.mark.skipif(
    not (FOLDER and NODE),
    reason="set GAUSSIANMOTION_SPLAT_TRANSFORM to a folder with "
    "`npm install @playcanvas/splat-transform`",
)
SH0 = 0.28209479177387814


@pytest.fixture(scope="module")
def subject(open_body, tmp_path_factory) -> Subject:
    path = tmp_path_factory.mktemp("run") / "avatar.safetensors"
    return load_subject(save_mannequin(path, open_body, Config(), 400))


def transform(*arguments: object) -> str:
    command = [NODE, PROGRAM, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def attributes_of(path: Path) -> dict[str, np.ndarray]:
    """Of a .glb by KHR_gaussian_splatting."""
    document, arrays = read_glb(path)
    (primitive,) = document["meshes"][0]["primitives"]
    assert primitive["mode"] == 0
    extension = primitive["extensions"]["KHR_gaussian_splatting"]
    assert extension["kernel"] == "ellipse"
    assert extension["colorSpace"] == "srgb_rec709_display"
    return {name: arrays[at] for name, at in primitive["attributes"].items()}


def splats_of(attributes: dict[str, np.ndarray]) -> Splats:
    named = {name.split(":")[-1]: values for name, values in attributes.items()}
    return Splats(
        means=named["POSITION"],
        scales=named["SCALE"],
        quats=named["ROTATION"][:, [3, 0, 1, 2]],
        rgb=0.5 + SH0 * named["SH_DEGREE_0_COEF_0"],
        opacities=named["OPACITY"][:, 0],
    )


def axes_of(splats: Splats) -> np.ndarray:
    return Rotation.from_quat(splats.quats[:, [1, 2, 3, 0]]).as_matrix()


@pytest.mark.parametrize(
    ("kind", "place", "scale", "colour", "degrees"),
    # What a .spz rounds by; floats otherwise.
    [("ply", 1e-6, 1e-5, 1e-5, 0.1), ("spz", 1e-6, 1 / 31, 0.005, 0.3)],
)
def test_it_makes_the_glb_of_a_splat_file_that_we_make(
    subject, tmp_path, kind, place, scale, colour, degrees
):
    """It reads no .glb, but writes them: of our other files, what ours holds."""
    (moment,) = moving("walk", 7)
    # From version 3 on it takes a .spz for y down, against the format's specification.
    later = int(re.findall(r"v(\d+)\.", transform("--version"))[0]) >= 3
    up: Up | None = "-y" if kind == "spz" and later else None
    source, theirs, ours = tmp_path / FILES[kind], tmp_path / "theirs.glb", tmp_path / "ours.glb"
    write_still(source, subject, moment, kind, up)
    write_still(ours, subject, moment, "splat_glb")
    transform("--quiet", "--gpu", "cpu", source, theirs)
    assert attributes_of(theirs).keys() == attributes_of(ours).keys()
    got, made = splats_of(attributes_of(theirs)), posed_splats(subject, moment)
    assert np.ptp(made.means[:, 1]) > 1.5
    # It turns what is upside down about z, where ours was turned about x: the person faces away.
    turn = Rotation.from_euler("y", 180, degrees=True).as_matrix()
    np.testing.assert_allclose(got.means, made.means @ turn.T, atol=place)
    np.testing.assert_allclose(np.log(got.scales), np.log(made.scales), atol=scale)
    np.testing.assert_allclose(got.rgb, made.rgb, atol=colour)
    np.testing.assert_allclose(got.opacities, made.opacities, atol=colour)
    # Axes have no sign: an ellipsoid that is turned by 180 degrees about one of them is the same.
    cosines = np.abs((axes_of(got) * (turn @ axes_of(made))).sum(axis=1))
    assert np.degrees(np.arccos(cosines.clip(max=1.0))).max() < degrees
