"""MLflow's pages in a real browser: the comparison is what opens, and the server ends whole."""

import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tracked_experiment import PROMPTS, STEPS, write_experiment

from gaussianmotion.cli import main
from gaussianmotion.config import TrackingConfig

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
# A loaded computer is slow, which is no fault of the page.
PATIENCE = 120_000

pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium or Chrome on PATH"),
    pytest.mark.filterwarnings("ignore"),  # MLflow's own imports warn.
]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Of a store with one experiment of two variants."""
    results = tmp_path_factory.mktemp("results")
    tracking = TrackingConfig(
        uri=f"sqlite:///{results}/mlflow/mlflow.db", artifacts=f"{results}/mlflow/artifacts"
    )
    write_experiment(results, tracking)
    keys = {
        "results": results,
        "tracking.uri": tracking.uri,
        "tracking.artifacts": tracking.artifacts,
    }
    return [word for key, value in keys.items() for word in ("--set", f"{key}={value}")]


class Server:
    """``gaussianmotion ui`` as its user starts it; its links by what they lead to."""

    def __init__(self, settings: list[str]) -> None:
        command = [sys.executable, "-m", "gaussianmotion", "ui", *settings]
        self.process = subprocess.Popen(
            [*command, "--port", "0"], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.links: dict[str, str] = {}
        for line in self.process.stdout:
            what, _, link = line.strip().partition(": ")
            self.links[what] = link
            if what == "variants side by side":
                break


@pytest.fixture(scope="module")
def server(settings: list[str]) -> Iterator[Server]:
    running = Server(settings)
    yield running
    running.process.kill()
    running.process.wait(60)


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        switches = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-sync"]
        switches += ["--disable-background-networking", "--disable-component-update"]
        browser = started.chromium.launch(executable_path=CHROMIUM, args=switches)
        opened = browser.new_page(viewport={"width": 2400, "height": 1400})
        opened.set_default_timeout(PATIENCE)
        yield opened
        browser.close()


def test_the_runs_are_a_table_with_the_columns_that_matter(server: Server, page: Any) -> None:
    page.goto(server.links["runs"])
    for variant in ("ours", "tau_100"):
        for prompt in PROMPTS:
            page.get_by_role("link", name=f"{variant}/{prompt}/0", exact=True).wait_for()
    heads = page.locator(".ag-header-cell").all_inner_texts()
    wanted = {"Run Name", "Created", "Duration", "Dataset", "alignment/cosine", "train.score.tau"}
    assert wanted | {"training/seconds", "prompt"} <= {head.strip() for head in heads}
    page.get_by_text("3D Gaussian avatars that are trained from text").first.wait_for()
    # A prompt is text, whatever stands in it.
    page.get_by_text(PROMPTS["ann"]).first.wait_for()
    assert page.locator("b", has_text=re.compile("^red$")).count() == 0


def test_previews_of_the_variants_grow_side_by_side(server: Server, page: Any) -> None:
    page.goto(server.links["previews and curves"])
    page.get_by_text("Previews by step").first.wait_for()
    pictures = page.locator("img[src*='images']")
    pictures.nth(3).wait_for()
    page.wait_for_function(
        "() => [...document.querySelectorAll(\"img[src*='images']\")]"
        ".filter(image => image.naturalWidth > 0).length >= 4"
    )
    slider = page.locator("input[type='number']").last
    assert slider.input_value() == str(STEPS[-1])
    page.get_by_text("Curves", exact=False).first.wait_for()


def test_two_variants_are_compared_by_their_means(server: Server, page: Any) -> None:
    page.goto(server.links["variants side by side"])
    page.get_by_text("Comparing 2 Runs from 1 Experiment").wait_for()
    text = page.locator("body").inner_text()
    assert "ours" in text
    assert "tau_100" in text
    assert "train.score.tau" in text


def test_the_server_is_one_process_that_ends_with_ctrl_c(
    server: Server, settings: list[str]
) -> None:
    """Last: the tests before it need the server."""
    assert psutil.Process(server.process.pid).children(recursive=True) == []
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(60) == 0


def test_a_port_in_use_is_one_line(settings: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["ui", *settings, "--port", str(port)]) == 2
    said = capsys.readouterr().err
    assert f"cannot listen at 127.0.0.1, port {port}" in said
    assert said.count("\n") == 1


def test_a_store_that_is_not_there_yet_is_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["--set", f"tracking.uri=sqlite:///{tmp_path}/mlflow.db"]
    assert main(["ui", *settings]) == 2
    assert "there is no store at" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
