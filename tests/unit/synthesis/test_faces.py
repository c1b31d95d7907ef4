"""The faces that ship, made from the character pack."""

import numpy as np
import pytest
from pack_fakes import toy_pack

from gaussianmotion.body.face_marks import load_marks
from gaussianmotion.config.face import NAMES, face_path
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.shipped import shipped
from gaussianmotion.synthesis.body import faces
from gaussianmotion.synthesis.body.faces import (
    SIZE,
    as_picture,
    coordinates,
    grey_where_cold,
    make_faces,
    over_skin,
    recoloured,
)


def test_over_its_skin_a_picture_has_marks_and_no_light():
    across, up = coordinates(128)
    skin = np.log(0.5) + 0.2 * across[..., None] * np.ones(3)  # lit from one side
    mark = np.hypot(across - 0.5, up) < 0.12
    picture = np.where(mark[..., None], skin - 1.0, skin)
    face = np.hypot(across, up) < 1.0
    found = over_skin(picture, face)
    inner = np.hypot(across, up) < 0.7
    assert found[mark] == pytest.approx(-1.0, abs=0.06)
    assert np.abs(found[inner & ~mark]).max() < 0.06


def test_marks_bluer_than_the_skin_become_grey_and_red_lips_stay():
    brow, lips = [-1.0, -0.5, -0.3], [0.1, -0.3, -0.4]
    found = grey_where_cold(np.array([[brow, lips], [lips, brow]]))
    assert found[0, 0] == pytest.approx([-0.6] * 3)
    assert found[0, 1] == pytest.approx(lips)


def test_a_blue_iris_gets_another_colour_and_white_and_black_stay():
    eye = np.array([[0.1, 0.3, 0.5], [0.8, 0.78, 0.76], [0.02, 0.02, 0.02]])
    eye = np.broadcast_to(eye, (3, 3, 3))
    iris, white, pupil = recoloured(eye, (0.36, 0.21, 0.11))[0]
    assert iris == pytest.approx([0.36, 0.21, 0.11])
    assert white == pytest.approx(eye[0, 1])
    assert pupil == pytest.approx(eye[0, 2])


def test_the_picture_is_read_as_it_was_written(tmp_path):
    rng = np.random.default_rng(0)

    def row():
        three, one = (SIZE, SIZE, 3), (SIZE, SIZE, 1)
        marks = rng.uniform(-1.5, 0.6, three), rng.uniform(0, 1, one)
        return *marks, rng.uniform(0, 1, three), rng.uniform(0, 1, one)

    dark, light = row(), row()
    as_picture(dark, light).save(tmp_path / "face.png")
    found = load_marks(tmp_path / "face.png")
    for layers, (logs, *others) in ((found.dark, dark), (found.light, light)):
        layers = layers.permute(1, 2, 0).numpy()
        assert layers[..., :3] == pytest.approx(logs, abs=0.01)
        assert layers[..., 3:] == pytest.approx(np.concatenate(others, -1), abs=0.003)


def test_a_person_of_one_colour_has_no_marks_and_no_eyes(tmp_path, monkeypatch):
    pack = toy_pack()
    pack.textures[:] = 200
    kinds = [skin for faces_of in faces.SKINS.values() for pair in faces_of for skin in pair]
    pack.skins = {kind.format(sex): 0 for kind in kinds for sex in ("female", "male")}
    for garment in pack.wearables.values():
        garment.cut[:] = -1.0  # worn, but not to be seen
    monkeypatch.setattr(faces, "load_characters", lambda path: pack)
    monkeypatch.setattr(faces, "DRAWN", SIZE)
    told = []
    make_faces(tmp_path / "pack.npz", tmp_path / "faces", told.append)
    assert told == [f"wrote 8 faces to {tmp_path / 'faces'}"]
    assert {path.stem for path in (tmp_path / "faces").iterdir()} == set(NAMES)
    found = load_marks(tmp_path / "faces/old-man-2.png")
    for layers in (found.dark, found.light):
        share = layers[3]
        assert layers[:3, share > 0.9].abs().max() < 0.05
        assert 0.3 < (share > 0.5).float().mean() < 0.7
        assert layers[7].max() == 0.0


def test_what_ships_is_as_large_as_is_made():
    for name in NAMES:
        assert load_marks(shipped(face_path(name))).light.shape == (8, SIZE, SIZE)


def test_a_file_that_is_no_pack_is_one_line(tmp_path):
    other = tmp_path / "characters.npz"
    other.write_bytes(b"PK")
    with pytest.raises(UserError, match="no character pack"):
        make_faces(other, tmp_path / "faces")
    assert not (tmp_path / "faces").exists()
