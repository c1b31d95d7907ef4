"""Small motion files of every layout, written from a motion that is known.

Written from the layouts' descriptions, with other means than the readers': each function takes the
motion and a path, and writes what the tool of that name would.
"""

import pickle
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import torch
from scipy.spatial.transform import Rotation

from gaussianmotion.body.joints import PARENTS
from gaussianmotion.pose.motion import Motion

Writer = Callable[[Motion, Path], Path]
# A z-up file's axes are ours turned by this.
TO_Z_UP = Rotation.from_euler("x", 90, degrees=True)


def arrays(motion: Motion, turn: Rotation | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Poses (T, 24, 3) and translations (T, 3), float64, the world turned."""
    poses, moved = motion.poses.double().numpy().copy(), motion.translation.double().numpy()
    if turn is not None:
        poses[:, 0] = (turn * Rotation.from_rotvec(poses[:, 0])).as_rotvec()
        moved = turn.apply(moved)
    return poses, moved


def widened(poses: np.ndarray, width: int) -> np.ndarray:
    """T x width values with fingers, jaw and eyes that move, which SMPL does not have."""
    wide = np.random.default_rng(0).normal(scale=0.2, size=(len(poses), width))
    wide[:, :66] = poses[:, :22].reshape(len(poses), 66)
    return wide


def amass_smplh(motion: Motion, path: Path) -> Path:
    poses, moved = arrays(motion, TO_Z_UP)
    np.savez(
        path.with_suffix(".npz"),
        poses=widened(poses, 156),
        trans=moved,
        betas=np.zeros(16),
        dmpls=np.zeros((len(poses), 8)),
        gender="female",
        mocap_framerate=motion.fps,
    )
    return path.with_suffix(".npz")


def amass_smplx(motion: Motion, path: Path) -> Path:
    poses, moved = arrays(motion, TO_Z_UP)
    wide = widened(poses, 165)
    np.savez(
        path.with_suffix(".npz"),
        poses=wide,
        root_orient=wide[:, :3],
        pose_body=wide[:, 3:66],
        pose_jaw=wide[:, 66:69],
        pose_eye=wide[:, 69:75],
        pose_hand=wide[:, 75:],
        trans=moved,
        betas=np.zeros(16),
        gender="neutral",
        surface_model_type="smplx",
        mocap_frame_rate=motion.fps,
        mocap_time_length=motion.seconds,
    )
    return path.with_suffix(".npz")


def ours(motion: Motion, path: Path) -> Path:
    poses, moved = arrays(motion)
    np.savez(
        path.with_suffix(".npz"),
        poses=poses.reshape(-1, 72),
        trans=moved,
        mocap_framerate=motion.fps,
        up_axis="y",
    )
    return path.with_suffix(".npz")


def motion_x(motion: Motion, path: Path) -> Path:
    poses, moved = arrays(motion)
    row = np.random.default_rng(0).normal(size=(len(poses), 322))
    row[:, :66], row[:, 309:312] = poses[:, :22].reshape(-1, 66), moved
    np.save(path.with_suffix(".npy"), row.astype(np.float32))
    return path.with_suffix(".npy")


def gvhmr(motion: Motion, path: Path) -> Path:
    poses, moved = (torch.from_numpy(a).float() for a in arrays(motion))
    camera, camera_moved = arrays(motion, Rotation.from_euler("x", 180, degrees=True))
    flat = poses[:, :22].flatten(1)
    torch.save(
        {
            "smpl_params_global": {
                "body_pose": flat[:, 3:],
                "betas": torch.zeros(len(flat), 10),
                "global_orient": flat[:, :3],
                "transl": moved,
            },
            "smpl_params_incam": {
                "global_orient": torch.from_numpy(camera[:, 0]),
                "transl": torch.from_numpy(camera_moved),
            },
            "K_fullimg": torch.eye(3).expand(len(flat), 3, 3),
            "net_outputs": {"static_conf_logits": torch.zeros(1, len(flat), 6).half()},
        },
        path.with_suffix(".pt"),
    )
    return path.with_suffix(".pt")


def wham(motion: Motion, path: Path, people: tuple[int, ...] = (0,)) -> Path:
    poses, moved = (a.astype(np.float32) for a in arrays(motion))
    person = {
        "pose": np.zeros((len(poses), 72), np.float32),
        "trans": np.zeros((len(poses), 3), np.float32),
        "pose_world": poses.reshape(-1, 72),
        "trans_world": moved,
        "betas": np.zeros((len(poses), 10), np.float32),
        "frame_ids": np.arange(len(poses)),
    }
    joblib.dump(dict.fromkeys(people, person), path.with_suffix(".pkl"))
    return path.with_suffix(".pkl")


def tram(motion: Motion, path: Path) -> Path:
    """A camera that turns and walks; the world is y up, the camera's y points down."""
    count = len(motion) + 5
    pelvis = np.array([-0.002, -0.223, 0.028])
    swing = np.stack([0.3 * np.sin(np.arange(count) / 9), np.arange(count) / 40], axis=1)
    camera = Rotation.from_euler("yx", swing) * Rotation.from_euler("x", 180, degrees=True)
    place = np.stack([np.arange(count) / 30, np.ones(count), -3 + np.arange(count) / 60], axis=1)
    frame = np.arange(len(motion)) + 3
    poses, moved = arrays(motion)
    back = camera[frame].inv()
    poses[:, 0] = (back * Rotation.from_rotvec(poses[:, 0])).as_rotvec()
    seen = back.apply(moved + pelvis - place[frame]) - pelvis
    turns = Rotation.from_rotvec(poses.reshape(-1, 3)).as_matrix().reshape(-1, 24, 3, 3)
    track = {
        "pred_cam": torch.zeros(len(frame), 3),
        "pred_rotmat": torch.from_numpy(turns).float(),
        "pred_shape": torch.zeros(len(frame), 10),
        "pred_trans": torch.from_numpy(seen).float()[:, None],
        "frame": torch.from_numpy(frame),
    }
    cameras = {
        "pred_cam_R": np.tile(np.eye(3), (count, 1, 1)),
        "pred_cam_T": np.zeros((count, 3)),
        "world_cam_R": camera.as_matrix().astype(np.float32),
        "world_cam_T": place.astype(np.float32),
        "img_focal": np.float64(600.0),
        "img_center": np.array([320.0, 240.0]),
    }
    (path.parent / "hps").mkdir(exist_ok=True)
    track_path = path.parent / "hps" / "hps_track_0.npy"
    np.save(track_path, track, allow_pickle=True)  # type: ignore[arg-type]
    np.save(path.parent / "camera.npy", cameras, allow_pickle=True)  # type: ignore[arg-type]
    return track_path


def aist(motion: Motion, path: Path) -> Path:
    poses, moved = arrays(motion)
    data = {
        "smpl_poses": poses.reshape(-1, 72),
        "smpl_trans": moved * 93.7,
        "smpl_scaling": np.array([93.7]),
        "smpl_loss": 0.1,
    }
    path.with_suffix(".pkl").write_bytes(pickle.dumps(data))
    return path.with_suffix(".pkl")


def mdm_smpl(motion: Motion, path: Path) -> Path:
    poses, moved = arrays(motion)
    rows = Rotation.from_rotvec(poses.reshape(-1, 3)).as_matrix()[:, :2].reshape(-1, 24, 6)
    data = {
        "thetas": np.concatenate([rows, rows[-1:]]).transpose(1, 2, 0).astype(np.float32),
        "root_translation": np.concatenate([moved, moved[-1:]]).T.astype(np.float32),
        "text": "a person moves",
        "length": len(rows),
        "vertices": np.zeros((10, 3, len(rows))),
    }
    np.save(path.with_suffix(".npy"), data, allow_pickle=True)  # type: ignore[arg-type]
    return path.with_suffix(".npy")


def joints_of(motion: Motion, rest: np.ndarray) -> np.ndarray:
    """Positions (T, 22, 3) of a skeleton that has the motion's rotations and place."""
    local = Rotation.from_rotvec(motion.poses.double().numpy().reshape(-1, 3)).as_matrix()
    local = local.reshape(-1, 24, 3, 3)
    world, places = [local[:, 0]], [rest[0] + motion.translation.double().numpy()]
    for joint in range(1, 22):
        parent = PARENTS[joint]
        places.append(places[parent] + world[parent] @ (rest[joint] - rest[parent]))
        world.append(world[parent] @ local[:, joint])
    return np.stack(places, axis=1)


def mdm_results(joints: np.ndarray, path: Path, samples: int = 1) -> Path:
    long = np.concatenate([joints, joints[-1:].repeat(7, axis=0)])
    data = {
        "motion": np.stack([long + index for index in range(samples)]).transpose(0, 2, 3, 1),
        "text": [f"a person moves, {index}" for index in range(samples)],
        "lengths": np.full(samples, len(joints)),
        "num_samples": samples,
        "num_repetitions": 1,
    }
    np.save(path.with_suffix(".npy"), data, allow_pickle=True)  # type: ignore[arg-type]
    return path.with_suffix(".npy")
