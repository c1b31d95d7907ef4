"""The user study in a real browser: somebody votes, reloads, comes back after a restart, ends."""

import csv
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from study_folder import PROMPTS, add_avatar

from gaussianmotion.config import StudyConfig
from gaussianmotion.rendering.video import write_video
from gaussianmotion.study.choice import choose_pairs
from gaussianmotion.study.questions import QUESTION_KEYS

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
# A loaded computer is slow, which is no fault of the page.
PATIENCE = 60_000

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium or Chrome on PATH")


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    """Two systems, two prompts; one pair is of views, three of videos that can be played."""
    for system, shade in (("ours/{}/0", 60), ("baselines/rival/{}", 180)):
        for prompt, text in PROMPTS.items():
            folder = tmp_path / system.format(prompt)
            add_avatar(folder, text, turntable=prompt == "green-suit")
            for path in (*folder.rglob("*.mp4"), *folder.rglob("*.png")):
                shade += 1
                frames = [np.full((64, 64, 3), shade + step, np.uint8) for step in range(8)]
                if path.suffix == ".mp4":
                    write_video(path, frames, 8.0)
                else:
                    Image.fromarray(frames[0]).save(path)
    choose_pairs(tmp_path, tmp_path / "study/pairs.json", StudyConfig())
    return tmp_path


class Server:
    """``gaussianmotion study serve`` as its user starts it."""

    def __init__(self, experiment: Path, port: int) -> None:
        command = [sys.executable, "-m", "gaussianmotion", "study", "serve"]
        command += ["--experiment", str(experiment), "--port", str(port)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        self.said: list[str] = []
        for line in self.process.stderr:
            self.said.append(line)
            if line.startswith("Ctrl-C"):
                break
        opened = [line for line in self.said if line.startswith("open ")]
        assert opened, "".join(self.said)
        self.url = opened[0].split()[1]
        self.port = int(self.url.rpartition(":")[2])

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.communicate(timeout=60)


@pytest.fixture
def serve(experiment: Path) -> Iterator[Callable[..., Server]]:
    """Start a server; all are stopped in the end."""
    servers: list[Server] = []

    def start(port: int = 0) -> Server:
        servers.append(Server(experiment, port))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def page() -> Iterator["playwright.Page"]:
    """A page in a fresh browser that must not report any error."""
    with playwright.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(PATIENCE)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        browser.close()
        assert errors == []


def arrive(page: "playwright.Page", position: int) -> None:
    """Wait until a pair's page is there and both clips run."""
    page.wait_for_url(f"**/pair/{position}")
    page.wait_for_selector("#stage[data-begun]")


def choose(page: "playwright.Page", question: str, letter: str) -> None:
    page.locator(f'input[name="{question}"][value="{letter}"]').check()
    playwright.expect(page.locator("#status")).to_have_text("Saved", timeout=PATIENCE)


def test_a_person_votes_reloads_and_goes_on_after_a_restart(
    experiment: Path, serve: Callable[..., Server], page: "playwright.Page"
) -> None:
    server = serve()
    page.goto(server.url)
    page.get_by_role("button", name="Begin").click()

    # By mouse; the clips really play, both.
    arrive(page, 1)
    playwright.expect(page.locator("#seek")).not_to_have_value("0", timeout=PATIENCE)
    for video in page.locator("video").all():
        assert video.evaluate("video => video.currentTime") > 0
    choose(page, "geometry", "a")
    page.get_by_role("button", name="Next pair").click()
    assert "2 answers are missing" in page.inner_text("#status")

    # A reload in the middle keeps what was answered, and the same sides.
    page.reload()
    arrive(page, 1)
    assert page.locator("input:checked").evaluate_all("all => all.map(i => i.name + i.value)") == [
        "geometrya"
    ]
    choose(page, "texture", "b")
    choose(page, "text", "a")
    # A change of mind is one vote still.
    choose(page, "text", "b")
    page.get_by_role("button", name="Next pair").click()
    arrive(page, 2)

    # The server is started again; the browser's person goes on where they were.
    server.stop()
    server = serve(server.port)
    assert "3 votes of 1 people" in "".join(server.said)
    page.goto(server.url)
    assert "1 of 4 done" in page.inner_text("form")
    page.get_by_role("button", name="Continue").click()

    # By keyboard alone.
    for position in (2, 3, 4):
        arrive(page, position)
        for key in ("a", "b", "a"):
            page.keyboard.press(key)
        assert page.locator("input:checked").count() == 3
        page.keyboard.press("Enter")
    page.wait_for_url("**/thanks")
    assert "Thank you" in page.inner_text("h1")
    server.stop()

    export = [sys.executable, "-m", "gaussianmotion", "study", "export"]
    subprocess.run([*export, "--experiment", str(experiment)], check=True, capture_output=True)
    with (experiment / "study/votes.csv").open(newline="") as file:
        votes = list(csv.DictReader(file))
    assert len(votes) == 4 * len(QUESTION_KEYS)
    assert len({vote["person"] for vote in votes}) == 1
    assert len({(vote["pair"], vote["question"]) for vote in votes}) == len(votes)
    for vote in votes:
        first = vote["pair"] == votes[0]["pair"]
        a = vote["question"] == "geometry" if first else vote["question"] != "texture"
        assert (vote["chosen"] == vote["shown_as_a"]) is a
        assert vote["changes"] == ("1" if first and vote["question"] == "text" else "0")


def test_a_long_sentence_and_a_phone_leave_the_questions_in_reach(
    experiment: Path, serve: Callable[..., Server], page: "playwright.Page"
) -> None:
    for path in experiment.rglob("run.json"):
        path.write_text('{"prompt": "<b>' + "wide " * 399 + '"}')
    choose_pairs(experiment, experiment / "study/pairs.json", StudyConfig())
    server = serve()
    page.goto(server.url)
    page.get_by_role("button", name="Begin").click()
    arrive(page, 1)
    assert page.locator(".prompt b").count() == 0
    for width, height in ((1280, 800), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        last = page.locator("fieldset").last.bounding_box()
        assert last is not None
        assert last["y"] + last["height"] <= height
        clip = page.locator(".clip").first.bounding_box()
        assert clip is not None
        assert min(clip["width"], clip["height"]) > 150
    server.stop()


def test_an_answer_given_while_the_server_is_away_is_sent_later(
    experiment: Path, serve: Callable[..., Server], page: "playwright.Page"
) -> None:
    server = serve()
    page.goto(server.url)
    page.get_by_role("button", name="Begin").click()
    arrive(page, 1)
    server.stop()
    page.locator('input[name="text"][value="a"]').check()
    playwright.expect(page.locator("#status")).to_contain_text("Not saved", timeout=PATIENCE)
    server = serve(server.port)
    playwright.expect(page.locator("#status")).to_have_text("Saved", timeout=PATIENCE)
    page.goto("about:blank")
    server.stop()


def test_a_key_that_is_held_down_is_one_answer(
    serve: Callable[..., Server], page: "playwright.Page"
) -> None:
    page.goto(serve().url)
    page.get_by_role("button", name="Begin").click()
    arrive(page, 1)
    for _ in range(4):  # the keyboard's own repetitions
        page.keyboard.down("a")
    page.keyboard.up("a")
    assert page.locator("input:checked").count() == 1
    page.keyboard.press("b")
    assert page.locator("input:checked").count() == 2
    playwright.expect(page.locator("#status")).to_have_text("Saved", timeout=PATIENCE)
    page.goto("about:blank")


def test_a_phone_that_saves_data_and_power_plays_when_it_is_asked_to(
    experiment: Path, serve: Callable[..., Server], page: "playwright.Page"
) -> None:
    for path in experiment.rglob("*.png"):  # all pairs are of videos then
        path.unlink()
    choose_pairs(experiment, experiment / "study/pairs.json", StudyConfig())
    # Such a browser loads nothing ahead, and plays nothing before a touch.
    page.route(
        "**/pair/*",
        lambda route: route.fulfill(
            response=(reply := route.fetch()),
            body=reply.text().replace('preload="auto"', 'preload="none"'),
        ),
    )
    page.add_init_script(
        """const play = HTMLMediaElement.prototype.play;
        let touched = false;
        addEventListener("click", () => { touched = true; }, true);
        HTMLMediaElement.prototype.play = function () {
          return touched ? play.call(this)
            : Promise.reject(new DOMException("no touch", "NotAllowedError"));
        };"""
    )
    page.goto(serve().url)
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/pair/1")
    page.reload()  # a page that another one leads to is not rewritten on its way
    playwright.expect(page.locator(".loading").first).to_have_text("Press play below.")
    assert page.locator("fieldset input").first.is_disabled()
    page.get_by_role("button", name="Play").click()
    arrive(page, 1)
    playwright.expect(page.locator("#seek")).not_to_have_value("0", timeout=PATIENCE)
    assert page.locator("fieldset input").first.is_enabled()


def test_a_clip_that_is_being_rewound_when_the_other_has_loaded_is_waited_for(
    experiment: Path, serve: Callable[..., Server], page: "playwright.Page"
) -> None:
    for path in experiment.rglob("*.png"):  # all pairs are of videos then
        path.unlink()
    choose_pairs(experiment, experiment / "study/pairs.json", StudyConfig())
    # The first clip is there and is rewound; that lasts until the second has been loaded.
    page.add_init_script(
        """const state = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "readyState");
        let rewinding = null, later = false;
        Object.defineProperty(HTMLMediaElement.prototype, "readyState", {
          get() { return this === rewinding ? 1 : state.get.call(this); },
        });
        const loaded = (video) => state.get.call(video) >= 2;
        addEventListener("seeking", (event) => {
          if (!later) rewinding ??= event.target;
        }, true);
        addEventListener("seeked", (event) => {
          if (event.target !== rewinding) return;
          event.stopImmediatePropagation();
          const timer = setInterval(() => {
            if (![...document.querySelectorAll("video")].every(loaded)) return;
            clearInterval(timer);
            setTimeout(() => {
              const video = rewinding;
              [rewinding, later] = [null, true];
              video.dispatchEvent(new Event("seeked"));
            }, 300);
          }, 50);
        }, true);"""
    )

    def late(route: "playwright.Route") -> None:
        page.wait_for_timeout(500)
        route.continue_()

    page.route("**/clips/1/b/0", late)
    page.goto(serve().url)
    page.get_by_role("button", name="Begin").click()
    arrive(page, 1)
    playwright.expect(page.locator("#seek")).not_to_have_value("0", timeout=PATIENCE)


def test_what_does_not_load_is_said_and_cannot_be_judged(
    experiment: Path, serve: Callable[..., Server], page: "playwright.Page"
) -> None:
    for path in experiment.rglob("*.mp4"):  # all pairs are of views then
        path.unlink()
    choose_pairs(experiment, experiment / "study/pairs.json", StudyConfig())
    page.route("**/clips/1/b/2", lambda route: route.abort())
    page.goto(serve().url)
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/pair/1")
    broken = page.locator('.clip[data-letter="b"] .loading')
    playwright.expect(broken).to_contain_text("does not load", timeout=PATIENCE)
    page.keyboard.press("a")
    page.get_by_role("button", name="Next pair").click()
    assert page.locator("input:checked").count() == 0
    assert "Both clips must be seen first" in page.inner_text("#status")
    page.unroute("**/clips/1/b/2")
    page.reload()
    arrive(page, 1)
    choose(page, "geometry", "a")
