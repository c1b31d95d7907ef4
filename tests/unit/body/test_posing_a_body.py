"""Forward kinematics relative to the star pose, and what the body knows about its surface."""

import math
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from smplx.lbs import lbs

from gaussianmotion.body import Body, load_body
from gaussianmotion.body.joints import INDEX, JOINTS, MIRROR, PARENTS
from gaussianmotion.body.model import DETAILED
from gaussianmotion.body.poses import NAMED, a_pose, named_pose, star_pose, t_pose
from gaussianmotion.body.rotation import multiply, slerp, to_axis_angle, to_quaternion
from gaussianmotion.config.rendering import PoseName
from gaussianmotion.runtime.errors import UserError


@pytest.fixture
def body(body_file: Path) -> Body:
    return load_body(body_file)


def random_poses(count: int) -> torch.Tensor:
    return 0.4 * torch.randn(count, 24, 3, generator=torch.Generator().manual_seed(0))


def smplx_posed(body: Body, poses: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """SMPL's own vertices (one blend from T-pose) and joints; no correctives."""
    regressor = torch.zeros(24, len(body.vertices))
    vertices, joints = lbs(
        torch.zeros(len(poses), 1),
        poses.flatten(1),
        body.rest_vertices[None],
        torch.zeros(len(body.vertices), 3, 1),
        torch.zeros(207, len(body.vertices) * 3),
        _regressor(body, regressor),
        torch.tensor(PARENTS),
        body.weights,
    )
    return vertices, joints


def _regressor(body: Body, regressor: torch.Tensor) -> torch.Tensor:
    # Any that gives the rest joints will do.
    solution = torch.linalg.lstsq(
        torch.cat([body.rest_vertices, torch.ones(len(regressor[0]), 1)], 1).T.double(),
        torch.cat([body.rest_joints, torch.ones(24, 1)], 1).T.double(),
        driver="gelsd",
    ).solution.T
    return solution.float()


def test_the_star_pose_leaves_canonical_geometry_where_it_is(body: Body) -> None:
    star = star_pose()[None]
    torch.testing.assert_close(body.transforms(star)[0], torch.eye(4).repeat(24, 1, 1))
    torch.testing.assert_close(body.posed_vertices(star)[0], body.vertices)
    torch.testing.assert_close(body.posed_joints(star)[0], body.joints)
    torch.testing.assert_close(smplx_posed(body, star)[0][0], body.vertices, atol=1e-5, rtol=0)


def test_joints_are_smpls_in_any_pose(body: Body) -> None:
    poses = random_poses(5)
    torch.testing.assert_close(
        body.posed_joints(poses), smplx_posed(body, poses)[1], atol=1e-5, rtol=0
    )


def test_transforms_are_rigid_and_carry_the_translation(body: Body) -> None:
    poses, move = random_poses(3), torch.tensor([[1.0, 2.0, 3.0]] * 3)
    transforms = body.transforms(poses, move)
    rotation = transforms[..., :3, :3]
    identity = torch.eye(3).expand_as(rotation)
    torch.testing.assert_close(rotation @ rotation.mT, identity, atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.linalg.det(rotation), torch.ones(3, 24))
    torch.testing.assert_close(
        body.posed_vertices(poses, move), body.posed_vertices(poses) + move[:, None]
    )


def test_one_raised_arm_turns_about_its_shoulder_only(body: Body) -> None:
    pose = star_pose()
    pose[INDEX["left_shoulder"], 2] = math.radians(90)
    joints = body.posed_joints(pose[None])[0]
    shoulder, elbow = joints[INDEX["left_shoulder"]], joints[INDEX["left_elbow"]]
    torch.testing.assert_close(elbow - shoulder, torch.tensor([0.0, 0.27, 0.0]), atol=1e-5, rtol=0)
    below = [i for i, name in enumerate(JOINTS) if "arm" not in name and i not in (18, 20, 22)]
    torch.testing.assert_close(joints[below], body.joints[below], atol=1e-5, rtol=0)


def test_nearest_weights_are_those_of_the_nearest_vertex(body: Body) -> None:
    points = torch.rand(200, 3, generator=torch.Generator().manual_seed(1)) * 2 - 1
    nearest = (points[:, None] - body.vertices).norm(dim=-1).argmin(1)
    torch.testing.assert_close(body.nearest_weights(points), body.weights[nearest])
    assert body.nearest_weights(points.requires_grad_()).requires_grad is False


def test_surface_points_are_spread_by_area_and_repeat_with_the_seed(body: Body) -> None:
    points, normals = body.sample_surface(4000, torch.Generator().manual_seed(2))
    again, _ = body.sample_surface(4000, torch.Generator().manual_seed(2))
    torch.testing.assert_close(points, again, atol=0, rtol=0)
    torch.testing.assert_close(normals.norm(dim=-1), torch.ones(4000))
    # 24 equal tetrahedra (blending at the hips bends two of them a little).
    nearest = (points[:, None] - body.joints).norm(dim=-1).argmin(1)
    share = torch.bincount(nearest, minlength=24) / 4000
    np.testing.assert_allclose(share, 1 / 24, atol=0.012)
    # Outward: away from the middle of the tetrahedron.
    outward = ((points - body.joints[nearest]) * normals).sum(1)
    assert (outward > 0).float().mean() > 0.98


def test_the_shipped_body_is_a_standing_person_facing_z(open_body: Body) -> None:
    assert 1.6 < open_body.height < 1.85
    rest = open_body.rest_vertices
    assert float(rest[:, 1].min()) == pytest.approx(open_body.floor)
    nose, right_eye, left_eye, right_ear, left_ear = rest[open_body.landmarks]
    assert nose[2] > right_ear[2] + 0.05
    assert left_eye[0] > 0.02 > -0.02 > right_eye[0]
    assert left_ear[0] > 0.05 > -0.05 > right_ear[0]
    assert nose[1] > open_body.rest_joints[INDEX["neck"], 1]
    left, right = (open_body.rest_joints[INDEX[f"{s}_wrist"]] for s in ("left", "right"))
    assert left[0] > 0.5 > -0.5 > right[0]


def test_the_shipped_bodys_faces_and_normals_point_outward(open_body: Body) -> None:
    a, b, c = open_body.rest_vertices[open_body.faces].double().unbind(1)
    volume = (a * torch.linalg.cross(b, c)).sum() / 6
    assert 0.04 < volume < 0.12  # cubic metres of a person
    chest = open_body.vertices[:, 2].argmax()
    assert open_body.normals[chest, 2] > 0.5


def test_blending_twice_stays_near_smpls_one_blend(open_body: Body) -> None:
    """The price of a canonical star pose: see the docstring of body.model."""
    for pose in (t_pose(), a_pose()):
        twice, once = open_body.posed_vertices(pose[None]), smplx_blend(open_body, pose)
        difference = (twice - once).norm(dim=-1)
        assert difference.mean() < 5e-4
        assert difference.max() < 0.03


def smplx_blend(body: Body, pose: torch.Tensor) -> torch.Tensor:
    from gaussianmotion.body.model import rest_transforms, skin

    return skin(body.rest_vertices, body.weights, rest_transforms(body.rest_joints, pose[None]))


def test_named_poses_open_the_legs_and_lower_the_arms_to_both_sides(open_body: Body) -> None:
    def spread(name: str, joint: str) -> tuple[float, float]:
        joints = open_body.posed_joints(named_pose(name)[None])[0]
        left, right = joints[INDEX[f"left_{joint}"]], joints[INDEX[f"right_{joint}"]]
        assert float(left[0]) == pytest.approx(-float(right[0]), abs=0.03)
        assert float(left[1]) == pytest.approx(float(right[1]), abs=0.03)
        return float(left[0]), float(left[1])

    assert spread("star", "ankle")[0] > 0.6 > 0.25 > spread("t", "ankle")[0] > 0
    heights = [spread(name, "wrist")[1] for name in ("t", "a", "arms_down")]
    assert heights == sorted(heights, reverse=True)
    with pytest.raises(UserError, match="did you mean 'star'"):
        named_pose("sta")


def test_configurations_know_every_named_pose() -> None:
    assert get_args(PoseName) == tuple(NAMED)


def test_who_stands_for_a_photograph_does_not_shrug(open_body: Body) -> None:
    def shoulder_over_neck(name: str) -> float:
        joints = open_body.posed_joints(named_pose(name)[None])[0]
        return float(joints[INDEX["left_shoulder"], 1] - joints[INDEX["neck"], 1])

    # A hand's breadth of collar bone, 10 degrees lower.
    assert shoulder_over_neck("standing") < shoulder_over_neck("a") - 0.015
    joints = open_body.posed_joints(named_pose("standing")[None])[0]
    elbow, wrist = joints[INDEX["left_elbow"]], joints[INDEX["left_wrist"]]
    assert wrist[2] > elbow[2] + 0.03  # elbows bend forward
    assert wrist[1] < elbow[1]


def test_the_mirror_table_swaps_left_and_right() -> None:
    assert [JOINTS[i] for i in MIRROR[:4]] == ["pelvis", "right_hip", "left_hip", "spine1"]
    assert [MIRROR[i] for i in MIRROR] == list(range(24))


def test_quaternions_and_axis_angles_are_two_names_of_one_rotation() -> None:
    vectors = torch.randn(100, 3, generator=torch.Generator().manual_seed(3))
    vectors[0] = 0.0
    vectors[1] = 1e-9
    quaternions = to_quaternion(vectors)
    torch.testing.assert_close(quaternions.norm(dim=-1), torch.ones(100))
    short = vectors.norm(dim=-1) < math.pi
    torch.testing.assert_close(to_axis_angle(quaternions)[short], vectors[short])
    torch.testing.assert_close(to_axis_angle(-quaternions)[short], vectors[short])
    half = slerp(quaternions, multiply(quaternions, quaternions), torch.full((100, 1), 0.5))
    expected = to_quaternion(1.5 * vectors)
    small = vectors.norm(dim=-1) < 2
    torch.testing.assert_close(half[small], expected[small], atol=1e-5, rtol=0)


def test_detail_puts_more_points_on_head_and_hands(open_body: Body) -> None:
    def share(detail: float) -> float:
        points, _ = open_body.sample_surface(4000, torch.Generator().manual_seed(0), detail)
        owner = open_body.nearest_weights(points).argmax(dim=1)
        return torch.isin(owner, torch.tensor(DETAILED)).float().mean().item()

    plain, more = share(1.0), share(3.0)
    assert more == pytest.approx(3 * plain / (1 + 2 * plain), rel=0.1)
