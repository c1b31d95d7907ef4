"""BVH files that are damaged, incomplete, or of a skeleton that is not known: one line each."""

from pathlib import Path

import pytest
import torch
from bvh_writer import bvh

from gaussianmotion.body import Body
from gaussianmotion.pose.motion import load_motion
from gaussianmotion.runtime.errors import UserError


def refused(path: Path, message: str) -> None:
    """The file is refused in one line that names it."""
    with pytest.raises(UserError, match=message) as error:
        load_motion(path)
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("mixamorig:", "Bone_", None),  # a prefix that is not known, but shared
        ("LeftUpLeg", "Bone7", "no table knows its joints.*lacks left_hip"),
        ("Frame Time: 0.0333333", "Frame Time: 0", "does not say its frame rate"),
        ("Frame Time: 0.0333333", "Frame Time: nan", "does not say its frame rate"),
        ("Frame Time: 0.0333333", "", "must be followed by"),
        ("Frames: ", "Frames: 1", "says .* frames of .* channels, but holds"),
        ("Frames: ", "Frames: -", "must be followed by"),
        ("MOTION", "", "has a line MOTION"),
        ("Zrotation", "Wrotation", "joint 'mixamorig:Hips' has a bad CHANNELS line"),
        ("CHANNELS 6", "CHANNELS 5", "bad CHANNELS line"),
        ("OFFSET", "OFFSET x", "bad OFFSET line"),
        ("ROOT", "JOINT", "damaged, or no person's"),
        ("}\nMOTION", "}\nROOT b\n{\nOFFSET 0 0 0\n}\nMOTION", "several skeletons"),
        ("}\nMOTION", "MOTION", "hierarchy is cut short"),
    ],
)
def test_a_bad_bvh_is_explained(
    old: str, new: str, message: str | None, open_body: Body, tmp_path: Path
) -> None:
    path = bvh(load_motion("walk"), tmp_path / "clip", open_body)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new) if message is None else text.replace(old, new, 1))
    if message is None:
        load_motion(path)
    else:
        refused(path, message)


def test_a_rest_pose_that_looks_nowhere_is_explained(open_body: Body, tmp_path: Path) -> None:
    """Offsets of 0, as where positions are channels of each joint."""
    path = bvh(load_motion("walk"), tmp_path / "clip", open_body, inner_positions=True)
    lines = path.read_text().splitlines()
    for index, line in enumerate(lines):
        if "UpLeg" in line:
            offset = next(k for k in range(index, index + 4) if "OFFSET" in lines[k])
            lines[offset] = "OFFSET 0 0 0"
    path.write_text("\n".join(lines))
    refused(path, "nobody can tell where it looks")


@pytest.mark.parametrize("end", ["\r", "\r\n"])
def test_any_white_space_and_line_ends_are_read(end: str, open_body: Body, tmp_path: Path) -> None:
    path = bvh(load_motion("walk"), tmp_path / "clip", open_body)
    plain = load_motion(path)
    text = path.read_text().replace("OFFSET ", "OFFSET\t ").replace("JOINT ", "JOINT\t")
    path.write_bytes(text.replace("\n", end).encode())
    assert torch.equal(load_motion(path).poses, plain.poses)


def test_a_bvh_without_channels_or_numbers_is_explained(open_body: Body, tmp_path: Path) -> None:
    path = bvh(load_motion("walk"), tmp_path / "clip", open_body)
    lines = path.read_text().splitlines()
    start = lines.index("MOTION") + 3
    still = [line for line in lines[:start] if "CHANNELS" not in line]
    path.write_text("\n".join(still))
    refused(path, "has no channels")
    path.write_text(
        "\n".join([*lines[:start], *(line.replace("0", "O") for line in lines[start:])])
    )
    refused(path, "words that are no numbers")
    path.write_text("\n".join([*lines[:start], "nan" + lines[start][7:], *lines[start + 1 :]]))
    refused(path, "not numbers|but holds")
