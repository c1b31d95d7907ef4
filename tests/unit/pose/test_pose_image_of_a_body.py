"""Which side is which, which way is up, and when there is a face: read off the pixels."""

import math

import pytest
import torch

from gaussianmotion.body import Body
from gaussianmotion.body.joints import INDEX
from gaussianmotion.body.posed_body import PosedBody
from gaussianmotion.body.poses import a_pose
from gaussianmotion.body.rotation import multiply, to_axis_angle, to_quaternion
from gaussianmotion.camera import Cameras, orbit
from gaussianmotion.pose.openpose import COLOURS, KEYPOINTS, body_keypoints, pose_image

SIZE = 256
FACE = {"nose": 0, "right eye": 14, "left eye": 15, "right ear": 16, "left ear": 17}


def camera(azimuth: float, elevation: float = 0.0, distance: float = 2.6) -> Cameras:
    one = torch.ones(1)
    target = torch.tensor([[0.0, -0.1, 0.0]])
    return orbit(azimuth * one, elevation * one, distance * one, 50 * one, target, SIZE)


def where(image: torch.Tensor, keypoint: str) -> tuple[float, float] | None:
    """Mean (x, y) of the pixels of a keypoint's full colour; None if there are none."""
    colour = torch.tensor(COLOURS[KEYPOINTS.index(keypoint)])[:, None, None] / 255
    found = ((image - colour).abs().amax(0) < 0.02).nonzero().float()
    return None if len(found) == 0 else (float(found[:, 1].mean()), float(found[:, 0].mean()))


def picture(body: Body, pose: torch.Tensor, view: Cameras) -> torch.Tensor:
    return pose_image(PosedBody.of(body, pose[None]), view)[0]


def test_in_a_front_view_the_left_side_is_at_the_right_and_there_is_a_face(
    open_body: Body,
) -> None:
    image = picture(open_body, a_pose(), camera(0))
    for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "ear"):
        left, right = where(image, f"left {part}"), where(image, f"right {part}")
        assert left is not None
        assert right is not None
        assert left[0] > right[0], part
    nose, neck, ankle = (where(image, name) for name in ("nose", "neck", "left ankle"))
    assert nose is not None
    assert neck is not None
    assert ankle is not None
    assert nose[1] < neck[1] < ankle[1]


def test_in_a_back_view_sides_are_swapped_and_there_is_no_face(open_body: Body) -> None:
    image = picture(open_body, a_pose(), camera(180))
    left, right = where(image, "left shoulder"), where(image, "right shoulder")
    assert left is not None
    assert right is not None
    assert left[0] < right[0]
    assert [where(image, name) for name in ("nose", "right eye", "left eye")] == [None] * 3
    # Without a nose there are no limbs of the face either: no blue from neck to nose.
    assert not ((image[2] > 0.5) & (image[0] + image[1] < 0.05) & (rows() < 60)).any()


def rows() -> torch.Tensor:
    return torch.arange(SIZE)[:, None].expand(SIZE, SIZE)


@pytest.mark.parametrize(
    ("azimuth", "near", "far"), [(90, "left", "right"), (-90, "right", "left")]
)
def test_a_side_view_shows_the_near_ear_only(
    open_body: Body, azimuth: float, near: str, far: str
) -> None:
    _, visible = body_keypoints(PosedBody.of(open_body, a_pose()[None]), camera(azimuth))
    assert visible[0, FACE[f"{near} ear"]]
    assert not visible[0, FACE[f"{far} ear"]]
    assert visible[0, 1:14].all()


def test_a_face_behind_an_arm_is_left_out(open_body: Body) -> None:
    pose = a_pose()
    # Forearm in front of the face: shoulder turned forward and up, elbow bent.
    forward = to_quaternion(torch.tensor([0.0, math.radians(-90), 0.0]))
    up = to_quaternion(torch.tensor([0.0, 0.0, math.radians(40)]))
    pose[INDEX["left_shoulder"]] = to_axis_angle(multiply(forward, up))
    pose[INDEX["left_elbow"], 1] = math.radians(-100)
    _, covered = body_keypoints(PosedBody.of(open_body, pose[None]), camera(0))
    _, open_face = body_keypoints(PosedBody.of(open_body, a_pose()[None]), camera(0))
    assert open_face.all()
    assert not covered[0, FACE["nose"]]
    assert not covered[0, FACE["left ear"]]
    assert covered[0, 1:14].all()


def test_upside_down_is_drawn_upside_down(open_body: Body) -> None:
    pose = a_pose()
    pose[0, 2] = math.pi
    image = picture(open_body, pose, camera(0))
    nose, ankle = where(image, "nose"), where(image, "right ankle")
    left, right = where(image, "left shoulder"), where(image, "right shoulder")
    assert nose is not None
    assert ankle is not None
    assert left is not None
    assert right is not None
    assert nose[1] > ankle[1]
    assert left[0] < right[0]


def test_from_below_or_above_the_skeleton_keeps_its_side(open_body: Body) -> None:
    for elevation in (-40.0, 60.0):
        image = picture(open_body, a_pose(), camera(0, elevation))
        left, right = where(image, "left hip"), where(image, "right hip")
        assert left is not None
        assert right is not None
        assert left[0] > right[0]


def test_what_is_behind_the_camera_is_not_drawn(open_body: Body) -> None:
    # From inside the belly, looking up along the body: legs are behind.
    one = torch.ones(1)
    view = orbit(0 * one, -80 * one, 0.3 * one, 60 * one, torch.tensor([[0.0, 0.6, 0.0]]), 64)
    pixels, visible = body_keypoints(PosedBody.of(open_body, a_pose()[None]), view)
    assert not visible[0, [9, 10, 12, 13]].any()
    assert torch.isfinite(pixels).all()
    assert torch.isfinite(pose_image(PosedBody.of(open_body, a_pose()[None]), view)).all()


def test_a_small_image_decides_like_a_large_one_which_face_points_are_hidden(
    open_body: Body,
) -> None:
    azimuths = torch.linspace(-180, 170, 36)
    one = torch.ones(36)
    seen = []
    for size in (64, 512):
        views = orbit(azimuths, 5 * one, 2.6 * one, 50 * one, torch.zeros(36, 3), size)
        seen.append(body_keypoints(PosedBody.of(open_body, a_pose().repeat(36, 1, 1)), views)[1])
    assert torch.equal(seen[0], seen[1])
    nose = seen[0][:, 0]
    assert nose[azimuths.abs() < 60].all()
    assert not nose[azimuths.abs() > 130].any()


def test_the_neck_is_a_joint_or_half_way_between_the_shoulders(open_body: Body) -> None:
    poses, view = a_pose()[None], camera(20)
    joint, _ = body_keypoints(PosedBody.of(open_body, poses), view)
    half_way, _ = body_keypoints(PosedBody.of(open_body, poses), view, "shoulders")
    neck, right, left = (KEYPOINTS.index(x) for x in ("neck", "right shoulder", "left shoulder"))
    between = 0.5 * (half_way[0, right] + half_way[0, left])
    assert torch.allclose(half_way[0, neck], between, atol=1.0)  # but for perspective
    assert half_way[0, neck, 1] > joint[0, neck, 1] + 3.0  # lower in the picture
    others = [index for index in range(len(KEYPOINTS)) if index != neck]
    assert torch.equal(half_way[:, others], joint[:, others])
