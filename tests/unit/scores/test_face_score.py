"""A painted face is found, a blank one is not, and neither is the back of a head: a Janus is."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from painted import kept, part, person, subject

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.body import Body
from gaussianmotion.cli import main
from gaussianmotion.config import Config
from gaussianmotion.runtime.digest import file_sha256
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.face import close_ups, face_score
from gaussianmotion.scores.face.close_ups import measure
from gaussianmotion.scores.face.detector import CLOSE_UP, FaceDetector, face_square
from gaussianmotion.scores.face.face_score import SCORE
from gaussianmotion.scores.face.settings import MODEL_PATH, FaceSettings
from gaussianmotion.scores.pose.detector import MODEL_PATH as POSE_MODEL
from gaussianmotion.scores.pose.mannequin import SKIN, save_mannequin
from gaussianmotion.scores.score_file import read_score

SETTINGS = FaceSettings()


def found(avatar: Avatar, body: Body) -> dict[str, float]:
    pytest.importorskip("ai_edge_litert")
    return measure(subject(avatar, body), FaceDetector(), SETTINGS)[0]


def blank(avatar: Avatar) -> Avatar:
    """Skin all over the head."""
    avatar.colours[part(avatar, "head")] = torch.logit(torch.tensor(SKIN))
    return avatar


def janus(avatar: Avatar, body: Body) -> Avatar:
    """The front of the head behind it, too, in place of its back: turned by 180 degrees."""
    ears = float(body.vertices[body.landmarks[3:], 2].mean())
    head = part(avatar, "head")
    front = head & (avatar.means[:, 2] > ears)
    count = int(front.sum())
    chosen = torch.cat([(~head | front).nonzero()[:, 0], front.nonzero()[:, 0]])
    two = kept(avatar, chosen).requires_grad_(False)
    two.means[-count:] *= torch.tensor([-1.0, 1.0, -1.0])
    two.means[-count:, 2] += 2.0 * ears
    w, x, y, z = two.quats[-count:].unbind(1)
    two.quats[-count:] = torch.stack([-y, z, w, -x], dim=1)
    return two


def test_a_painted_face_is_found_in_front_and_not_behind(open_body: Body) -> None:
    values = found(person(open_body), open_body)
    assert (values["face_front"], values["face_back"]) == (1.0, 0.0)
    assert values["face_presence"] > 0.8


def test_a_head_without_a_face_has_none(open_body: Body) -> None:
    values = found(blank(person(open_body)), open_body)
    assert (values["face_front"], values["face_back"]) == (0.0, 0.0)
    assert values["face_presence"] < 0.1


def test_a_face_on_the_back_of_the_head_is_noticed(open_body: Body) -> None:
    values = found(janus(person(open_body), open_body), open_body)
    assert (values["face_front"], values["face_back"]) == (1.0, 1.0)


def test_nobody_has_no_face(open_body: Body) -> None:
    nobody = person(open_body)
    nobody.logit_opacities.fill_(-20.0)
    values = found(nobody, open_body)
    assert (values["face_front"], values["face_back"]) == (0.0, 0.0)
    assert values["face_presence"] < 0.1


def test_shares_are_of_three_close_ups_each(open_body: Body) -> None:
    who = subject(person(open_body), open_body)
    pictures = list(close_ups.close_ups(who, SETTINGS))
    assert [picture.shape for picture in pictures] == [(192, 192, 3)] * 6

    class Told(FaceDetector):
        def __init__(self) -> None:
            self.beliefs = iter([0.9, 0.2, 0.5, 0.4, 0.6, 0.1])

        def presence(self, picture: np.ndarray) -> float:
            return next(self.beliefs)

    values, details = measure(who, Told(), SETTINGS)
    assert values == {"face_front": 0.6667, "face_back": 0.3333, "face_presence": 0.5333}
    azimuths = [view["azimuth"] for view in details["presence"]]
    assert azimuths == [-20.0, 0.0, 20.0, 160.0, 180.0, 200.0]


def test_the_square_behind_is_the_mirrored_one(open_body: Body) -> None:
    landmarks = open_body.vertices[open_body.landmarks]
    (face, side), (behind, same) = face_square(landmarks), face_square(landmarks, behind=True)
    assert side == same == pytest.approx(CLOSE_UP * 0.1744, abs=1e-3)
    assert face[1] == landmarks[0, 1]
    torch.testing.assert_close(0.5 * (face + behind)[2], landmarks[3:, 2].mean())
    assert behind[2] < open_body.vertices[:, 2].mean() < face[2]


def test_the_file_names_protocol_model_and_count(open_body: Body, tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    save_mannequin(tmp_path / "avatar.safetensors", open_body, Config(), 8000)
    arguments = ["score", "face", "--run", str(tmp_path), "--settings", '{"device": "cpu"}']
    assert main(arguments) == 0
    score = read_score(tmp_path / "scores/face.json")
    assert (score.score, score.protocol, score.n) == ("face", "face-1", 6)
    assert (score.model, score.model_digest) == ("face_landmark", file_sha256(MODEL_PATH))
    assert [value.better for value in score.values.values()] == ["higher", "lower", "higher"]
    assert SCORE.columns == ("face_front", "face_back")


def test_missing_runtime_says_how_to_get_it(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(UserError, match=r"face detector's .* pip install 'gaussianmotion\[pose\]'"):
        FaceDetector()


def truncated(path: Path) -> None:
    path.write_bytes(MODEL_PATH.read_bytes()[: MODEL_PATH.stat().st_size // 2])


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda path: None, "missing"),
        (lambda path: path.mkdir(), "missing"),
        (lambda path: path.write_bytes(b""), "damaged"),
        (lambda path: path.write_bytes(b"no model"), "damaged"),
        (truncated, "damaged"),
        (lambda path: shutil.copy(POSE_MODEL, path), "another model than the face detector"),
    ],
)
def test_a_missing_or_damaged_model_is_one_line_and_exit_2(
    tmp_path: Path, capsys, monkeypatch, broken, message: str
) -> None:
    pytest.importorskip("ai_edge_litert")
    path = tmp_path / "model.tflite"
    broken(path)
    monkeypatch.setattr(face_score, "MODEL_PATH", path)
    assert main(["score", "face", "--run", str(tmp_path), "--settings", '{"device": "cpu"}']) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    (line,) = [line for line in lines if not line.startswith("INFO: ")]  # what TensorFlow says
    assert message in line
    assert str(path) in line


def test_an_avatar_without_its_body_is_one_line_and_exit_2(
    open_body: Body, tmp_path: Path, capsys
) -> None:
    pytest.importorskip("ai_edge_litert")
    config = Config.model_validate({"body": {"path": str(tmp_path / "gone.npz")}})
    save_mannequin(tmp_path / "avatar.safetensors", open_body, config, 100)
    assert main(["score", "face", "--run", str(tmp_path), "--settings", '{"device": "cpu"}']) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "there is no such file" in line
    assert not (tmp_path / "scores").exists()
