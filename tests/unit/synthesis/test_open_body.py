"""The shipped open body has SMPL's layout, posture and sides."""

from pathlib import Path

import numpy as np
import pytest

from gaussianmotion.body.joints import INDEX, PARENTS
from gaussianmotion.synthesis.people.smpl_rig import axis_angle_to_matrix, joint_transforms, skin

BODY = Path(__file__).parents[3] / "resources/body/open_body.npz"


@pytest.fixture(scope="module")
def body():
    with np.load(BODY, allow_pickle=False) as file:
        return {key: file[key] for key in file.files}


@pytest.fixture(scope="module")
def joints(body):
    return body["J_regressor"].astype(float) @ body["v_template"]


def test_arrays_have_smpls_shapes(body):
    count = len(body["v_template"])
    assert body["weights"].shape == (count, 24)
    assert body["J_regressor"].shape == (24, count)
    assert body["shapedirs"].shape == (count, 3, 10)
    assert body["f"].min() == 0
    assert body["f"].max() == count - 1
    np.testing.assert_array_equal(body["kintree_table"][0], PARENTS)


def test_weights_and_regressor_are_convex(body):
    np.testing.assert_allclose(body["weights"].astype(float).sum(1), 1, atol=2e-3)
    np.testing.assert_allclose(body["J_regressor"].sum(1), 1, atol=1e-5)
    assert body["J_regressor"].min() >= 0


def test_adult_stands_upright_facing_plus_z_with_left_at_plus_x(body, joints):
    assert 1.6 < np.ptp(body["v_template"][:, 1]) < 1.85
    assert joints[INDEX["head"], 1] > joints[INDEX["pelvis"], 1] > joints[INDEX["left_knee"], 1]
    assert joints[INDEX["left_wrist"], 0] > 0.6
    nose, right_eye, left_eye, right_ear, left_ear = body["v_template"][body["landmark_vertex_ids"]]
    assert nose[2] > max(right_eye[2], left_eye[2]) > max(right_ear[2], left_ear[2])
    assert left_ear[0] > left_eye[0] > 0 > right_eye[0] > right_ear[0]


def test_arms_are_straight_and_level_in_the_t_pose(joints):
    arm = joints[[INDEX["left_shoulder"], INDEX["left_elbow"], INDEX["left_wrist"]]]
    assert np.ptp(arm[:, 1]) < 0.02
    assert np.ptp(arm[:, 2]) < 0.03


def test_star_pose_opens_the_legs_to_the_sides(body, joints):
    pose = np.zeros((24, 3))
    pose[INDEX["left_hip"], 2] = np.pi / 4
    transforms, posed = joint_transforms(axis_angle_to_matrix(pose), joints)
    assert posed[INDEX["left_ankle"], 0] > joints[INDEX["left_ankle"], 0] + 0.4
    vertices = skin(body["v_template"].astype(float), body["weights"].astype(float), transforms)
    assert np.isfinite(vertices).all()
    still = body["v_template"][:, 1] > joints[INDEX["spine3"], 1]
    np.testing.assert_allclose(vertices[still], body["v_template"][still], atol=5e-3)
