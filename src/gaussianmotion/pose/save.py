"""Motions as files of our own layout: AMASS's, with the up axis said."""

from pathlib import Path

import numpy as np

from gaussianmotion.pose.motion import Motion
from gaussianmotion.runtime.atomic import atomic_path


def save_motion(path: Path, motion: Motion) -> Path:
    """Write a motion as .npz: metres, y up, axis-angle in radians, SMPL's 24 joints.

    Other programs that read AMASS's files read these, too; they have to be told that y is up.

    Raises:
        UserError: the folder cannot be written.
    """
    with atomic_path(path) as temporary:
        np.savez_compressed(
            temporary,
            poses=motion.poses.reshape(len(motion), 72).numpy(),
            trans=motion.translation.numpy(),
            mocap_framerate=np.float64(motion.fps),
            gender=np.array("neutral"),
            betas=np.zeros(10, np.float32),
            up_axis=np.array("y"),
            cyclic=np.array(motion.cyclic),
            provenance=np.array(motion.source),
        )
    return Path(path)
