"""The marks of an average face, made from the character pack."""

import numpy as np
import pytest
from pack_fakes import toy_pack

from gaussianmotion.body.face import FACE_MARKS, load_marks
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.shipped import shipped
from gaussianmotion.synthesis.body import face_marks
from gaussianmotion.synthesis.body.face_marks import (
    SIZE,
    as_picture,
    coordinates,
    grey_where_cold,
    make_face_marks,
    over_skin,
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


def test_blue_irises_become_grey_and_red_lips_stay():
    iris, lips = [-1.0, -0.5, -0.3], [0.1, -0.3, -0.4]
    found = grey_where_cold(np.array([[iris, lips], [lips, iris]]))
    assert found[0, 0] == pytest.approx([-0.6] * 3)
    assert found[0, 1] == pytest.approx(lips)


def test_the_picture_is_read_as_it_was_written(tmp_path):
    rng = np.random.default_rng(0)
    logs, alpha = rng.uniform(-1.5, 0.6, (SIZE, SIZE, 3)), rng.uniform(0, 1, (SIZE, SIZE, 1))
    as_picture(logs, alpha).save(tmp_path / "marks.png")
    found = load_marks(tmp_path / "marks.png")
    assert found.logs.permute(1, 2, 0).numpy() == pytest.approx(logs, abs=0.01)
    assert found.alpha.numpy() == pytest.approx(alpha[..., 0], abs=0.003)


def test_a_person_of_one_colour_has_no_marks(tmp_path, monkeypatch):
    pack = toy_pack()
    pack.textures[:] = 200
    for garment in pack.wearables.values():
        garment.cut[:] = -1.0  # worn, but not to be seen
    monkeypatch.setattr(face_marks, "load_characters", lambda path: pack)
    told = []
    make_face_marks(tmp_path / "pack.npz", tmp_path / "marks.png", told.append)
    found = load_marks(tmp_path / "marks.png")
    assert found.logs[:, found.alpha > 0.9].abs().max() < 0.05
    assert 0.3 < (found.alpha > 0.5).float().mean() < 0.7
    assert told == [f"wrote {tmp_path / 'marks.png'}: the mean of 2 faces"]


def test_what_ships_is_as_large_as_is_made():
    assert load_marks(shipped(FACE_MARKS)).alpha.shape == (SIZE, SIZE)


def test_a_file_that_is_no_pack_is_one_line(tmp_path):
    other = tmp_path / "characters.npz"
    other.write_bytes(b"PK")
    with pytest.raises(UserError, match="no character pack"):
        make_face_marks(other, tmp_path / "marks.png")
    assert not (tmp_path / "marks.png").exists()
