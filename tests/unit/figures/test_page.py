"""The page that figures are drawn on: text fits its column and is printed as it was written."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gaussianmotion.figures.crops import Box, content_box
from gaussianmotion.figures.page import Page, drawable

LONG = "a towering knight in $100 armour_with^engraved 50% gold & silver ornaments " * 4


def test_every_line_stays_inside_its_column() -> None:
    page = Page(3.0)
    page.text(0.5, 0.1, LONG, 2.0, 6.5, lines=12)
    page.text(0.5, page.bottom, LONG, 2.0, 7.5, lines=12, bold=True, align="left")
    figure = page._figure()
    renderer = figure.canvas.get_renderer()
    for text in figure.texts:
        extent = text.get_window_extent(renderer)
        assert extent.x0 >= 0.49 * figure.dpi, text.get_text()
        assert extent.x1 <= 2.51 * figure.dpi, text.get_text()
        assert extent.y0 >= 0.0


def test_signs_of_formulas_are_plain_text() -> None:
    page = Page(6.0)
    page.text(0.0, 0.0, r"costs $5 or $6 \frac{1}{2}", 6.0)
    (text,) = page._figure().texts
    assert text.get_text() == r"costs $5 or $6 \frac{1}{2}"
    assert not text.get_parse_math()


def test_letters_that_the_font_lacks_become_replacement_characters() -> None:
    assert (
        drawable("a 着物 robe, τ = 1")
        == "a \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} robe, τ = 1"
    )


def test_a_cut_off_text_ends_in_an_ellipsis_and_short_last_lines_are_avoided() -> None:
    page = Page(3.0)
    page.text(0.0, 0.0, LONG, 3.0, lines=2)
    assert page._figure().texts[-1].get_text().endswith("…")
    other = Page(2.0)
    other.text(0.0, 0.0, "a young man in a yellow t-shirt and extremely blue jeans", 2.0, 7.0)
    lengths = [len(text.get_text()) for text in other._figure().texts]
    assert len(lengths) == 2
    assert min(lengths) > 0.6 * max(lengths)


def test_the_same_page_is_the_same_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        page = Page(2.0)
        page.picture(0.1, 0.1, 1.0, 1.0, np.full((8, 8, 3), 90, np.uint8))
        page.empty(1.2, 0.1, 0.7, 1.0, "not in this experiment")
        page.text(0.1, 1.2, "text", 1.8)
        page.save(tmp_path / name, "title", "description")
    for suffix in ("png", "pdf"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()
    assert b"/Subject (description)" in (tmp_path / "a.pdf").read_bytes()


def test_pictures_keep_their_shape_and_are_centred(tmp_path: Path) -> None:
    page = Page(2.0)
    page.picture(0.0, 0.0, 2.0, 1.0, np.zeros((10, 10, 3), np.uint8))
    page.save(tmp_path / "page", "", "")
    with Image.open(tmp_path / "page.png") as image:
        dark = np.asarray(image.convert("L")) < 128
    columns = np.flatnonzero(dark.any(axis=0)) / dark.shape[1]
    assert columns[0] == pytest.approx(0.25, abs=0.01)
    assert columns[-1] == pytest.approx(0.75, abs=0.01)


def test_the_box_of_content_is_shared_and_has_some_air() -> None:
    first = np.full((100, 100, 3), 255, np.uint8)
    second = first.copy()
    first[20:80, 40:60] = 0
    second[30:90, 45:50] = 0
    box = content_box([first, second])
    edges = (box.top, box.bottom, box.left, box.right)
    assert edges == pytest.approx((0.18, 0.92, 0.38, 0.62))
    assert box.cut(first).shape == (74, 24, 3)
    assert content_box([np.zeros((4, 4, 3), np.uint8)]) == Box(0.0, 1.0, 0.0, 1.0)
    square = box.squared()
    assert square.bottom - square.top == pytest.approx(square.right - square.left)
