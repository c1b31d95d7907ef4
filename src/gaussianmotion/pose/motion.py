"""Motions: poses over time, bundled or from AMASS / SMPL .npz files.

The bundled clips (``resources/motions``) have AMASS's layout with one key more: up_axis. World
frame of a loaded motion: metres, y up. Which axis was up in the file is decided by, in this order:
the key ``up_axis`` ("y" or "z"); where the pelvis points on average, if it is clearly y or z; the
key mocap_framerate, which AMASS has, and AMASS is z up; otherwise y.
"""

import difflib
import io
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.body.rotation import multiply, slerp, to_axis_angle, to_quaternion
from gaussianmotion.errors import UserError

BUNDLED = Path(__file__).resolve().parents[3] / "resources" / "motions"

# Values per frame: SMPL (24 joints), its body without hands (22), SMPL-H (52), SMPL-X (55).
WIDTHS = (72, 66, 156, 165)
RATE_KEYS = ("mocap_framerate", "mocap_frame_rate", "fps")
# SMPL, SMPL-H and SMPL-X share these first joints; SMPL's last two are the hands, left straight.
SHARED_JOINTS = 22
# How much more the pelvis must point along one axis than along the other to decide which is up.
CLEARLY_UP = 0.3


@dataclass(frozen=True, eq=False)
class Motion:
    """A clip of T frames.

    Attributes:
        name: Name of the bundled clip or of the file.
        fps: Frames per second.
        poses: Axis-angle in radians, SMPL joint order, shape (T, 24, 3).
        translation: Added after posing, metres, y up, shape (T, 3).
        source: Where it comes from, for people.
        cyclic: The last frame is the first one again, up to a translation.
    """

    name: str
    fps: float
    poses: Float[Tensor, "T 24 3"]
    translation: Float[Tensor, "T 3"]
    source: str
    cyclic: bool = False

    def __len__(self) -> int:
        return len(self.poses)

    @property
    def seconds(self) -> float:
        """Time from the first frame to the last."""
        return (len(self) - 1) / self.fps

    def resample(self, fps: float | int) -> "Motion":
        """The same clip at another rate, rotations by slerp, positions linearly.

        First and last frame stay what they are, so the duration is right to half a frame.
        """
        count = round(self.seconds * fps) + 1
        if len(self) == 1 or count == 1:
            return replace(
                self, fps=float(fps), poses=self.poses[:1], translation=self.translation[:1]
            )
        position = torch.linspace(0, len(self) - 1, count, dtype=torch.float64)
        before = position.long().clamp(max=len(self) - 2)
        share = (position - before).float()[:, None]
        rotations = to_quaternion(self.poses)
        between = slerp(rotations[before], rotations[before + 1], share[:, None])
        moved = torch.lerp(self.translation[before], self.translation[before + 1], share)
        return replace(self, fps=float(fps), poses=to_axis_angle(between), translation=moved)

    def loop(self, seconds: float | int) -> "Motion":
        """A cyclic clip repeated, each time from where it ended, to last at least ``seconds``.

        Other clips are returned as they are.
        """
        if not self.cyclic or self.seconds >= seconds:
            return self
        cycles = int(np.ceil(seconds / self.seconds))
        step = (self.translation[-1] - self.translation[0]) * torch.tensor([1.0, 0.0, 1.0])
        walked = [self.translation[:-1] + turn * step for turn in range(cycles)]
        return replace(
            self,
            poses=torch.cat([self.poses[:-1].repeat(cycles, 1, 1), self.poses[-1:]]),
            translation=torch.cat([*walked, self.translation[-1:] + (cycles - 1) * step]),
        )


def bundled_motions() -> list[str]:
    """Names of the clips that ship with the project."""
    return sorted(path.stem for path in BUNDLED.glob("*.npz"))


def load_motion(name_or_path: str | Path) -> Motion:
    """A bundled clip by its name, or an AMASS / SMPL .npz by its path.

    Raises:
        UserError: no such clip or file, or the file is damaged or of another layout.
    """
    name = str(name_or_path)
    if not name.endswith(".npz") and "/" not in name:
        known = bundled_motions()
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ", or the path of an AMASS .npz"
            raise UserError(f"unknown motion {name!r}: bundled are {', '.join(known)}{hint}")
        return _load(BUNDLED / f"{name}.npz")
    return _load(Path(name).expanduser())


def _load(path: Path) -> Motion:
    arrays = _read(path)
    rates = [key for key in RATE_KEYS if key in arrays]
    if not rates:
        raise UserError(f"{path} does not say its frame rate: add the key mocap_framerate")
    if "trans" not in arrays:
        raise UserError(f"{path} lacks trans, the root's positions: an array of T x 3 metres")
    fps = _number(arrays[rates[0]], rates[0], path)
    poses = _poses(arrays, path)
    translation = _finite(arrays["trans"], "trans", path)
    if translation.shape != (len(poses), 3):
        raise UserError(
            f"{path}: trans has shape {tuple(translation.shape)}, but {len(poses)} x 3 is needed"
        )
    if _up_axis(arrays, poses, path) == "z":
        poses, translation = _z_up_to_y_up(poses, translation)
    provenance = str(arrays["provenance"]) if "provenance" in arrays else str(path)
    return Motion(
        name=path.stem,
        fps=fps,
        poses=poses,
        translation=translation,
        source=provenance,
        cyclic=bool(arrays["cyclic"]) if "cyclic" in arrays else False,
    )


def _read(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise UserError(
            f"no motion file {path}: give the path of an AMASS / SMPL .npz, or one of "
            f"{', '.join(bundled_motions())}"
        )
    wanted = ("poses", "root_orient", "pose_body", "trans", "up_axis", "cyclic", "provenance")
    try:
        # From memory: numpy leaves a damaged file open.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            return {key: file[key] for key in wanted + RATE_KEYS if key in file.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError, AttributeError):
        raise UserError(
            f"{path} is damaged or no .npz of plain arrays: copy or download it again"
        ) from None


def _number(value: np.ndarray, key: str, path: Path) -> float:
    if value.size != 1 or value.dtype.kind not in "fiu" or not 0 < float(value.item()) < 10_000:
        raise UserError(f"{path}: {key} must be one positive number, frames per second")
    return float(value.item())


def _finite(value: np.ndarray, key: str, path: Path) -> Tensor:
    if value.dtype.kind not in "fiu":
        raise UserError(f"{path}: {key} holds {value.dtype}, not numbers")
    bad = np.flatnonzero(~np.isfinite(np.atleast_2d(value)).all(-1))
    if len(bad):
        raise UserError(
            f"{path}: {key} has values that are not numbers, first in frame {bad[0]}: "
            "cut those frames out"
        )
    return torch.from_numpy(value.astype(np.float32))


def _poses(arrays: dict[str, np.ndarray], path: Path) -> Float[Tensor, "T 24 3"]:
    if "poses" in arrays:
        raw = arrays["poses"]
    elif "root_orient" in arrays and "pose_body" in arrays:
        raw = np.concatenate([arrays["root_orient"], arrays["pose_body"]], axis=-1)
    else:
        raise UserError(f"{path} lacks poses: an array of T x 72 (SMPL) or T x 156 (AMASS) radians")
    if raw.ndim == 3 and raw.shape[-1] == 3:
        raw = raw.reshape(len(raw), -1)
    if raw.ndim != 2 or raw.shape[1] not in WIDTHS:
        raise UserError(
            f"{path}: poses has shape {raw.shape}, but T x 72 (SMPL), T x 66 (its body), T x 156 "
            "(SMPL-H, AMASS) or T x 165 (SMPL-X) axis-angle values are needed"
        )
    if len(raw) == 0:
        raise UserError(f"{path} has no frames")
    flat = _finite(raw, "poses", path)
    poses = torch.zeros(len(flat), 24, 3)
    joints = 24 if raw.shape[1] == 72 else SHARED_JOINTS
    poses[:, :joints] = flat[:, : joints * 3].reshape(len(flat), joints, 3)
    return poses


def _up_axis(arrays: dict[str, np.ndarray], poses: Float[Tensor, "T 24 3"], path: Path) -> str:
    if "up_axis" in arrays:
        axis = str(arrays["up_axis"]).lower()
        if axis not in ("y", "z"):
            raise UserError(f"{path}: up_axis is {axis!r}, but must be 'y' or 'z'")
        return axis
    up = _pelvis_up(poses).mean(dim=0)
    if abs(float(up[1] - up[2])) > CLEARLY_UP:
        return "y" if up[1] > up[2] else "z"
    return "z" if "mocap_framerate" in arrays else "y"


def _pelvis_up(poses: Float[Tensor, "T 24 3"]) -> Float[Tensor, "T 3"]:
    """Where the pelvis' own y axis points."""
    w, x, y, z = to_quaternion(poses[:, 0]).unbind(-1)
    return torch.stack([2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)], dim=-1)


def _z_up_to_y_up(
    poses: Float[Tensor, "T 24 3"], translation: Float[Tensor, "T 3"]
) -> tuple[Float[Tensor, "T 24 3"], Float[Tensor, "T 3"]]:
    """Turn the world by -90 degrees about x.

    SMPL turns about the pelvis, which is not at the origin: the result is off by a constant of a
    few centimetres, which moves the whole clip and is of no consequence.
    """
    turn = to_quaternion(torch.tensor([-np.pi / 2, 0.0, 0.0], dtype=torch.float32))
    root = to_axis_angle(multiply(turn.expand(len(poses), 4), to_quaternion(poses[:, 0])))
    x, y, z = translation.unbind(-1)
    return torch.cat([root[:, None], poses[:, 1:]], dim=1), torch.stack([x, z, -y], dim=-1)
