"""Files that are no motions, or not all of one: one line that says what is wrong, nothing run."""

import os
import pickle
from pathlib import Path

import joblib
import numpy as np
import pytest
import torch
from bvh_writer import bvh
from motion_writers import (
    gvhmr,
    joints_of,
    mdm_results,
    tram,
    wham,
)

from gaussianmotion.body import Body
from gaussianmotion.config.motion import MotionFile
from gaussianmotion.pose.files import container, read
from gaussianmotion.pose.motion import load_motion
from gaussianmotion.runtime.errors import UserError

GOOD = {
    "poses": np.zeros((6, 72)), "trans": np.zeros((6, 3)), "mocap_framerate": 30.0, "up_axis": "y"
}  # fmt: skip


def at(value: float, frame: int = 4, shape: tuple[int, ...] = (6, 72)) -> np.ndarray:
    array = np.zeros(shape)
    array[frame, 1] = value
    return array


def refused(source: Path | MotionFile, message: str) -> None:
    """The file is refused in one line that names it."""
    with pytest.raises(UserError, match=message) as error:
        load_motion(source)
    path = source.path if isinstance(source, MotionFile) else source
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    "arrays",
    [
        {"root_orient": (0, 3), "pose_body": (0, 63), "trans": (0, 3)},
        {"smpl_poses": (0, 72), "smpl_trans": (0, 3), "smpl_scaling": (1,)},
        {"pred_rotmat": (0, 24, 3, 3), "pred_trans": (0, 1, 3)},
    ],
    ids=["SMPL-X", "AIST++", "TRAM"],
)
def test_files_of_no_frames_are_explained(arrays: dict, tmp_path: Path) -> None:
    path = tmp_path / "clip.npz"
    np.savez(path, **{name: np.zeros(shape) for name, shape in arrays.items()})
    refused(MotionFile(path=path, fps=30.0, up="y"), "frame")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"poses": np.zeros((6, 69))}, r"shape \(6, 69\), but T x 72"),
        ({"poses": np.zeros((6, 21, 3))}, r"shape \(6, 63\)"),
        ({"poses": np.zeros(72)}, "but T x 72"),
        ({"poses": np.float64(1.0)}, "but T x 72"),
        ({"poses": np.zeros((0, 72))}, "no frames"),
        ({"poses": np.zeros((1, 72)), "trans": np.zeros((1, 3))}, "one frame; .* at least two"),
        ({"poses": at(np.nan)}, "not numbers, first in frame 4"),
        ({"poses": np.full((6, 72), "a")}, "not numbers"),
        ({"poses": np.zeros((6, 72), complex)}, "holds complex128, not numbers"),
        ({"poses": np.array([None, 1], dtype=object)}, "but T x 72"),
        ({"poses": at(70.0)}, r"70 radians in frame 4.*are these degrees\?"),
        ({"poses": at(1e20)}, r"values beyond 1e\+09, first in frame 4"),
        ({"poses": None}, "lacks poses"),
        ({"trans": None}, "lacks trans"),
        ({"trans": np.zeros((5, 3))}, "6 x 3 is needed"),
        ({"trans": np.full((6, 3), np.inf)}, "trans has values"),
        ({"trans": np.full((6, 3), 920.0)}, "920 m high: .* add `unit: cm`"),
        ({"trans": np.arange(6.0)[:, None] * [[20, 0, 0]]}, r"moves at .* m/s: .* another unit\?"),
        ({"trans": np.full((6, 3), 1e300)}, "values beyond"),
        ({"mocap_framerate": None}, "does not say its frame rate: add `fps: 30`"),
        ({"mocap_framerate": 0.0}, "one positive number"),
        ({"mocap_framerate": np.array([30.0, 60.0])}, "one positive number"),
        ({"mocap_framerate": np.nan}, "one positive number"),
        ({"up_axis": "x"}, "must be 'y' or 'z'"),
    ],
)
def test_a_bad_array_is_explained_in_one_line(changes: dict, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.npz"
    np.savez(path, **{k: v for k, v in {**GOOD, **changes}.items() if v is not None})
    refused(path, message)


class Hostile:
    """What runs a command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


@pytest.mark.parametrize("kind", ["pkl", "npy", "npz", "pt", "joblib", "joblib.gz", "protocol 0"])
def test_nothing_in_a_file_is_executed(kind: str, tmp_path: Path) -> None:
    mark, path = tmp_path / "executed", tmp_path / "hostile"
    content = {"poses": Hostile(mark), "trans": np.zeros((6, 3))}
    if kind == "pkl":
        path.write_bytes(pickle.dumps(content))
    elif kind == "protocol 0":
        path.write_bytes(pickle.dumps(content, protocol=0))
    elif kind == "npy":
        with path.open("wb") as file:
            np.save(file, content, allow_pickle=True)  # type: ignore[arg-type]
    elif kind == "npz":
        with path.open("wb") as file:
            np.savez(file, poses=np.array(Hostile(mark), dtype=object))
    elif kind == "pt":
        torch.save(content, path)
    else:
        joblib.dump(content, path, compress=3 if kind.endswith("gz") else 0)
    refused(path, "refused: it asks for posix.system, .*nothing in a file is executed")
    assert not mark.exists()
    # The file is what it seems: read the ordinary way, it does run.
    if kind in ("pkl", "protocol 0"):
        pickle.loads(path.read_bytes())
        assert mark.exists()


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.6, 0.9, 0.98])
@pytest.mark.parametrize("kind", ["npz", "npy", "pt", "pkl", "bvh"])
def test_a_file_cut_short_is_refused(
    kind: str, share: float, open_body: Body, tmp_path: Path
) -> None:
    motion = load_motion("walk")
    if kind == "npz":
        path = tmp_path / "whole.npz"
        np.savez(path, **GOOD)
    elif kind == "npy":
        path = tmp_path / "whole.npy"
        np.save(path, joints_of(motion, open_body.rest_joints.double().numpy()))
    elif kind == "pt":
        path = gvhmr(motion, tmp_path / "whole")
    elif kind == "pkl":
        path = wham(motion, tmp_path / "whole")
    else:
        path = bvh(motion, tmp_path / "whole", open_body)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    refused(
        MotionFile(path=path, fps=30), "damaged|empty|cut short|MOTION|hierarchy|does not belong"
    )


def test_what_is_no_motion_is_said(tmp_path: Path) -> None:
    refused(tmp_path / "absent.npz", "no motion file")
    (tmp_path / "folder.npz").mkdir()
    refused(tmp_path / "folder.npz", "cannot read the motion file")
    (tmp_path / "note.txt").write_text("hello")
    refused(tmp_path / "note.txt", "damaged or no motion file")
    np.save(tmp_path / "vecs.npy", np.zeros((9, 263)))
    refused(tmp_path / "vecs.npy", "HumanML3D's features .* give its joints")
    np.save(tmp_path / "other.npy", np.zeros((9, 17, 3)))
    refused(tmp_path / "other.npy", r"array of shape \(9, 17, 3\)")
    (tmp_path / "list.pkl").write_bytes(pickle.dumps([1, 2]))
    refused(tmp_path / "list.pkl", "holds list, which is no motion")
    (tmp_path / "dict.pkl").write_bytes(pickle.dumps({"a": 1}))
    refused(tmp_path / "dict.pkl", "it holds a, which is no layout")


def test_the_name_of_a_file_does_not_matter(tmp_path: Path) -> None:
    """A .npy named .npz is read as what it is."""
    path = tmp_path / "joints.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros((9, 24, 3)))
    refused(path, r"array of shape \(9, 24, 3\)")


def test_a_small_file_cannot_ask_for_all_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "huge.npy"
    np.save(path, np.zeros((2, 22, 3)))
    data = path.read_bytes()
    header = (
        data[:10] + b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 22, 3), }"
    )
    path.write_bytes(header.ljust(127) + b"\n" + data[128:])
    refused(path, "damaged")
    monkeypatch.setattr(container, "LARGEST", 1 << 20)
    np.savez_compressed(tmp_path / "bomb.npz", poses=np.zeros((1 << 18, 72)))
    joblib.dump(np.zeros((1 << 18, 72)), tmp_path / "bomb.pkl", compress=3)
    for name in ("bomb.npz", "bomb.pkl"):
        assert (tmp_path / name).stat().st_size < 1 << 20
        refused(tmp_path / name, "unpacks to more than 1 GB")
    np.save(path, np.zeros((1 << 18, 22, 3)))
    refused(path, "GB; cut a motion")


def test_several_people_or_samples_are_never_chosen_silently(
    open_body: Body, tmp_path: Path
) -> None:
    motion = load_motion("walk")
    path = wham(motion, tmp_path / "people", people=(3, 7))
    refused(MotionFile(path=path, fps=30), "holds 2 of them: choose a person by `take: 3`.*of 3, 7")
    refused(MotionFile(path=path, fps=30, take=5), "there is no person 5")
    assert len(load_motion(MotionFile(path=path, fps=30, take=7))) == len(motion)
    joints = joints_of(motion, open_body.rest_joints.double().numpy())
    refused(mdm_results(joints, tmp_path / "results", samples=2), "choose a sample by `take: 0`")


def test_a_silent_rate_is_asked_for(tmp_path: Path) -> None:
    refused(
        wham(load_motion("walk"), tmp_path / "w"), "WHAM.*does not say its frame rate.*--fps 30"
    )


def test_tram_without_its_cameras_is_explained(tmp_path: Path) -> None:
    path = tram(load_motion("walk"), tmp_path / "clip")
    (tmp_path / "camera.npy").unlink()
    refused(path, "put TRAM's camera.npy beside it")


def test_a_long_motion_is_read(tmp_path: Path) -> None:
    """100,000 frames: 14 minutes at 120 Hz."""
    walk = load_motion("walk")
    poses = walk.poses.reshape(-1, 72).numpy()
    count = 100_000
    path = tmp_path / "long.npz"
    np.savez(
        path,
        poses=np.resize(poses, (count, 72)),
        trans=np.zeros((count, 3)),
        mocap_framerate=120,
        up_axis="y",
    )
    assert len(load_motion(path)) == count


@pytest.mark.parametrize("content", [b"", b"junk", b"PK\x03\x04" + bytes(99)])
def test_a_damaged_body_is_told_where_a_motion_is_opened(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(tmp_path / "good.npz", **GOOD)
    (tmp_path / "open_body.npz").write_bytes(content)
    monkeypatch.setattr(read, "BODY", tmp_path / "open_body.npz")
    read.shipped_rest.cache_clear()
    with pytest.raises(UserError, match=r"open_body\.npz is damaged .*: copy or download it again"):
        load_motion(MotionFile(path=tmp_path / "good.npz"))
    read.shipped_rest.cache_clear()
