"""The bundled motions: DeepMimic's motion capture clips, brought to SMPL's 24 joints, and idle.

The package pybullet carries them (pybullet_data/data/motions/humanoid3d_*.txt). A frame is its
duration, the root's position, and rotations relative to the parent: quaternions (wxyz) of root,
chest, neck, then per side hip, knee (one angle), ankle, shoulder, elbow (one angle), right side
first. Their frame is x forward, y up, z to the person's right, arms hanging in the zero pose.
Run ``gaussianmotion synthesis motions`` to make them again; it needs pybullet, but starts no
simulation.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation, Slerp

from gaussianmotion.body import Body, load_body
from gaussianmotion.body.joints import INDEX
from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.body.idle import PROVENANCE as IDLE_PROVENANCE
from gaussianmotion.synthesis.body.idle import idle
from gaussianmotion.synthesis.body.motion_contact import feet_on_floor, hands_on_floor
from gaussianmotion.synthesis.reporting import Report, log_line

Array = NDArray[np.float64]

FPS = 30
PROVENANCE = (
    "DeepMimic clip humanoid3d_{clip} from the Python package pybullet 3.2.7 (zlib licence); "
    "converted to SMPL's 24 joints by gaussianmotion.synthesis.body.motions"
)

# DeepMimic's axes to ours (x to the person's left, y up, z forward); a rotation about y.
TO_OURS = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
# From its hips to its soles, metres: thigh .4215, shin .41, ankle to sole .05.
DEEPMIMIC_LEG = 0.8815
# The share of an arm's elevation that the collar bone takes. SMPL has one, DeepMimic has none; and
# the collars of a T-pose are raised, so hanging arms without it would shrug.
COLLAR_SHARE = 0.18


@dataclass(frozen=True)
class SourceClip:
    """A clip to convert.

    Attributes:
        source: DeepMimic's name.
        cyclic: The end is to be joined to the start.
        lying: The person lies or crawls where the clip's front is measured.
    """

    source: str
    cyclic: bool = False
    lying: bool = False


CLIPS = {
    "walk": SourceClip("walk", cyclic=True),
    "run": SourceClip("run", cyclic=True),
    "dance": SourceClip("dance_b", cyclic=True),
    "twirl": SourceClip("dance_a", cyclic=True),
    "jump": SourceClip("jump", cyclic=True),
    "backflip": SourceClip("backflip", cyclic=True),
    "cartwheel": SourceClip("cartwheel", cyclic=True),
    "roll": SourceClip("roll", cyclic=True),
    "spin": SourceClip("spin", cyclic=True),
    "kick": SourceClip("kick"),
    "punch": SourceClip("punch"),
    "spinkick": SourceClip("spinkick"),
    "crawl": SourceClip("crawl", cyclic=True, lying=True),
    "rise_from_back": SourceClip("getup_faceup", lying=True),
    "rise_from_front": SourceClip("getup_facedown", lying=True),
}


def read_deepmimic(path: Path) -> tuple[Array, Array, dict[str, Rotation]]:
    """Times (T,) in seconds, root positions (T, 3) and local rotations by name, in our axes."""
    try:
        frames = np.array(json.loads(path.read_text())["Frames"], dtype=np.float64)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"cannot read the DeepMimic clip {path}: {error}") from None
    if frames.ndim != 2 or frames.shape[1] != 44:
        raise UserError(f"{path} has frames of shape {frames.shape}, but 44 numbers are expected")
    column = 4
    rotations: dict[str, Rotation] = {}

    def quaternion(name: str) -> None:
        nonlocal column
        wxyz = frames[:, column : column + 4]
        turn = Rotation.from_quat(wxyz[:, [1, 2, 3, 0]])
        rotations[name] = Rotation.from_rotvec(turn.as_rotvec() @ TO_OURS.T)
        column += 4

    def hinge(name: str) -> None:
        nonlocal column
        axis = TO_OURS @ np.array([0.0, 0.0, 1.0])
        rotations[name] = Rotation.from_rotvec(frames[:, column, None] * axis)
        column += 1

    for name in ("root", "chest", "neck"):
        quaternion(name)
    for side in ("right", "left"):
        quaternion(f"{side}_hip")
        hinge(f"{side}_knee")
        quaternion(f"{side}_ankle")
        quaternion(f"{side}_shoulder")
        hinge(f"{side}_elbow")
    # A frame lasts until the next one; the last one's duration is not used.
    times = np.concatenate([[0.0], np.cumsum(frames[:-1, 0])])
    return times, frames[:, 1:4] @ TO_OURS.T, rotations


def resampled(
    times: Array, positions: Array, rotations: dict[str, Rotation]
) -> tuple[Array, dict[str, Rotation]]:
    """The clip at :data:`FPS`; first and last frame stay what they are."""
    at = np.linspace(0.0, times[-1], round(times[-1] * FPS) + 1)
    moved = np.stack([np.interp(at, times, axis) for axis in positions.T], axis=1)
    return moved, {name: Slerp(times, r)(at) for name, r in rotations.items()}


def joined(rotations: dict[str, Rotation]) -> dict[str, Rotation]:
    """Spread the difference between last and first frame over the clip, so that it closes."""
    closed = {}
    for name, rotation in rotations.items():
        gap = (rotation[-1].inv() * rotation[0]).as_rotvec()
        share = np.linspace(-0.5, 0.5, len(rotation))[:, None]
        closed[name] = rotation * Rotation.from_rotvec(share * gap)
    return closed


def smpl_rotations(rotations: dict[str, Rotation]) -> Array:
    """SMPL's local axis-angle (T, 24, 3), the root turned as in the clip."""
    poses = np.zeros((len(rotations["root"]), 24, 3))

    def put(joint: str, rotation: Rotation) -> None:
        poses[:, INDEX[joint]] = rotation.as_rotvec()

    put("pelvis", rotations["root"])
    # One rotation of the chest is bent over three joints of the spine, one of the neck over two.
    for joint in ("spine1", "spine2", "spine3"):
        poses[:, INDEX[joint]] = rotations["chest"].as_rotvec() / 3
    for joint in ("neck", "head"):
        poses[:, INDEX[joint]] = rotations["neck"].as_rotvec() / 2
    for side, sign in (("left", 1.0), ("right", -1.0)):
        for joint in ("hip", "knee", "ankle"):
            put(f"{side}_{joint}", rotations[f"{side}_{joint}"])
        # From SMPL's horizontal arm to DeepMimic's hanging one.
        hang = Rotation.from_euler("z", -sign * 90, degrees=True)
        arm = rotations[f"{side}_shoulder"] * hang
        along = arm.apply([sign, 0.0, 0.0])
        elevation = np.arcsin(np.clip(along[:, 1], -1.0, 1.0))
        collar = Rotation.from_rotvec(np.outer(sign * COLLAR_SHARE * elevation, [0.0, 0.0, 1.0]))
        put(f"{side}_collar", collar)
        put(f"{side}_shoulder", collar.inv() * arm)
        put(f"{side}_elbow", hang.inv() * rotations[f"{side}_elbow"] * hang)
    return poses


def convert(path: Path, clip: SourceClip, body: Body) -> tuple[Array, Array]:
    """Poses (T, 24, 3) and translations (T, 3) of a clip for ``body``.

    The clip starts at the origin, facing +z (a cyclic one does so on average), and its soles
    come down to the body's floor.
    """
    positions, rotations = resampled(*read_deepmimic(path))
    if clip.cyclic:
        rotations = joined(rotations)
    forward = rotations["root"].apply([0.0, 0.0, 1.0])
    if clip.lying:
        # Who looks at the floor or at the sky faces where they would with the same hip upright.
        forward -= forward[:, 1:2] * rotations["root"].apply([0.0, 1.0, 0.0])
    if not clip.cyclic:
        forward = forward[:1]
    yaw = np.arctan2(forward[:, 0].mean(), forward[:, 2].mean())
    turn = Rotation.from_euler("y", -yaw)
    rotations["root"] = turn * rotations["root"]
    positions = turn.apply(positions)

    poses = smpl_rotations(rotations)
    joints = body.rest_joints.numpy().astype(np.float64)
    hips = 0.5 * (joints[INDEX["left_hip"]] + joints[INDEX["right_hip"]])
    scale = (hips[1] - body.floor) / DEEPMIMIC_LEG
    # Its root is the middle of the hips; SMPL turns about the pelvis, a little higher.
    offset = rotations["root"].apply(hips - joints[0]) + joints[0]
    translation = positions * scale + [0.0, body.floor, 0.0] - offset
    translation[:, [0, 2]] -= translation[0, [0, 2]]
    if clip.cyclic:
        climb = translation[-1, 1] - translation[0, 1]
        translation[:, 1] -= np.linspace(-0.5, 0.5, len(poses)) * climb
    poses = hands_on_floor(poses, translation, body)
    return poses, feet_on_floor(poses, translation, body, clip.cyclic)


def make_motions(out: Path, body_path: Path, report: Report = log_line) -> list[Path]:
    """Convert every clip of :data:`CLIPS` into ``out``.

    Args:
        out: Folder of the .npz files.
        body_path: The body whose size and floor they are made for.
        report: Called with a line per clip.

    Raises:
        UserError: pybullet is not installed.
    """
    try:
        import pybullet_data
    except ImportError:
        raise UserError(
            "the bundled motions are made from the package pybullet: pip install pybullet"
        ) from None
    folder = Path(pybullet_data.getDataPath()) / "data" / "motions"
    body = load_body(body_path)
    written = []
    for name, clip in CLIPS.items():
        poses, translation = convert(folder / f"humanoid3d_{clip.source}.txt", clip, body)
        source = PROVENANCE.format(clip=clip.source)
        written.append(_write(out / f"{name}.npz", poses, translation, clip.cyclic, source))
        report(f"{name}: {len(poses)} frames, {len(poses) / FPS:.1f} s")
    poses, translation = idle(body)
    written.append(_write(out / "idle.npz", poses, translation, True, IDLE_PROVENANCE))
    report(f"idle: {len(poses)} frames, {len(poses) / FPS:.1f} s")
    return written


def _write(path: Path, poses: Array, translation: Array, cyclic: bool, source: str) -> Path:
    """A bundled clip: AMASS's layout, half-precision rotations, y up."""
    with atomic_path(path) as temporary:
        np.savez_compressed(
            temporary,
            poses=poses.reshape(len(poses), 72).astype(np.float16),
            trans=translation.astype(np.float32),
            mocap_framerate=np.float64(FPS),
            gender=np.array("neutral"),
            betas=np.zeros(10, np.float32),
            up_axis=np.array("y"),
            cyclic=np.array(cyclic),
            provenance=np.array(source),
        )
    return path
