"""Motion files in which something else stands where an array should: no crash, whatever it is."""

import pickle
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from motion_writers import (
    aist,
    amass_smplh,
    amass_smplx,
    gvhmr,
    joints_of,
    mdm_results,
    mdm_smpl,
    ours,
    tram,
    wham,
)

from gaussianmotion.body import Body
from gaussianmotion.config.motion import MotionFile
from gaussianmotion.pose.files import container
from gaussianmotion.pose.motion import load_motion
from gaussianmotion.runtime.errors import UserError

WRONG = [
    None, "x", [], {}, 0, -1, 1e30, np.nan, np.zeros(0), np.zeros(6), np.zeros((6, 3)),
    np.full((6, 3), np.nan), np.zeros((6, 72)), np.zeros((6, 3), complex), np.array(["a"] * 6),
    np.array([[1, 2], [3]], dtype=object), [[1, 2], [3]], np.full((6, 72), 1e5),
    np.zeros((6, 24, 3, 3)), np.zeros((24, 6, 0)), np.zeros((6, 3), "datetime64[s]"),
]  # fmt: skip


@pytest.mark.parametrize(
    "write", [amass_smplh, amass_smplx, ours, gvhmr, wham, tram, aist, mdm_smpl, mdm_results]
)
def test_whatever_stands_in_place_of_an_array_is_no_crash(
    write, open_body: Body, tmp_path: Path
) -> None:
    """Each key of each layout, with some of the values that it must not have."""
    motion = load_motion("walk")
    short = replace(motion, poses=motion.poses[:6], translation=motion.translation[:6])
    made = joints_of(short, open_body.rest_joints.double().numpy())
    path = write(made if write is mdm_results else short, tmp_path / "clip")
    content = container.read_content(path).value
    chance = np.random.default_rng(0)
    for key, inner in [(k, None) for k in content] + [
        (k, i) for k, v in content.items() if isinstance(v, dict) for i in v
    ]:
        for choice in chance.choice(len(WRONG), 5, replace=False):
            changed = {k: dict(v) if isinstance(v, dict) else v for k, v in content.items()}
            (changed if inner is None else changed[key])[key if inner is None else inner] = WRONG[
                choice
            ]
            path.write_bytes(pickle.dumps(changed))
            with suppress(UserError):  # or it does no harm
                load_motion(MotionFile(path=path, fps=30, up="y"))
