"""The bundled clips against DeepMimic's own skeleton, computed independently in its own axes."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from gaussianmotion.body import Body
from gaussianmotion.body.joints import INDEX
from gaussianmotion.pose.motion import load_motion
from gaussianmotion.synthesis.body.motions import CLIPS, FPS, SourceClip, convert

pybullet_data = pytest.importorskip("pybullet_data", reason="the synthesis extra is not installed")


LIMBS = [("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist")]


def source(name: str) -> Path:
    folder = Path(pybullet_data.getDataPath()) / "data" / "motions"
    return folder / f"humanoid3d_{CLIPS[name].source}.txt"


def bones(path: Path) -> dict[str, np.ndarray]:
    """World directions of limbs (T, 3), in DeepMimic's axes: x forward, y up, z right."""
    frames = np.array(json.loads(path.read_text())["Frames"])

    def turn(column: int) -> Rotation:
        return Rotation.from_quat(frames[:, column : column + 4], scalar_first=True)

    def bend(column: int) -> Rotation:
        return Rotation.from_euler("z", frames[:, column, None])

    root, down = turn(4), [0.0, -1.0, 0.0]
    chest = root * turn(8)
    found = {}
    for side, hip, shoulder in (("right", 16, 25), ("left", 30, 39)):
        thigh, arm = root * turn(hip), chest * turn(shoulder)
        found[f"{side}_hip"] = thigh.apply(down)
        found[f"{side}_knee"] = (thigh * bend(hip + 4)).apply(down)
        found[f"{side}_shoulder"] = arm.apply(down)
        found[f"{side}_elbow"] = (arm * bend(shoulder + 4)).apply(down)
    return found


@pytest.mark.parametrize("name", ["walk", "kick", "cartwheel"])
def test_limbs_point_where_deepmimics_point(name: str, open_body: Body) -> None:
    poses, _ = convert(source(name), SourceClip(CLIPS[name].source, cyclic=False), open_body)
    joints = open_body.posed_joints(torch.from_numpy(poses).float()).numpy()
    expected = bones(source(name))
    frames = json.loads(source(name).read_text())["Frames"]
    times = np.concatenate([[0.0], np.cumsum([frame[0] for frame in frames[:-1]])])
    at = np.linspace(0, times[-1], round(times[-1] * FPS) + 1)
    for start, end in LIMBS:
        for side in ("left", "right"):
            ours = joints[:, INDEX[f"{side}_{end}"]] - joints[:, INDEX[f"{side}_{start}"]]
            ours /= np.linalg.norm(ours, axis=1, keepdims=True)
            theirs = expected[f"{side}_{start}"]
            # Left is +x here and -z there; forward is +z here and +x there.
            theirs = np.stack([-theirs[:, 2], theirs[:, 1], theirs[:, 0]], axis=1)
            theirs = np.stack([np.interp(at, times, axis) for axis in theirs.T], axis=1)
            theirs /= np.linalg.norm(theirs, axis=1, keepdims=True)
            theirs = facing_z(theirs, frames[0][4:8])
            angle = np.degrees(np.arccos(np.clip((theirs * ours).sum(1), -1, 1)))
            # The rest poses differ by up to 5 degrees (thighs slant, shins lean back).
            assert angle.max() < 5.5, (side, start)


def facing_z(directions: np.ndarray, root_quaternion: list[float]) -> np.ndarray:
    """Turn a clip about y so that its root first looks along +z."""
    w, x, y, z = root_quaternion
    # DeepMimic's forward is x; in our axes its x is z and its z is -x.
    ahead = Rotation.from_quat([-z, y, x, w]).apply([0.0, 0.0, 1.0])
    return Rotation.from_euler("y", -np.arctan2(ahead[0], ahead[2])).apply(directions)


def test_the_bundled_files_are_what_the_converter_makes(open_body: Body) -> None:
    poses, translation = convert(source("walk"), CLIPS["walk"], open_body)
    bundled = load_motion("walk")
    np.testing.assert_allclose(bundled.poses.numpy(), poses, atol=2e-3)
    np.testing.assert_allclose(bundled.translation.numpy(), translation, atol=1e-3)
