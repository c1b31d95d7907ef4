"""Where the marks of a face lie on a body."""

import pytest
import torch
from PIL import Image

from gaussianmotion.body.face import DEEPEST, MOST, face_density, load_marks, on_face
from gaussianmotion.runtime.errors import UserError


def test_the_axes_of_a_face_are_right_up_and_forward(open_body):
    nose, right_eye, left_eye, right_ear, left_ear = on_face(
        open_body.vertices[open_body.landmarks], open_body
    )
    torch.testing.assert_close(right_eye + left_eye, torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(left_eye, torch.tensor([0.5, 0.0, 0.0]), atol=1e-5, rtol=0)
    assert abs(nose[0]) < 0.05
    assert nose[1] < -0.3  # below the eyes
    assert nose[2] > 0.2  # before them
    assert right_ear[0] < -1.2
    assert left_ear[2] < -DEEPEST


def test_marks_are_dark_where_the_eyes_look_out_and_none_beside_the_face(open_body):
    landmarks = open_body.vertices[open_body.landmarks]
    logs, share = load_marks().at(on_face(landmarks, open_body))
    nose, *eyes, right_ear, left_ear = range(5)
    assert (logs[eyes].mean(dim=1) < -0.4).all()  # two thirds as bright as the skin, or less
    assert abs(logs[nose].mean()) < 0.15
    assert share[[nose, *eyes]] == pytest.approx(1.0, abs=0.01)
    assert share[[right_ear, left_ear]].tolist() == [0.0, 0.0]
    behind = open_body.vertices[open_body.vertices[:, 2] < -0.05]
    assert load_marks().at(on_face(behind, open_body))[1].max() == 0.0
    feet = open_body.vertices[open_body.vertices[:, 1] < 0.0]
    assert load_marks().at(on_face(feet, open_body))[1].max() == 0.0


def test_marks_of_a_face_are_about_alike_on_both_sides():
    logs = load_marks().logs
    sides = torch.stack([logs, logs.flip(-1)]).flatten(1)
    assert torch.corrcoef(sides)[0, 1] > 0.95


def test_eyes_get_the_most_points_and_the_body_as_many_as_before(open_body):
    density = face_density(open_body, 2.0)
    centres = open_body.vertices[open_body.faces].mean(dim=1)
    eyes = (centres - open_body.vertices[open_body.landmarks[2]]).norm(dim=1) < 0.005
    assert density[eyes].mean() > 2.5
    assert density.max() <= 2.0 * MOST + 1e-4
    beside = on_face(centres, open_body)[:, 1] < -2.0
    assert (density[beside] == 1.0).all()
    count = 20_000
    points, _ = open_body.sample_surface(count, torch.Generator().manual_seed(0), 1.0, density)
    plain, _ = open_body.sample_surface(count, torch.Generator().manual_seed(0))
    more, before = (load_marks().at(on_face(p, open_body))[1] > 0.5 for p in (points, plain))
    assert more.sum() > 1.8 * before.sum()


@pytest.mark.parametrize("content", [None, b"", b"no picture"])
def test_a_picture_of_marks_that_cannot_be_read_is_one_line(tmp_path, content):
    path = tmp_path / "face_marks.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"cannot read the marks of a face.*contrast: 0") as error:
        load_marks(path)
    assert "\n" not in str(error.value)


def test_a_picture_cut_short_is_one_line(tmp_path):
    path = tmp_path / "face_marks.png"
    Image.effect_noise((128, 128), 60).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(UserError, match="cannot read the marks"):
        load_marks(path)
