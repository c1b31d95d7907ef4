"""``gallery.html`` in a real browser: variants of a prompt turn and move together."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from gaussianmotion.avatar.file import load_avatar, save_avatar
from gaussianmotion.body import Body
from gaussianmotion.cli import main
from gaussianmotion.config import Config, RenderConfig
from gaussianmotion.export.viewer import write_viewer
from gaussianmotion.scores.pose.mannequin import save_mannequin
from gaussianmotion.testing.browser import CHROMIUM, PATIENCE, browser, open_viewer

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium or Chrome on PATH")

PROMPT = "<b>a person</b> & 'friends'"


@pytest.fixture
def gallery(open_body: Body, tmp_path: Path) -> Path:
    pages = []
    for variant in ("ours", "sds"):
        path = tmp_path / variant / "friends/0/avatar.safetensors"
        save_mannequin(path, open_body, Config(), 300)
        avatar, metadata = load_avatar(path)
        update = {"prompt": PROMPT, "prompt_id": "friends"}
        save_avatar(path, avatar, metadata.model_copy(update=update))
        pages.append(path.with_suffix(".html"))
        write_viewer(path, pages[-1], ["walk", "dance"], RenderConfig())
        Image.new("RGB", (8, 8), "red").save(path.with_name("front.png"))
    out = tmp_path / "gallery.html"
    assert main(["gallery", *map(str, pages), "--title", "two & two", "--out", str(out)]) == 0
    return out


def until(opened: "playwright.Page", holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE / 1000
    while not holds():
        assert time.monotonic() < end
        opened.wait_for_timeout(50)


def test_variants_of_a_prompt_turn_and_move_together(gallery: Path) -> None:
    with browser() as launched:
        opened = open_viewer(launched, gallery, viewport={"width": 900, "height": 700})
        errors: list[str] = []
        opened.on("pageerror", lambda error: errors.append(str(error)))
        assert PROMPT in opened.inner_text("h2")
        assert opened.locator("figcaption").all_inner_texts() == ["ours · seed 0", "sds · seed 0"]
        shown = opened.locator(".view").all_inner_texts()
        opened.get_by_role("button", name="Turn together").click()
        until(opened, lambda: len(opened.frames) == 3)

        def of_frames(expression: str) -> list[object]:
            ask = f"window.gaussianmotion ? gaussianmotion.stage.{expression} : null"
            return [frame.evaluate(ask) for frame in opened.frames[1:]]

        until(opened, lambda: of_frames("player.playing") == [True, True])
        opened.get_by_label("Motion or pose").select_option("dance")
        until(opened, lambda: of_frames("player.clip.name") == ["dance", "dance"])
        opened.get_by_role("button", name="Pause").click()
        until(opened, lambda: of_frames("player.playing") == [False, False])
        before = of_frames("camera.azimuth")
        box = opened.locator("iframe").first.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        opened.mouse.move(x, y)
        opened.mouse.down()
        opened.mouse.move(x + 60, y, steps=4)
        opened.mouse.up()
        until(opened, lambda: len(set(of_frames("camera.azimuth"))) == 1)
        assert of_frames("camera.azimuth") != before
        # Alone they have their own controls, here none.
        assert not opened.frames[1].locator("#bar").is_visible()
        opened.get_by_role("button", name="Stop").click()
        assert opened.locator("iframe").count() == 0
        # What the links showed before is there again: front views, where there are some.
        assert opened.locator(".view").all_inner_texts() == shown
        assert opened.locator(".view img").count() == 2
        assert errors == []


def test_a_page_that_is_not_there_is_told_in_one_line(gallery: Path, capsys) -> None:
    old = gallery.read_text()
    missing = gallery.with_name("avatar.html")
    assert main(["gallery", str(missing), "--out", str(gallery)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert gallery.read_text() == old
