"""report.html in Chromium: toggles, no request to anywhere, nothing wider than a phone."""

import shutil
from collections.abc import Iterator

import pytest
from made_experiment import config, make_experiment

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
