"""Faces of true renders are found, backs are not, and keypoints say where the head is."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gaussianmotion.body import Body
from gaussianmotion.camera import orbit

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
HEADS = Path(__file__).parent / "true_heads"
FACTS = json.loads((HEADS / "heads.json").read_text())


@pytest.fixture
def ceiling(monkeypatch: pytest.MonkeyPatch):
    """The script's module."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import face_ceiling

    return face_ceiling


def head(name: str) -> np.ndarray:
    with Image.open(HEADS / name) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("azimuth", [0.0, 30.0, 170.0])
def test_the_square_is_where_the_face_is_and_as_large(
    ceiling, open_body: Body, azimuth: float
) -> None:
    """Of a camera that is known and looks past it; from behind it is that behind the head."""
    landmarks = open_body.vertices[open_body.landmarks]
    centre, side = ceiling.face_square(landmarks, azimuth > 90.0)
    aside = centre + torch.tensor([0.05, -0.04, 0.0])
    values = (torch.tensor([value]) for value in (azimuth, 0.0, 1.0, 30.0))
    camera = orbit(*values, aside[None], 128)
    (x, y, distance), *points = camera.project(torch.stack([centre, *landmarks])[None])[0].tolist()
    half = 0.4 * side * float(camera.Ks[0, 1, 1]) / distance
    large = Image.new("RGB", (1024, 1024), "white")
    large.paste("black", tuple(round(8 * end) for end in (x - half, y - half, x + half, y + half)))
    picture = np.asarray(large.resize((128, 128), Image.Resampling.BOX))

    placed = ceiling.place(np.array(points)[:, :2], landmarks)
    assert placed.turned == pytest.approx(azimuth, abs=5.0)
    black = ceiling.close_up(picture, placed, landmarks, 30.0)[..., 0] < 128
    assert black.mean() == pytest.approx(0.64, abs=0.05)
    middle = np.argwhere(black).mean(0) / len(black)
    # A centimetre: keypoints are fitted as if the head were far away.
    assert middle == pytest.approx([0.5, 0.5], abs=0.06)


@pytest.mark.parametrize("name", FACTS)
def test_true_faces_are_found_and_true_backs_are_not(ceiling, open_body: Body, name: str) -> None:
    pytest.importorskip("ai_edge_litert")
    landmarks, detector = open_body.vertices[open_body.landmarks], ceiling.FaceDetector()
    fact, picture = FACTS[name], head(name)
    placed = ceiling.place(np.array(fact["keypoints"]), landmarks)
    presence = detector.presence(ceiling.close_up(picture, placed, landmarks, fact["fov"]))
    assert presence > 0.95 if name.startswith("front") else presence < 0.05
    # A face upside down is none: the square is turned as the head is.
    turned = ceiling.close_up(picture[::-1, ::-1], placed, landmarks, fact["fov"])
    assert detector.presence(turned) < 0.5


def test_the_command_counts_by_side(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    facts = FACTS.values()
    keypoints = np.zeros((len(FACTS), 18, 2), np.float32)
    keypoints[:, [0, 14, 15, 16, 17]] = [fact["keypoints"] for fact in facts]
    np.savez(
        tmp_path / "shard_0000.npz",
        images=np.stack([head(name) for name in FACTS]),
        keypoints=keypoints,
        azimuth=np.array([fact["azimuth"] for fact in facts], np.float32),
        fov=np.array([fact["fov"] for fact in facts], np.float32),
        framing=np.full(len(FACTS), 2, np.uint8),
    )
    command = [sys.executable, str(BENCHMARKS / "face_ceiling.py"), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    counts = [line.partition(",")[0] for line in done.stdout.splitlines()]
    assert counts == [
        "front: a face in 2 of 2",
        "side: a face in 0 of 0",
        "back: a face in 0 of 2",
        "facing: a face in 2 of 2",
    ]
