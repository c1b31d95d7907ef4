"""A motion file, read and finished: what a dry run checks, and what a motion is made of."""

import functools
from pathlib import Path

import numpy as np

from gaussianmotion.config.motion import MotionFile
from gaussianmotion.pose.files.finish import finish
from gaussianmotion.pose.files.layouts import read_recording
from gaussianmotion.pose.files.recording import Array, Recording
from gaussianmotion.runtime.arrays import Array as Numbers
from gaussianmotion.runtime.arrays import check, read_npz

BODY = Path(__file__).resolve().parents[4] / "resources" / "body" / "open_body.npz"


def read_motion_file(file: MotionFile) -> tuple[Recording, Array, Array, float]:
    """What is in the file, on the shipped body: see :func:`.finish.finish`.

    Returns:
        The recording; poses (T, 24, 3) axis-angle; translations (T, 3) metres, y up; frames a
        second.

    Raises:
        UserError: it cannot be read, holds no motion, or lacks what the user has to say.
    """
    recording = read_recording(file)
    return recording, *finish(recording, file, shipped_rest())


@functools.cache
def shipped_rest() -> Array:
    """The shipped body's joints in the T-pose, (24, 3) metres, read without torch.

    Raises:
        UserError: the body's file is damaged.
    """
    wanted = {"J_regressor": Numbers((24, "V")), "v_template": Numbers(("V", 3))}
    body = check(BODY, read_npz(BODY, list(wanted)), wanted, "take it from the repository again")
    return body["J_regressor"].astype(np.float64) @ body["v_template"].astype(np.float64)
