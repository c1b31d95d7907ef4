"""report.html: complete, self-contained, safe with any prompt, honest about what is missing."""

import base64
import io
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from made_experiment import HOSTILE, config, film_turntables, make_experiment
from PIL import Image
from study_folder import make_study

from gaussianmotion.cli import main
from gaussianmotion.figures.page import Page as FigurePage
from gaussianmotion.figures.scene import finish
from gaussianmotion.pipeline.grid import Grid, found_grid
from gaussianmotion.rendering.video import decode
from gaussianmotion.report import media, turning
from gaussianmotion.report.missing import missing
from gaussianmotion.report.page import write_report
from gaussianmotion.report.tables import read_tables
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.study.table2 import table2
from gaussianmotion.tables.files import write_table


class Page(HTMLParser):
    """Tags with their attributes, and the text that people read."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._silent = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {key: value or "" for key, value in attrs}))
        self._silent = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._silent else data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results") / "made"
    make_experiment(folder)
    return folder


@pytest.fixture(scope="module")
def grid(root: Path) -> Grid:
    return found_grid(root)


@pytest.fixture(scope="module")
def page(root: Path, grid: Grid) -> Page:
    write_report(root, grid, config(), root / "report.html")
    return Page((root / "report.html").read_text(encoding="utf-8"))


def test_nothing_comes_from_anywhere_else(page: Page) -> None:
    for tag, attributes in page.tags:
        for key in ("src", "srcset", "poster", "data"):
            assert attributes.get(key, "data:").startswith("data:"), (tag, attributes)
    assert not [link for link in page.all("link") if not link["href"].startswith("data:")]
    assert not re.search(r"https?://|@import", "".join(str(tag) for tag in page.tags))


def test_a_prompt_is_text_whatever_it_says(page: Page) -> None:
    assert HOSTILE in page.text
    assert len(page.all("script")) == 1
    assert any(HOSTILE in image["alt"] for image in page.all("img"))


def test_pictures_are_whole_and_have_their_size_and_a_description(page: Page) -> None:
    images = page.all("img")
    assert len(images) == 1 + 3 * 3 * 3  # the overview, and a sheet for each run
    for image in images:
        data = base64.b64decode(image["src"].partition(",")[2])
        with Image.open(io.BytesIO(data)) as picture:
            assert picture.size == (int(image["width"]), int(image["height"]))
        assert len(image["alt"]) > 20


def test_each_prompt_can_be_switched_between_its_variants_and_seeds(page: Page) -> None:
    radios = [tag for tag in page.all("input") if tag["name"] == "variant-eve"]
    assert [radio["value"] for radio in radios] == ["ours", "tau_100", "tau_500"]
    assert ["checked" in radio for radio in radios] == [True, False, False]
    assert len([tag for tag in page.all("input") if tag["name"] == "seed-eve"]) == 3
    panels = [tag for tag in page.all("article") if tag.get("data-variant") == "tau_500"]
    assert len(panels) == 3 * 3


def test_what_is_missing_is_said(page: Page) -> None:
    for sentence in (
        "Not in MLflow: ours/ann/0.",
        "too few in 6 of its files (2 pictures; at least 20 are needed)",
        "renders of DreamHuman, TADA, HumanNorm, HumanGaussian were not provided",
        "Tables that were not made: Table 2, Ablations.",
        "Figures that were not drawn: 3, 4, 5, 6, 7.",
        "Figure 7: prune_0.1, prune_0.02, prune_0.01, scale_reg not in this experiment.",
        "never seen these words of the prompts: sparkling",
    ):
        assert sentence in page.text


def test_why_the_study_has_no_numbers_is_said(tmp_path: Path) -> None:
    table, reason = table2(make_study(tmp_path), None, "study/votes.csv")
    write_table(table, tmp_path / "tables/table2.csv")
    said = missing(Grid({}, [], [], []), [], [], read_tables(tmp_path), [], tracked=False)
    assert f"Table 2: {reason}" in said


def test_tables_verdicts_run_ids_times_and_versions_are_there(page: Page) -> None:
    assert "undecided" in page.text
    assert "**" not in page.text
    assert "id-of-2" in page.text
    assert "id-of-the-experiment" in page.text
    assert "parent-of-tau_500" in page.text
    assert "2.13.0" in page.text
    assert re.search(r"train\s*27\s*27 min 27 s", page.text)  # 9 runs each of 60, 61 and 62 s
    assert "embedded prior (resources/prior)" in page.text
    assert "geometry-1" in "".join(str(tag) for tag in page.tags)


def test_an_experiment_that_has_just_begun_has_a_report(tmp_path: Path) -> None:
    folder = tmp_path / "begun/ours/ann/0"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    out = tmp_path / "begun/report.html"
    assert main(["report", "--root", str(tmp_path / "begun"), "--out", str(out)]) == 0
    text = Page(out.read_text(encoding="utf-8")).text
    assert "Not trained: ours/ann/0." in text
    assert "No scores were collected" in text


def test_a_folder_without_runs_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--root", str(tmp_path), "--out", str(tmp_path / "r.html")]) == 2
    assert "holds no finished run" in capsys.readouterr().err
    assert not (tmp_path / "r.html").exists()


def test_a_damaged_sheet_is_named(tmp_path: Path) -> None:
    grid = make_experiment(tmp_path)
    sheet = tmp_path / "tau_100/bob/1/sheet.png"
    sheet.write_bytes(sheet.read_bytes()[:40])
    with pytest.raises(UserError, match=r"tau_100/bob/1/sheet\.png is damaged"):
        write_report(tmp_path, grid, config(), tmp_path / "report.html")


def test_small_videos_are_inside_and_large_ones_are_links(tmp_path: Path) -> None:
    grid = make_experiment(tmp_path)
    motions = tmp_path / "ours/ann/0/motions"
    motions.mkdir()
    (motions / "walk.mp4").write_bytes(b"0" * 1000)
    (motions / "dance.mp4").write_bytes(b"0" * (media.VIDEO_LIMIT + 1))
    write_report(tmp_path, grid, config(), tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert [video["aria-label"].split()[0] for video in page.all("video")] == ["walk"]
    assert "ours/ann/0/motions/dance.mp4" in [link.get("href") for link in page.all("a")]


def test_variants_of_a_prompt_turn_together_in_one_video(tmp_path: Path) -> None:
    grid = make_experiment(tmp_path)
    film_turntables(tmp_path, "eve", {"ours": 8, "tau_500": 16}, seed=1)
    film_turntables(tmp_path, "eve", {"ours": 8})  # the only one of its seed
    film_turntables(tmp_path, "bob", {"ours": 8})
    write_report(tmp_path, grid, config(), tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    (shown,) = (video for video in page.all("video") if "turning" in video["aria-label"])
    assert shown["aria-label"] == f"“{HOSTILE}”, turning; from left to right: ours, tau_500"
    assert "2 variants, seed 1, turning together" in page.text
    (tmp_path / "together.mp4").write_bytes(base64.b64decode(shown["src"].partition(",")[2]))
    frames = np.stack(list(decode(tmp_path / "together.mp4")))
    height = turning.HEIGHTS[0]
    assert frames.shape == (16, height, 2 * height, 3)
    assert (int(shown["height"]), int(shown["width"])) == (height, 2 * height)
    ours, other = frames[:, 9:-9, 9 : height - 9], frames[:, 9:-9, height + 9 : -9]
    assert abs(float(ours[..., 0].mean()) - 128) < 6
    assert abs(float(other[..., 1].mean()) - 128) < 6
    # At every moment both are at the same angle, though one was filmed in twice the steps.
    angles = [tile[..., 2].mean(axis=(1, 2)) for tile in (ours, other)]
    np.testing.assert_allclose(*angles, atol=235 / 8)
    assert float(np.ptp(angles[1])) > 180


def test_a_damaged_turntable_is_named(tmp_path: Path) -> None:
    grid = make_experiment(tmp_path)
    film_turntables(tmp_path, "ann", {"ours": 8, "tau_100": 8})
    (tmp_path / "tau_100/ann/0/turntable.mp4").write_bytes(b"no video")
    with pytest.raises(UserError, match=r"tau_100/ann/0/turntable\.mp4 is not a video"):
        write_report(tmp_path, grid, config(), tmp_path / "report.html")


def test_many_turntables_are_made_smaller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grid = make_experiment(tmp_path)
    for prompt in ("ann", "bob"):
        film_turntables(tmp_path, prompt, {"ours": 8, "tau_100": 8})
    monkeypatch.setattr(turning, "BUDGET", 1)
    write_report(tmp_path, grid, config(), tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    together = [video for video in page.all("video") if "turning" in video["aria-label"]]
    assert [video["height"] for video in together] == [str(turning.HEIGHTS[-1])] * 2


def test_many_sheets_are_made_smaller_to_keep_the_page_small(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    Image.effect_noise((1440, 900), 90).convert("RGB").save(sheet)
    few, many = media.sheet_width([sheet] * 3), media.sheet_width([sheet] * 300)
    assert few == media.SHEET_WIDTHS[0]
    assert many == media.SHEET_WIDTHS[-1]


def test_a_sheet_of_hundreds_of_avatars_is_a_link(root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "long"
    shutil.copytree(root, copy)
    # Too many rows for a WebP; so many pixels that Pillow warns; so many that it refuses.
    for rows in (40_000, 70_000, 140_000):
        Image.new("1", (1400, rows)).save(copy / "sheet.png")
        assert media.overview(copy / "sheet.png") is None
    write_report(copy, found_grid(copy), config(), tmp_path / "report.html")
    assert '<a href="long/sheet.png">' in (tmp_path / "report.html").read_text(encoding="utf-8")
    Image.new("1", (600, 20_000)).save(tmp_path / "tall.png")
    shown = media.picture(tmp_path / "tall.png", 1500)
    assert (shown.width, shown.height) == (491, media.TALLEST)


def test_a_figures_caption_is_text_and_not_part_of_the_picture(root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "drawn"
    shutil.copytree(root, copy)
    page = FigurePage(2.0)
    page.picture(0.1, 0.1, 1.8, 1.8, np.full((8, 8, 3), 90, np.uint8))
    finish(page, "Figure 5. Pose & more", "What it <shows>.")
    page.save(copy / "figures/fig5", "Figure 5. Pose & more", "What it <shows>.")
    write_report(copy, found_grid(copy), config(), copy / "report.html")
    read = Page((copy / "report.html").read_text(encoding="utf-8"))
    assert "Figure 5. Pose & more. What it <shows>." in read.text
    (large,) = (image for image in read.all("img") if "described below" in image["alt"])
    with Image.open(copy / "figures/fig5.png") as drawn:
        assert int(large["height"]) < int(large["width"]) * drawn.height / drawn.width - 20
    small = [image for image in read.all("img") if image["alt"] == "Figure 5, small: to the figure"]
    assert len(small) == 1  # beside the claim that it is about
    assert {"#fig5", "figures/fig5.pdf"} <= {link["href"] for link in read.all("a")}


def test_what_was_exported_is_linked_and_nothing_else(tmp_path: Path) -> None:
    root = tmp_path / "my results & more"
    make_experiment(root)
    grid = found_grid(root)
    run = next(path.parent for path in sorted(root.rglob("run.json")))
    (run / "avatar.html").touch()
    (run / "avatar.glb").touch()
    (root / "gallery.html").touch()
    write_report(root, grid, config(), root / "report.html")
    page = Page((root / "report.html").read_text(encoding="utf-8"))
    linked = {link["href"] for link in page.all("a")}
    place = run.relative_to(root).as_posix()
    exports = {f"{place}/avatar.html", f"{place}/avatar.glb", "gallery.html"}
    assert exports == {
        link for link in linked if link.endswith(("avatar.html", ".glb", "gallery.html"))
    }
