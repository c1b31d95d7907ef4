"""Edge sharpness: crisp pictures beat blurred ones at any size, and nobody has no number."""

import json
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFilter

from gaussianmotion.config import Config
from gaussianmotion.config.file import validate
from gaussianmotion.scores.pictures.edge_sharpness_score import SCORE, steepest_edges


def striped(path: Path, size: int = 256, blur: float = 0.0) -> Path:
    """Somebody in a striped dress on white, ``blur`` in shares of the picture's height."""
    picture = Image.new("RGB", (4 * size, 4 * size), "white")
    draw = ImageDraw.Draw(picture)
    for stripe in range(12):
        top = 4 * size * (0.1 + 0.8 * stripe / 12)
        box = (1.4 * size, top, 2.6 * size, top + 4 * size * 0.8 / 12)
        draw.rectangle(box, fill=("#303060", "#c0a080")[stripe % 2])
    picture = picture.resize((size, size), Image.Resampling.LANCZOS)
    picture.filter(ImageFilter.GaussianBlur(blur * size)).save(path)
    return path


def test_blur_lowers_it_and_another_size_does_not(tmp_path: Path) -> None:
    crisp, soft, softer = (
        steepest_edges(striped(tmp_path / f"{blur}.png", blur=blur)) or 0.0
        for blur in (0.0, 0.01, 0.02)
    )
    assert softer > 0.0
    assert crisp > 1.5 * soft > 2.0 * softer
    twice = steepest_edges(striped(tmp_path / "512.png", 512, 0.01))
    assert twice == pytest.approx(soft, rel=0.1)


def test_what_the_outline_does_is_left_out(tmp_path: Path) -> None:
    picture = Image.new("RGB", (128, 128), "white")
    picture.paste("black", (40, 10, 90, 118))
    picture.save(tmp_path / "plain.png")
    assert steepest_edges(tmp_path / "plain.png") == 0.0


def test_a_picture_of_nobody_has_no_number_but_a_reason(tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), "white").save(tmp_path / "front.png")
    front = {"file": "front.png", "azimuth": 0.0}
    views = {"prompt": "a man", "front": front, "views": []}
    (tmp_path / "views.json").write_text(json.dumps(views))
    found = SCORE(tmp_path, Config())
    assert (found.status, found.reason, found.values) == ("too few", "the picture shows nobody", {})


def test_it_can_be_asked_for_and_no_table_shows_it(tmp_path: Path) -> None:
    assert validate({"scores": {"names": ["edge_sharpness"]}}, "test").scores.names
    assert SCORE.columns == ()
    assert SCORE.of_pictures
