"""Another system's renders: what is taken, and what is said of each mistake."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from gaussianmotion.comparisons.imports import import_baseline
from gaussianmotion.config.stages import BaselineRender
from gaussianmotion.pipeline.prompts import Prompt
from gaussianmotion.rendering.video import write_video
from gaussianmotion.runtime.atomic import temporary_of
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.pictures.pictures import azimuth_views, front_view

PROMPTS = {name: Prompt(name, f"a person called {name}") for name in ("ann", "bob")}
RENDER = BaselineRender(size=32, views=4)
MANIFEST = """
system: TADA
source: their page
licence: theirs
azimuths: [-180, -90, 0, 90]
"""


def someone(seed: int, first: int = 3, last: int = 29, colour: int = 255) -> Image.Image:
    """A colourful bar on plain ground, from one row to before another."""
    pixels = np.full((32, 32, 3), colour, dtype=np.uint8)
    rng = np.random.default_rng(seed)
    pixels[first:last, 10:22] = rng.integers(0, 200, (last - first, 12, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.fixture
def renders(tmp_path: Path) -> Path:
    """Two prompts, four views of 32 pixels."""
    folder = tmp_path / "renders"
    for number, prompt in enumerate(PROMPTS):
        (folder / prompt).mkdir(parents=True)
        for index in range(4):
            someone(4 * number + index).save(folder / prompt / f"{index:02d}.png")
    (folder / "manifest.yaml").write_text(MANIFEST)
    return folder


def film(path: Path) -> None:
    """A video as ours are."""
    frames = [np.full((32, 32, 3), 20 * index, np.uint8) for index in range(4)]
    write_video(path, frames, 10.0)


def bring(renders: Path) -> Path:
    out = renders.parent / "results/baselines/TADA/imported.json"
    return import_baseline("TADA", renders, PROMPTS, RENDER, out=out)


def test_what_a_killed_import_left_goes_with_the_next(renders: Path) -> None:
    place = renders.parent / "results/baselines/TADA"
    ended = subprocess.Popen(["true"])
    ended.wait()
    left = temporary_of(place / "renders", ended.pid)
    (left / "new/ann").mkdir(parents=True)
    (left / "new/ann/front.png").write_bytes(b"half")
    bring(renders)
    assert sorted(path.name for path in place.iterdir()) == ["ann", "bob", "imported.json"]


def test_what_is_brought_looks_like_runs(renders: Path) -> None:
    film(renders / "ann/motions/walk.mp4")
    out = bring(renders)
    run = out.parent / "ann"
    picture, prompt = front_view(run)
    assert prompt == "a person called ann"
    assert picture.read_bytes() == (renders / "ann/02.png").read_bytes()
    assert [path.name for path in azimuth_views(run)] == ["00.png", "01.png", "02.png", "03.png"]
    assert json.loads((run / "run.json").read_text())["system"] == "TADA"
    walk = "motions/walk.mp4"
    assert (run / walk).read_bytes() == (renders / "ann" / walk).read_bytes()
    noted = json.loads(out.read_text())
    assert (noted["source"], noted["licence"]) == ("their page", "theirs")
    assert len(noted["sha256"]) == 8


def test_an_earlier_import_is_replaced(renders: Path) -> None:
    out = bring(renders)
    someone(99).save(renders / "bob/02.png")
    bring(renders)
    assert (out.parent / "bob/front.png").read_bytes() == (renders / "bob/02.png").read_bytes()
    assert not list(out.parent.glob(".*"))


def missing(folder: Path) -> None:
    (folder / "bob/03.png").unlink()


def missing_prompt(folder: Path) -> None:
    shutil.rmtree(folder / "bob")


def duplicate(folder: Path) -> None:
    shutil.copy(folder / "ann/01.png", folder / "bob/03.png")


def duplicate_in_other_words(folder: Path) -> None:
    with Image.open(folder / "ann/01.png") as image:
        image.convert("RGBA").save(folder / "bob/03.png", compress_level=1)


def wrong_size(folder: Path) -> None:
    Image.new("RGB", (48, 32)).save(folder / "bob/03.png")


def corrupt(folder: Path) -> None:
    path = folder / "bob/03.png"
    path.write_bytes(path.read_bytes()[:200])


def no_picture(folder: Path) -> None:
    (folder / "bob/03.png").write_text("<html>not found</html>")


def empty(folder: Path) -> None:
    (folder / "bob/03.png").write_bytes(b"")


def upper_case(folder: Path) -> None:
    (folder / "bob/03.png").rename(folder / "bob/03.PNG")


def without_zero(folder: Path) -> None:
    (folder / "bob/03.png").rename(folder / "bob/3.png")


def another_format(folder: Path) -> None:
    with Image.open(folder / "bob/03.png") as image:
        image.save(folder / "bob/03.jpg")
    (folder / "bob/03.png").unlink()


def renamed_jpeg(folder: Path) -> None:
    with Image.open(folder / "bob/03.png") as image:
        image.convert("CMYK").save(folder / "bob/03.png", format="JPEG")


def sixteen_bits(folder: Path) -> None:
    # Read as RGB, every value above 255 becomes white.
    pixels = np.arange(32 * 32, dtype=np.uint16).reshape(32, 32) * 60
    Image.fromarray(pixels).save(folder / "bob/03.png")


def animated(folder: Path) -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    frames[0].save(folder / "bob/03.png", save_all=True, append_images=frames[1:])


def broken_link(folder: Path) -> None:
    (folder / "bob/03.png").unlink()
    (folder / "bob/03.png").symlink_to(folder / "nowhere.png")


def linked_twice(folder: Path) -> None:
    (folder / "bob/03.png").unlink()
    (folder / "bob/03.png").symlink_to(folder / "bob/02.png")


def folder_as_picture(folder: Path) -> None:
    (folder / "bob/03.png").unlink()
    (folder / "bob/03.png").mkdir()


def enormous(folder: Path) -> None:
    Image.new("1", (16000, 16000)).save(folder / "bob/03.png")


def transparent(folder: Path) -> None:
    Image.new("RGBA", (32, 32), (1, 2, 3, 0)).save(folder / "bob/03.png")


def on_grey(folder: Path) -> None:
    someone(50, colour=128).save(folder / "bob/03.png")


def cut(folder: Path) -> None:
    someone(50, first=0).save(folder / "bob/03.png")


def far_away(folder: Path) -> None:
    someone(50, first=10, last=22).save(folder / "bob/03.png")


def nobody(folder: Path) -> None:
    Image.new("RGB", (32, 32), "white").save(folder / "bob/03.png")


def superfluous(folder: Path) -> None:
    shutil.copy(folder / "bob/03.png", folder / "bob/04.png")


def unknown_prompt(folder: Path) -> None:
    (folder / "bobby").mkdir()


def no_manifest(folder: Path) -> None:
    (folder / "manifest.yaml").unlink()


def another_system(folder: Path) -> None:
    (folder / "manifest.yaml").write_text(MANIFEST.replace("TADA", "HumanNorm"))


def other_azimuths(folder: Path) -> None:
    (folder / "manifest.yaml").write_text(MANIFEST.replace("-180, ", "").replace("90]", "90, 180]"))


def no_licence(folder: Path) -> None:
    (folder / "manifest.yaml").write_text(MANIFEST.replace("licence: theirs\n", ""))


def no_yaml(folder: Path) -> None:
    (folder / "manifest.yaml").write_text("system: [TADA")


def no_text(folder: Path) -> None:
    (folder / "manifest.yaml").write_bytes(b"\xff\xfe\x00s")


def no_folder(folder: Path) -> None:
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (missing, r"bob/03.png is missing: render that view of 'a person called bob'"),
        (missing_prompt, r"bob is missing: render 'a person called bob' into it, 00.png to 03.png"),
        (duplicate, r"bob/03.png is the same picture as .*ann/01.png"),
        (duplicate_in_other_words, r"bob/03.png is the same picture as .*ann/01.png"),
        (wrong_size, r"bob/03.png is 48 x 32 pixels, the protocol's pictures are 32 x 32: crop"),
        (corrupt, r"bob/03.png is damaged or no picture: render or copy it again"),
        (no_picture, r"bob/03.png is damaged or no picture"),
        (empty, r"bob/03.png is damaged or no picture"),
        (upper_case, r"bob/03.png is missing, but there is 03.PNG: rename it"),
        (without_zero, r"bob/03.png is missing, but there is 3.png: rename it"),
        (another_format, r"bob/03.png is missing, but there is 03.jpg: save it as PNG"),
        (renamed_jpeg, r"bob/03.png is JPEG, whatever its name says: save it as PNG"),
        (sixteen_bits, r"bob/03.png has 16 bits a channel: save it with 8"),
        (animated, r"bob/03.png is animated: save one still picture"),
        (broken_link, r"bob/03.png is a link that leads to no file: put the picture itself there"),
        (linked_twice, r"bob/03.png is the same picture as .*bob/02.png"),
        (folder_as_picture, r"bob/03.png is missing: render that view"),
        (enormous, r"bob/03.png is too large by far: make it 32 x 32 pixels"),
        (transparent, r"bob/03.png is transparent: put it on the protocol's background"),
        (
            on_grey,
            r"03.png is not on .*: its border is about \(128, 128, 128\), ours is \(255, 255",
        ),
        (cut, r"bob/03.png is cut at the top, or has something there: the whole person must be"),
        (far_away, r"bob/03.png shows a person of 38 % of its height; ours fill about 80 %"),
        (nobody, r"bob/03.png shows a person of 0 % of its height"),
        (superfluous, r"bob/04.png does not belong there: remove it"),
        (unknown_prompt, r"bobby is no prompt of the list: rename it"),
        (no_manifest, r"manifest.yaml is missing; write system, source, licence and azimuths"),
        (another_system, r"is of 'HumanNorm', but the configuration calls it 'TADA'"),
        (other_azimuths, r"azimuths must be \[-180.0, -90.0, 0.0, 90.0\]"),
        (no_licence, r"manifest.yaml: licence: field required"),
        (no_yaml, r"manifest.yaml, line 1: "),
        (no_text, r"manifest.yaml: is not text in UTF-8"),
        (no_folder, r"renders is no folder; give that of its renders"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_mistake_is_one_line_and_nothing_is_written(
    renders: Path, mistake: Callable[[Path], None], message: str
) -> None:
    bring(renders)
    kept = renders.parent / "results/baselines/TADA"
    before = contents(kept)
    mistake(renders)
    with pytest.raises(UserError, match=message) as error:
        bring(renders)
    assert "\n" not in str(error.value)
    assert contents(kept) == before


def contents(folder: Path) -> dict[Path, tuple[int, bytes]]:
    """All files below a folder, with when they were written."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def junk_film(renders: Path) -> None:
    (renders / "bob/turntable.mp4").write_bytes(b"video")


def page_for_a_film(renders: Path) -> None:
    (renders / "bob/motions").mkdir()
    (renders / "bob/motions/walk.mp4").write_text("<html>404 not found</html>")


def old_film(renders: Path) -> None:
    film(renders / "new.mp4")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", renders / "new.mp4"]
    subprocess.run([*command, "-c:v", "mpeg4", renders / "bob/turntable.mp4"], check=True)
    (renders / "new.mp4").unlink()


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (junk_film, r"bob/turntable.mp4 is no video, or is cut short: encode it again, as H.264"),
        (page_for_a_film, r"bob/motions/walk.mp4 is no video"),
        (old_film, r"bob/turntable.mp4 is mpeg4, which browsers do not play"),
    ],
)
def test_a_video_that_the_study_could_not_show_is_refused(
    renders: Path, mistake: Callable[[Path], None], message: str
) -> None:
    mistake(renders)
    with pytest.raises(UserError, match=message):
        bring(renders)


def test_all_that_is_wrong_with_a_system_is_told_at_once(renders: Path) -> None:
    for number in range(3):
        (renders / f"ann/0{number}.png").write_bytes(b"nothing")
    (renders / "bob/03.png").unlink()
    junk_film(renders)
    with pytest.raises(UserError) as error:
        bring(renders)
    assert "bob/03.png is missing" in str(error.value)
    assert str(error.value).count("damaged or no picture") == 2
    assert str(error.value).endswith("and 2 more like these")


def test_what_is_linked_is_copied(renders: Path) -> None:
    elsewhere = renders.parent / "elsewhere"
    (renders / "ann").rename(elsewhere)
    (renders / "ann").symlink_to(elsewhere)
    (renders / "bob/03.png").rename(elsewhere.with_suffix(".png"))
    (renders / "bob/03.png").symlink_to(elsewhere.with_suffix(".png"))
    out = bring(renders)
    for name in ("ann/views/03.png", "bob/views/03.png"):
        assert not (out.parent / name).is_symlink()
        with Image.open(out.parent / name) as image:
            assert image.size == (32, 32)


def test_a_folder_named_like_a_video_is_no_video(renders: Path) -> None:
    (renders / "ann/turntable.mp4").mkdir()
    assert not (bring(renders).parent / "ann/turntable.mp4").exists()


@pytest.mark.parametrize("place", [".", "ann", ".."])
def test_renders_are_never_replaced_by_their_copies(renders: Path, place: str) -> None:
    before = contents(renders)
    with pytest.raises(UserError, match="the copies would replace the renders: move") as error:
        import_baseline("TADA", renders, PROMPTS, RENDER, renders / place / "imported.json")
    assert "\n" not in str(error.value)
    assert contents(renders) == before


def test_a_folder_that_is_no_import_is_not_replaced(renders: Path) -> None:
    mine = renders.parent / "home/ann/thesis.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("years of work")
    with pytest.raises(UserError, match="home/ann is in the way, and is no earlier import"):
        import_baseline("TADA", renders, PROMPTS, RENDER, renders.parent / "home/imported.json")
    assert mine.read_text() == "years of work"


def test_a_place_that_cannot_be_written_is_told_in_one_line(renders: Path) -> None:
    (renders.parent / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot write .*file/imported.json"):
        import_baseline("TADA", renders, PROMPTS, RENDER, renders.parent / "file/imported.json")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
@pytest.mark.parametrize("name", ["manifest.yaml", "bob", "bob/03.png", "."])
def test_what_may_not_be_read_is_told_in_one_line(renders: Path, name: str) -> None:
    (renders / name).chmod(0)
    try:
        with pytest.raises(UserError, match=r"cannot be read \(.*Permission denied"):
            bring(renders)
    finally:
        (renders / name).chmod(0o755)


def test_a_background_of_ones_own_is_asked_for(renders: Path) -> None:
    grey = BaselineRender(size=32, views=4, background=(0.5, 0.5, 0.5))
    out = renders.parent / "results/baselines/TADA/imported.json"
    with pytest.raises(UserError, match=r"ours is \(128, 128, 128\)"):
        import_baseline("TADA", renders, PROMPTS, grey, out)
