"""Contact sheets hold together whatever the prompt is and whichever motions there are."""

import json
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image

from gaussianmotion.rendering import typography
from gaussianmotion.rendering.sheet import avatar_sheet, experiment_sheet
from gaussianmotion.rendering.typography import font, legible, tidy, wrap
from gaussianmotion.rendering.video import write_video
from gaussianmotion.runtime.errors import UserError

PROMPTS = {
    "plain": "a man in a green suit",
    "unicode": "une femme élégante à la robe rouge — Ελληνικά, Кириллица, 日本語 🎩",
    "long": "a person in a hat and a coat and " * 60,
    "no spaces": "x" * 2000,
    "html": "<script>alert('hello')</script> & <b>bold</b>",
    "control": "a man\twith\x00 a\n\n hat\u202e",
}


def picture(colour, size=64) -> np.ndarray:
    image = np.full((size, size, 3), 255, np.uint8)
    image[8:-8, size // 2 - 8 : size // 2 + 8] = colour
    return image


def opened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.copy()


def make_run(folder: Path, prompt: str, motions=("walk",)) -> Path:
    (folder / "views").mkdir(parents=True)
    views = []
    for index, azimuth in enumerate((-180.0, -90.0, 0.0, 90.0)):
        Image.fromarray(picture((50 * index, 0, 0))).save(folder / f"views/{index:02d}.png")
        views.append({"file": f"views/{index:02d}.png", "azimuth": azimuth})
    Image.fromarray(picture((200, 0, 0))).save(folder / "front.png")
    facts = {
        "prompt": prompt,
        "prompt_id": "one",
        "seed": 0,
        "gaussians": 1234,
        "avatar_sha256": "0123456789abcdef",
        "front": {"file": "front.png", "azimuth": 0.0},
        "views": views,
    }
    (folder / "views.json").write_text(json.dumps(facts))
    for motion in motions:
        frames = [picture((0, 0, 25 * index)) for index in range(10)]
        write_video(folder / "motions" / f"{motion}.mp4", frames, 10.0)
        facts = {"motion": motion, "file": f"{motion}.mp4", "frames": 10, "cycles": 0}
        (folder / "motions" / f"{motion}.json").write_text(json.dumps(facts))
    write_video(folder / "turntable.mp4", [picture((9, 9, 9))] * 2, 10.0)
    return folder


@pytest.mark.parametrize("kind", PROMPTS)
def test_any_prompt_gives_a_page_of_bounded_size(tmp_path, kind):
    run = make_run(tmp_path / "run", PROMPTS[kind])
    one = opened(avatar_sheet(run, tmp_path / "sheet.png"))
    many = opened(experiment_sheet([run, run], tmp_path / "experiment.png"))
    assert one.width == 1440
    assert 400 < one.height < 1400
    assert 400 < many.height < 1000
    # The caption is there: ink above the pictures.
    assert np.asarray(one.convert("L"))[36:80].min() < 80


def test_sheet_shows_views_and_every_motion(tmp_path):
    short = opened(avatar_sheet(make_run(tmp_path / "a", "x", ()), tmp_path / "a.png"))
    long = opened(avatar_sheet(make_run(tmp_path / "b", "x", ("kick", "walk")), tmp_path / "b.png"))
    assert long.height > short.height + 300
    pixels = np.asarray(long).reshape(-1, 3).astype(int)
    assert ((pixels[:, 0] > 180) & (pixels[:, 1] < 20)).any()  # front.png
    assert ((pixels[:, 2] > 180) & (pixels[:, 1] < 20)).any()  # late frames of the motions


def test_only_the_named_motions_are_shown(tmp_path):
    run = make_run(tmp_path / "a", "x", ("kick", "walk"))  # kick: of an earlier configuration
    page = opened(avatar_sheet(run, tmp_path / "some.png", ["walk"]))
    fresh = make_run(tmp_path / "b", "x", ("walk",))
    assert page.tobytes() == opened(avatar_sheet(fresh, tmp_path / "fresh.png")).tobytes()
    row = opened(experiment_sheet([run], tmp_path / "row.png", ["walk"]))
    assert row.tobytes() == opened(experiment_sheet([fresh], tmp_path / "b.png")).tobytes()


def test_the_sheets_of_two_variants_can_be_told_apart(tmp_path):
    run = make_run(tmp_path / "run", "x")
    sheets = [
        np.asarray(opened(avatar_sheet(run, tmp_path / f"{name}.png", variant=name)))
        for name in ("ours", "tau_500")
    ]
    rows = np.flatnonzero((sheets[0] != sheets[1]).any(axis=(1, 2)))
    # In the line below the prompt, and nowhere else.
    assert 78 <= rows.min() <= rows.max() < 112


def test_experiment_sheet_takes_runs_with_different_motions(tmp_path):
    runs = [
        make_run(tmp_path / "a", "with all", ("walk", "kick", "dance", "own clip")),
        make_run(tmp_path / "b", "with none", ()),
    ]
    page = opened(experiment_sheet(runs, tmp_path / "page.png"))
    assert page.width > 800


def test_missing_or_damaged_pictures_are_one_line(tmp_path):
    with pytest.raises(UserError, match=r"no views\.json"):
        avatar_sheet(tmp_path, tmp_path / "s.png")
    with pytest.raises(UserError, match="at least one run"):
        experiment_sheet([], tmp_path / "s.png")
    run = make_run(tmp_path / "run", "x")
    (tmp_path / "s.png").write_bytes(b"old")
    (run / "front.png").write_bytes(b"\x89PNG truncated")
    with pytest.raises(UserError, match=r"front\.png is damaged"):
        avatar_sheet(run, tmp_path / "s.png")
    (run / "motions" / "walk.json").write_text("{")
    with pytest.raises(UserError, match=r"walk\.json is damaged"):
        avatar_sheet(run, tmp_path / "s.png")
    (run / "views.json").write_text('{"prompt": "x"}')
    with pytest.raises(UserError, match="no front, views"):
        avatar_sheet(run, tmp_path / "s.png")
    assert (tmp_path / "s.png").read_bytes() == b"old"


def test_text_is_wrapped_within_its_width_and_loses_nothing_that_fits():
    face = font(17)
    text = "a young woman in a yellow dress and a straw hat, walking"
    lines = wrap(text, face, 160, 8)
    assert all(face.getlength(line) <= 160 for line in lines)
    assert " ".join(lines) == text
    assert len(lines) > 2


@pytest.mark.parametrize("text", [PROMPTS["long"], PROMPTS["no spaces"]])
def test_text_that_does_not_fit_ends_in_an_ellipsis(text):
    face = font(17)
    lines = wrap(text, face, 200, 3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert all(face.getlength(line) <= 200 for line in lines)


def test_symbols_that_the_font_lacks_are_named():
    text, face = legible("a red dress 👗 and a 🎩\ufe0f", "an-id", 17)
    assert text == "a red dress [dress] and a [top hat]"
    assert face.path == font(17).path
    assert legible("a plain man — Ελληνικά", "an-id", 17)[0] == "a plain man — Ελληνικά"


def test_a_script_that_no_font_of_this_computer_has_is_the_id(monkeypatch):
    monkeypatch.setattr("matplotlib.font_manager.findSystemFonts", list)
    typography._font_with.cache_clear()
    for text in ("赤いドレスの女性", "लाल पोशाक में महिला"):
        shown, face = legible(text, "woman-1a2b3c", 17)
        assert (shown, face.path) == ("woman-1a2b3c", font(17).path)
    typography._font_with.cache_clear()


def test_a_font_of_this_computer_is_used_for_what_ours_lacks(monkeypatch, tmp_path):
    """Stands in for a CJK font: matplotlib's mathematical one has letters that DejaVu lacks."""
    folder = Path(matplotlib.get_data_path()) / "fonts/ttf"
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    fonts = [str(broken), *sorted(map(str, folder.glob("*.ttf")))]
    letters = {path: typography._letters(path) for path in fonts}
    assert not letters[str(broken)]
    ours = str(font(17).path)
    others = frozenset.union(*letters.values()) - letters[ours]
    lacking = max(code for code in others if chr(code).isalpha())
    monkeypatch.setattr("matplotlib.font_manager.findSystemFonts", lambda: fonts)
    typography._font_with.cache_clear()
    text, face = legible(chr(lacking), "an-id", 17)
    typography._font_with.cache_clear()
    assert lacking in typography._letters(str(face.path))
    assert text == chr(lacking)
    assert face.size == 17


def test_control_characters_and_line_breaks_become_spaces():
    assert tidy(PROMPTS["control"]) == "a man with a hat"
    assert wrap("", font(17), 100, 3) == []
