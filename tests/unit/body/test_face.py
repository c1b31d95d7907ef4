"""Where the marks of a face lie on a body."""

import pytest
import torch
from PIL import Image

from gaussianmotion.body.face import MOST, face_density, on_face
from gaussianmotion.body.face_marks import DEEPEST, load_marks
from gaussianmotion.config.face import NAMES, face_path
from gaussianmotion.runtime.errors import UserError

MARKS = load_marks(face_path("woman-1"))


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


@pytest.mark.parametrize("name", NAMES)
def test_eyes_are_where_the_eyes_are_and_no_marks_beside_the_face(open_body, name):
    marks = load_marks(face_path(name))
    landmarks = open_body.vertices[open_body.landmarks]
    nose, *eyes, right_ear, left_ear = range(5)
    for here in marks.at(on_face(landmarks, open_body)):
        assert here.cover.tolist() == pytest.approx([0.0, 1.0, 1.0, 0.0, 0.0], abs=0.05)
        assert (here.eyes[eyes].mean(dim=1) < 0.5).all()  # irises
        assert abs(here.logs[nose].mean()) < 0.5
        assert here.share[[nose, *eyes]] == pytest.approx(1.0, abs=0.01)
        assert here.share[[right_ear, left_ear]].tolist() == [0.0, 0.0]
    behind = open_body.vertices[open_body.vertices[:, 2] < -0.05]
    feet = open_body.vertices[open_body.vertices[:, 1] < 0.0]
    for here in (*marks.at(on_face(behind, open_body)), *marks.at(on_face(feet, open_body))):
        assert here.share.max() == here.cover.max() == 0.0


@pytest.mark.parametrize("name", NAMES)
def test_faces_are_about_alike_on_both_sides_and_have_lips_and_brows(name):
    marks = load_marks(face_path(name))
    for layers in (marks.dark, marks.light):
        sides = torch.stack([layers, layers.flip(-1)]).flatten(1)
        assert torch.corrcoef(sides)[0, 1] > 0.9
    size = marks.light.shape[-1]
    darkness = -marks.light[:3].mean(dim=0)
    brows = darkness[int(0.2 * size) : int(0.29 * size), int(0.25 * size) : int(0.45 * size)]
    assert brows.max() > 0.3
    # Lips are redder than the skin around: of its green less is left than of its red.
    lips = marks.light[:2, int(0.62 * size) : int(0.78 * size), int(0.4 * size) : int(0.6 * size)]
    assert (lips[0] - lips[1]).amax() > 0.06


def test_no_two_faces_are_alike():
    faces = torch.stack([load_marks(face_path(name)).light for name in NAMES])
    apart = (faces[:, None] - faces[None]).abs().amax(dim=(2, 3, 4))
    assert (apart + torch.eye(len(NAMES))).min() > 0.2


def test_between_dark_and_light_marks_lie_on_the_way():
    where = torch.tensor([[0.0, -0.9, 0.2], [0.5, 0.0, 0.1]])
    dark, light = MARKS.at(where)
    between = light.toward(dark, 0.25)
    torch.testing.assert_close(between.logs, 0.75 * light.logs + 0.25 * dark.logs)
    torch.testing.assert_close(light.toward(dark, 1.0).eyes, dark.eyes)


def test_eyes_get_the_most_points_and_the_body_as_many_as_before(open_body):
    density = face_density(open_body, MARKS, 2.0)
    centres = open_body.vertices[open_body.faces].mean(dim=1)
    eyes = (centres - open_body.vertices[open_body.landmarks[2]]).norm(dim=1) < 0.005
    assert density[eyes].mean() > 2.5
    assert density.max() <= 2.0 * MOST + 1e-4
    beside = on_face(centres, open_body)[:, 1] < -2.0
    assert (density[beside] == 1.0).all()
    count = 20_000
    points, _ = open_body.sample_surface(count, torch.Generator().manual_seed(0), 1.0, density)
    plain, _ = open_body.sample_surface(count, torch.Generator().manual_seed(0))
    more, before = (MARKS.at(on_face(p, open_body))[1].share > 0.5 for p in (points, plain))
    assert more.sum() > 1.8 * before.sum()


@pytest.mark.parametrize("content", [None, b"", b"no picture"])
def test_a_picture_of_marks_that_cannot_be_read_is_one_line(tmp_path, content):
    path = tmp_path / "face.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"cannot read the marks of a face.*contrast: 0") as error:
        load_marks(path)
    assert "\n" not in str(error.value)


def test_a_picture_cut_short_is_one_line(tmp_path):
    path = tmp_path / "face.png"
    Image.effect_noise((128, 128), 60).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(UserError, match="cannot read the marks"):
        load_marks(path)


@pytest.mark.parametrize(
    ("mode", "size"),
    [("RGBA", (144, 288)), ("RGBA", (289, 289)), ("RGBA", (1, 1)), ("RGB", (288, 288))],
)
def test_a_picture_of_another_shape_is_one_line(tmp_path, mode, size):
    path = tmp_path / "face.png"
    Image.new(mode, size).save(path)
    with pytest.raises(UserError, match="cannot read the marks"):
        load_marks(path)
