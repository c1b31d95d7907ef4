"""report.html in Chromium: toggles, no request to anywhere, nothing wider than a phone."""

import shutil
import time
from collections.abc import Callable, Iterator

import pytest
from made_experiment import VARIANTS, config, film_turntables, make_experiment

from gaussianmotion.report.page import write_report

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]
PATIENCE = 240_000  # milliseconds


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple]:
    """The page on a phone, the addresses that it asked for, and what the console says."""
    root = tmp_path_factory.mktemp("results") / "made"
    out = root / "report.html"
    grid = make_experiment(root)
    for prompt in ("ann", "bob"):
        film_turntables(root, prompt, dict.fromkeys(VARIANTS, 24))
    write_report(root, grid, config(), out)
    requests: list[str] = []
    messages: list[str] = []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 360, "height": 740})
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.goto(out.as_uri(), timeout=PATIENCE)
        yield page, requests, messages
        browser.close()


def shown(page, prompt: str) -> list[str]:
    """Variant and seed of the panels that are seen of a prompt."""
    return page.eval_on_selector_all(
        f"#prompt-{prompt} .panel",
        "panels => panels.filter(p => p.offsetParent !== null)"
        ".map(p => `${p.dataset.variant} ${p.dataset.seed}`)",
    )


def test_nothing_is_asked_for_but_the_page_itself(opened: tuple) -> None:
    page, requests, messages = opened
    assert [url for url in requests if not url.startswith("data:")] == [page.url]
    assert messages == []
    broken = page.eval_on_selector_all(
        "img", "images => images.filter(i => i.complete && !i.naturalWidth).length"
    )
    assert broken == 0


def test_one_variant_is_seen_at_a_time_and_the_keyboard_switches(opened: tuple) -> None:
    page, _, _ = opened
    assert shown(page, "ann") == ["ours 0"]
    page.check('#prompt-ann input[value="tau_500"]', force=True)
    assert shown(page, "ann") == ["tau_500 0"]
    page.focus('#prompt-ann input[value="tau_500"]')
    page.keyboard.press("ArrowLeft")
    assert shown(page, "ann") == ["tau_100 0"]
    page.check('#prompt-ann input[name="seed-ann"][value="2"]', force=True)
    assert shown(page, "ann") == ["tau_100 2"]
    assert shown(page, "bob") == ["ours 0"]


def test_one_choice_switches_all_prompts(opened: tuple) -> None:
    page, _, _ = opened
    page.select_option("#everywhere", "tau_500")
    assert [shown(page, prompt)[0].split()[0] for prompt in ("ann", "eve", "bob")] == [
        "tau_500"
    ] * 3


def test_only_tables_scroll_sideways_on_a_phone(opened: tuple) -> None:
    page, _, _ = opened
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_variants_turn_together_until_they_are_stopped(opened: tuple) -> None:
    page, _, _ = opened
    video = page.locator("#prompt-ann .turning video")
    button = page.locator("#prompt-ann .turning button")
    angle = page.get_by_label("Angle of all variants, degrees").first
    video.scroll_into_view_if_needed()
    until(page, lambda: video.evaluate("v => v.currentTime > 0.3 && !v.paused"))
    # Others wait until they are seen.
    assert page.locator("#prompt-bob .turning video").evaluate("v => v.paused")
    button.click()
    assert video.evaluate("v => v.paused")
    assert button.inner_text() == "Turn"
    angle.fill("90")
    until(page, lambda: video.evaluate("v => !v.seeking && v.readyState >= 2"))
    assert video.evaluate("v => v.currentTime / v.duration") == pytest.approx(0.25, abs=0.01)
    button.click()
    until(page, lambda: video.evaluate("v => !v.paused"))
    # Seen side by side, each under its name, scrolled sideways where there is no room.
    names = page.locator("#prompt-ann .tiles span").all_inner_texts()
    assert names == list(VARIANTS)
    assert video.bounding_box()["width"] >= 3 * 100


def test_videos_have_the_colours_of_pictures(opened: tuple) -> None:
    page, _, _ = opened
    seen = page.locator("#prompt-ann .turning video").evaluate(
        "async video => { video.pause(); video.currentTime = 0;"
        " await new Promise(done => setTimeout(done, 1000));"
        " const canvas = document.createElement('canvas');"
        " [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];"
        " const context = canvas.getContext('2d'); context.drawImage(video, 0, 0);"
        " const middle = canvas.height / 2;"
        " return [...context.getImageData(middle, middle, 1, 1).data].slice(0, 3); }"
    )
    # The first variant's first frame; by the matrix of old television it would be 118, 12, 21.
    assert seen == pytest.approx([128, 20, 20], abs=5)


def test_who_wants_no_motion_turns_them_by_hand(opened: tuple) -> None:
    page, _, _ = opened
    quiet = page.context.browser.new_page(reduced_motion="reduce")
    quiet.set_default_timeout(PATIENCE)
    quiet.goto(page.url)
    video = quiet.locator("#prompt-ann .turning video")
    video.scroll_into_view_if_needed()
    quiet.wait_for_timeout(500)
    assert video.evaluate("v => [v.paused, v.currentTime]") == [True, 0]
    quiet.get_by_label("Angle of all variants, degrees").first.fill("180")
    until(quiet, lambda: video.evaluate("v => v.currentTime > 0"))
    quiet.close()


def until(page, holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE / 1000
    while not holds():
        assert time.monotonic() < end
        page.wait_for_timeout(50)
