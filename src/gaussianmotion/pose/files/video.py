"""Layouts of systems that find people in videos: GVHMR, WHAM, TRAM."""

from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from gaussianmotion.pose.files.arrays import as_array, axis_angles, check_length, matrices, numbers
from gaussianmotion.pose.files.container import Content, read_content
from gaussianmotion.pose.files.recording import Rotations
from gaussianmotion.pose.files.smpl import body_joints
from gaussianmotion.runtime.errors import UserError

# Where SMPL's pelvis is in its rest pose, metres: what turns with a camera is a root that turns
# about this point, not about the origin.
PELVIS = np.array([-0.002, -0.223, 0.028])


def read_gvhmr(content: Content) -> Rotations:
    """GVHMR's hmr4d_results.pt: the world, y up; the tool works at 30 frames a second."""
    path, body = content.path, content.value["smpl_params_global"]
    body = body if isinstance(body, dict) else {}
    missing = [key for key in ("body_pose", "global_orient", "transl") if key not in body]
    if missing:
        raise UserError(f"{path}: smpl_params_global lacks {', '.join(missing)}")
    root = axis_angles(body["global_orient"], "global_orient", path, (None, 3))
    check_length(len(root), path)
    rest = axis_angles(body["body_pose"], "body_pose", path, (len(root), 63))
    return Rotations(
        layout="GVHMR",
        fps=30.0,
        up="y",
        poses=body_joints(np.concatenate([root, rest], axis=1)),
        translation=numbers(body["transl"], "transl", path, (len(root), 3)),
    )


def is_wham(content: Content) -> bool:
    """Whether it is a dict of people, each with a pose in the world."""
    people = content.value.values() if isinstance(content.value, dict) else ()
    return any(isinstance(person, dict) and "pose_world" in person for person in people)


def read_wham(content: Content, take: int | None) -> Rotations:
    """WHAM's wham_output.pkl: one of its people, y up, at the rate of the video."""
    path, people = content.path, content.value
    person = chosen({str(name): value for name, value in people.items()}, take, "person", path)
    if not isinstance(person, dict) or not {"pose_world", "trans_world"} <= set(person):
        raise UserError(f"{path}: this person lacks pose_world or trans_world; choose another take")
    poses = axis_angles(person["pose_world"], "pose_world", path, (None, 72))
    check_length(len(poses), path)
    return Rotations(
        layout="WHAM",
        fps=None,
        up="y",
        poses=body_joints(poses),
        translation=numbers(person["trans_world"], "trans_world", path, (len(poses), 3)),
    )


def chosen(takes: dict[str, Any], take: int | None, what: str, path: Path) -> Any:
    """The take that the user chose, or the only one.

    Raises:
        UserError: there are several and none is chosen, or there is none of that number.
    """
    if take is None and len(takes) == 1:
        return next(iter(takes.values()))
    if str(take) in takes:
        return takes[str(take)]
    names = ", ".join(list(takes)[:12]) + (", ..." if len(takes) > 12 else "")
    how = f"there is no {what} {take}" if take is not None else f"it holds {len(takes)} of them"
    first = next(iter(takes), "0")
    raise UserError(f"{path}: {how}: choose a {what} by `take: {first}` (or --take), of {names}")


def read_tram(content: Content) -> Rotations:
    """TRAM's hps_track_N.npy: the camera's space, brought to the world by camera.npy beside it.

    ``world_cam_R`` is y up. The older ``pred_cam_R`` is the world of the first picture's camera,
    whose up the file does not say.
    """
    value, path = content.value, content.path
    poses = matrices(value["pred_rotmat"], "pred_rotmat", path, (None, 24, 3, 3))
    check_length(len(poses), path)
    moved = as_array(value["pred_trans"], "pred_trans", path)
    moved = moved[:, 0] if moved.ndim == 3 else moved  # (T, 1, 3)
    moved = numbers(moved, "pred_trans", path, (len(poses), 3))
    camera_path, camera = _camera(path)
    if "world_cam_R" in camera:
        keys, up = ("world_cam_R", "world_cam_T"), "y"
    else:
        keys, up = ("pred_cam_R", "pred_cam_T"), None
    missing = [key for key in keys if key not in camera]
    if missing:
        raise UserError(f"{camera_path} lacks {' and '.join(missing)}")
    frames = value["frame"] if "frame" in value else np.arange(len(poses))
    rows = numbers(frames, "frame", path, (len(poses),)).astype(np.int64)
    place = numbers(camera[keys[1]], keys[1], camera_path, (None, 3))
    turn = Rotation.from_rotvec(matrices(camera[keys[0]], keys[0], camera_path, (len(place), 3, 3)))
    if rows.min() < 0 or rows.max() >= len(place):
        raise UserError(f"{path}: frame names pictures that {camera_path} has no camera of")
    poses[:, 0] = (turn[rows] * Rotation.from_rotvec(poses[:, 0])).as_rotvec()
    return Rotations(
        layout="TRAM",
        fps=None,
        up=up,
        poses=poses,
        translation=turn[rows].apply(moved + PELVIS) + place[rows] - PELVIS,
    )


def _camera(path: Path) -> tuple[Path, dict[str, Any]]:
    """camera.npy of the track's folder, or of the one above it, as TRAM writes it."""
    for folder in (path.parent, path.parent.parent):
        if (folder / "camera.npy").is_file():
            content = read_content(folder / "camera.npy")
            if not isinstance(content.value, dict):
                raise UserError(f"{content.path} holds no cameras; give the one of TRAM's results")
            return content.path, content.value
    raise UserError(f"{path} is in the camera's space: put TRAM's camera.npy beside it")
