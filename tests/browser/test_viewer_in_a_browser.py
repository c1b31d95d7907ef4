"""``avatar.html`` in a real browser: it draws what our rasteriser draws, and obeys its controls."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gaussianmotion.avatar.file import AvatarMetadata, load_avatar, save_avatar
from gaussianmotion.body import Body
from gaussianmotion.body.joints import INDEX
from gaussianmotion.camera import Cameras
from gaussianmotion.config import Config, RenderConfig
from gaussianmotion.export.viewer import write_viewer
from gaussianmotion.pose.motion import Motion, load_motion
from gaussianmotion.rendering.cameras import select
from gaussianmotion.rendering.filming import PreparedMotion, film
from gaussianmotion.rendering.subject import Subject, load_subject
from gaussianmotion.scores.pose.mannequin import mannequin, save_mannequin
from gaussianmotion.testing.browser import (
    CHROMIUM,
    PATIENCE,
    browser,
    open_viewer,
    our_frame,
    psnr,
    viewer_frame,
)

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium or Chrome on PATH")

CONFIG = RenderConfig(size=256)
PROMPT = '<img src=x onerror="document.title=1"> in "jeans" & \'boots\''
BENDS = {"left_elbow": (20.0, 60.0, -30.0), "neck": (0.0, 40.0, 0.0)}


@pytest.fixture(scope="module")
def avatar(open_body: Body, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mannequin whose Gaussians are of all shapes, sizes and opacities."""
    path = tmp_path_factory.mktemp("avatar") / "avatar.safetensors"
    save_mannequin(path, open_body, Config(), 10)
    _, metadata = load_avatar(path)
    generator = torch.Generator().manual_seed(1)
    made = mannequin(open_body, 6000)
    with torch.no_grad():
        made.quats += 0.5 * torch.randn(made.quats.shape, generator=generator)
        made.log_scales += 0.4 * torch.randn(made.log_scales.shape, generator=generator)
        made.logit_opacities -= 4.0 * torch.rand(len(made), generator=generator)
    save_avatar(path, made, named(metadata))
    return path


def named(metadata: AvatarMetadata) -> AvatarMetadata:
    return metadata.model_copy(update={"prompt": PROMPT, "prompt_id": "boots", "seed": 3})


@pytest.fixture(scope="module")
def subject(avatar: Path) -> Subject:
    return load_subject(avatar)


@pytest.fixture(scope="module")
def page(avatar: Path) -> Path:
    out = avatar.with_suffix(".html")
    write_viewer(avatar, out, ["walk", "kick", "cartwheel"], CONFIG)
    return out


@pytest.fixture(scope="module")
def launched() -> Iterator["playwright.Browser"]:
    with browser() as started:
        yield started


@pytest.fixture
def opened(launched: "playwright.Browser", page: Path) -> Iterator["playwright.Page"]:
    """The page, of which nothing may fail and nothing may be fetched."""
    opened = launched.new_page(reduced_motion="reduce", viewport={"width": 900, "height": 600})
    said: list[str] = []
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("request", lambda request: said.append(request.url))
    opened.set_default_timeout(PATIENCE)
    opened.goto(page.as_uri())
    yield opened
    opened.close()
    assert said == [page.as_uri()]


def picture(opened: "playwright.Page") -> str:
    """What the canvas shows."""
    return opened.evaluate(
        "() => { const s = gaussianmotion.stage; s.fit(); s.draw();"
        " return s.canvas.element.toDataURL(); }"
    )


def wait(opened: "playwright.Page", condition: str) -> None:
    """Until a condition holds. Playwright's own waiting evaluates text, which the page forbids."""
    until = time.monotonic() + PATIENCE / 1000
    while not opened.evaluate(condition):
        assert time.monotonic() < until, condition
        opened.wait_for_timeout(50)


def shown(opened: "playwright.Page", expression: str) -> object:
    return opened.evaluate(f"gaussianmotion.stage.{expression}")


def test_its_frames_are_those_of_our_rasteriser(
    opened: "playwright.Page", subject: Subject
) -> None:
    for name, frame, bends in (
        ("walk", 17, BENDS),
        ("kick", 20, {}),
        ("cartwheel", 55, {}),
    ):
        motion = load_motion(name)
        whole = PreparedMotion(motion.poses, motion.translation, motion.fps, 0)
        cameras, floor = film(whole, subject.body, CONFIG.size, CONFIG)
        camera = select(cameras, [frame])
        for ground in (False, True):
            ours = our_frame(
                subject, motion, frame, camera, CONFIG, bends, floor if ground else None
            )
            theirs = viewer_frame(
                opened, name, frame / motion.fps, camera, bends=bends, ground=ground
            )
            assert psnr(ours, theirs) > 40.0, (name, frame, ground)
            # The bound means something: an empty picture is far from it.
            assert psnr(ours, np.full_like(ours, 255)) < 25.0


def test_heads_are_as_sharp_as_close_ups_trained_them(
    launched: "playwright.Browser", avatar: Path, tmp_path: Path
) -> None:
    """In a picture sharper than the training's, a head lacks less blur than the body."""
    made, metadata = load_avatar(avatar)
    coarse = Config.model_validate({"train": {"size": 96}}).model_dump(mode="json")
    trained = tmp_path / "avatar.safetensors"
    save_avatar(trained, made, metadata.model_copy(update={"config": coarse}))
    write_viewer(trained, tmp_path / "avatar.html", ["walk"], CONFIG)
    subject, motion = load_subject(trained), load_motion("walk")
    whole = PreparedMotion(motion.poses, motion.translation, motion.fps, 0)
    camera = near_the_head(
        subject, select(film(whole, subject.body, CONFIG.size, CONFIG)[0], [5]), motion
    )
    opened = open_viewer(launched, tmp_path / "avatar.html")
    theirs = viewer_frame(opened, "walk", 5 / motion.fps, camera)
    opened.close()
    ours = our_frame(subject, motion, 5, camera, CONFIG)
    as_bodies = our_frame(replace(subject, close_ups=False), motion, 5, camera, CONFIG)
    assert psnr(ours, theirs) > 40.0
    assert psnr(as_bodies, theirs) < 33.0


def near_the_head(subject: Subject, camera: Cameras, motion: Motion) -> Cameras:
    """The same camera with a longer lens, and the head of frame 5 in the middle."""
    joints = subject.body.posed_joints(motion.poses[5:6])[0] + motion.translation[5]
    head = torch.cat([joints[INDEX["head"]] + torch.tensor([0.0, 0.1, 0.0]), torch.ones(1)])
    x, y, depth = (camera.viewmats[0] @ head)[:3].tolist()
    focal = 4.0 * float(camera.Ks[0, 0, 0])
    middle = camera.width / 2
    Ks = camera.Ks.clone()
    Ks[0, 0, 0] = Ks[0, 1, 1] = focal
    Ks[0, 0, 2], Ks[0, 1, 2] = middle - focal * x / depth, middle - focal * y / depth
    return replace(camera, Ks=Ks)


def test_compensated_opacities_are_drawn_as_such(
    launched: "playwright.Browser", avatar: Path, tmp_path: Path
) -> None:
    made, metadata = load_avatar(avatar)
    config = Config.model_validate({"train": {"opacity_compensation": True}})
    compensated = tmp_path / "avatar.safetensors"
    save_avatar(
        compensated, made, metadata.model_copy(update={"config": config.model_dump(mode="json")})
    )
    write_viewer(compensated, tmp_path / "avatar.html", ["walk"], CONFIG)
    subject, motion = load_subject(compensated), load_motion("walk")
    whole = PreparedMotion(motion.poses, motion.translation, motion.fps, 0)
    camera = select(film(whole, subject.body, CONFIG.size, CONFIG)[0], [5])
    opened = open_viewer(launched, tmp_path / "avatar.html")
    ours = our_frame(subject, motion, 5, camera, CONFIG)
    plain = our_frame(load_subject(avatar), motion, 5, camera, CONFIG)
    theirs = viewer_frame(opened, "walk", 5 / motion.fps, camera)
    opened.close()
    assert psnr(ours, theirs) > 40.0
    assert psnr(plain, theirs) < 35.0


def test_a_cycle_goes_on_from_where_it_ended(opened: "playwright.Page", subject: Subject) -> None:
    motion = load_motion("walk")
    step = (motion.translation[-1] - motion.translation[0])[[0, 2]]
    assert float(step.norm()) > 0.5
    first = "(() => { const p = gaussianmotion.stage.player; p.choose(0); p.playing = true;"
    path = opened.evaluate(
        f"{first} p.advance(p.clip.duration + 0.2); p.pose(); const was = [...p.path];"
        " p.cycle = 0; p.pose(); p.playing = false; return [was, [...p.path]]; })()"
    )
    np.testing.assert_allclose(np.subtract(*path), step.numpy(), atol=1e-5)


def test_any_prompt_is_text(opened: "playwright.Page") -> None:
    assert opened.inner_text("h1") == PROMPT
    assert PROMPT in opened.title()
    assert opened.locator("img").count() == 0
    opened.get_by_role("button", name="About").click()
    assert PROMPT in opened.inner_text("#about")
    assert "seed 3" in opened.inner_text("header")


def test_it_is_turned_moved_and_zoomed_by_mouse_and_keys(opened: "playwright.Page") -> None:
    seen = [picture(opened)]

    def looks_new() -> None:
        seen.append(picture(opened))
        assert seen[-1] not in seen[:-1]

    azimuth = shown(opened, "camera.azimuth")
    opened.mouse.move(450, 250)
    opened.mouse.down()
    opened.mouse.move(550, 280, steps=3)
    opened.mouse.up()
    assert shown(opened, "camera.azimuth") != azimuth
    looks_new()
    opened.keyboard.down("Shift")
    opened.mouse.down()
    opened.mouse.move(500, 310, steps=3)
    opened.mouse.up()
    opened.keyboard.up("Shift")
    looks_new()
    opened.mouse.wheel(0, -200)
    wait(opened, "gaussianmotion.stage.camera.zoom > 1")
    looks_new()
    opened.keyboard.press("ArrowLeft")
    looks_new()
    opened.keyboard.press("-")
    looks_new()
    opened.keyboard.press("r")
    opened.mouse.move(5, 5)
    assert shown(opened, "camera.zoom") == 1
    opened.keyboard.press(".")
    assert shown(opened, "player.time") == pytest.approx(1 / 30)


def test_fingers_turn_move_and_zoom(launched: "playwright.Browser", page: Path) -> None:
    opened = open_viewer(launched, page, viewport={"width": 360, "height": 740}, has_touch=True)
    session = opened.context.new_cdp_session(opened)

    def touch(*strokes: tuple[tuple[int, int], tuple[int, int]]) -> None:
        """Fingers go from one place to another, all at once."""
        for kind, share in (("touchStart", 0.0), ("touchMove", 0.5), ("touchMove", 1.0)):
            points = [
                {"x": x + share * (to_x - x), "y": y + share * (to_y - y), "id": finger}
                for finger, ((x, y), (to_x, to_y)) in enumerate(strokes)
            ]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    azimuth = shown(opened, "camera.azimuth")
    touch(((180, 250), (240, 250)))
    wait(opened, f"gaussianmotion.stage.camera.azimuth !== {azimuth}")
    assert shown(opened, "camera.zoom") == 1
    touch(((150, 250), (100, 250)), ((200, 250), (250, 250)))
    wait(opened, "gaussianmotion.stage.camera.zoom > 1.5")
    pan = shown(opened, "camera.pan[1]")
    touch(((150, 250), (150, 300)), ((200, 250), (200, 300)))
    wait(opened, f"Math.abs(gaussianmotion.stage.camera.pan[1] - {pan}) > 0.01")
    opened.close()


def test_it_plays_stops_and_goes_to_a_time(opened: "playwright.Page") -> None:
    opened.get_by_role("button", name="Play", exact=True).click()
    wait(opened, "gaussianmotion.stage.player.time > 0.1")
    opened.get_by_role("button", name="Pause").click()
    opened.get_by_label("Motion or pose").select_option("kick")
    assert shown(opened, "player.clip.name") == "kick"
    opened.get_by_label("Time").fill("0.8")
    assert shown(opened, "player.time") == pytest.approx(0.8)
    # Without a loop the clip ends, and is played from its start again.
    opened.get_by_label("loop").uncheck()
    opened.get_by_label("Speed").select_option("2")
    opened.keyboard.press("Escape")
    opened.evaluate("document.activeElement.blur()")
    opened.keyboard.press("Space")
    wait(opened, "!gaussianmotion.stage.player.playing")
    assert shown(opened, "player.time") == pytest.approx(load_motion("kick").seconds, abs=1e-3)
    opened.get_by_label("Motion or pose").select_option("T pose")
    # Controls show what is played when the next frame is drawn.
    play = opened.get_by_role("button", name="Play", exact=True)
    playwright.expect(play).to_be_disabled(timeout=PATIENCE)


def test_joints_bend_and_straighten_again(opened: "playwright.Page") -> None:
    before = picture(opened)
    opened.get_by_role("button", name="Joints").click()
    opened.locator("#dots button[title='right knee']").click()
    opened.get_by_label("about x").fill("70")
    assert picture(opened) != before
    assert opened.locator("#dots .bent").get_attribute("title") == "right knee"
    opened.get_by_role("button", name="Reset all").click()
    assert picture(opened) == before


def test_a_still_is_the_picture_on_the_chosen_background(
    opened: "playwright.Page", tmp_path: Path
) -> None:
    from PIL import Image

    for name, corner in (("black", (0, 0, 0, 255)), ("transparent", (0, 0, 0, 0))):
        opened.get_by_role("radio", name=name).check()
        with opened.expect_download() as download:
            opened.get_by_role("button", name="Still").click()
        assert download.value.suggested_filename == "boots-walk-0.00s.png"
        download.value.save_as(tmp_path / "still.png")
        with Image.open(tmp_path / "still.png") as image:
            assert image.size == (900, 600)
            assert image.convert("RGBA").getpixel((2, 2)) == corner
            assert len(image.convert("RGB").getcolors(2**20)) > 500


def test_a_phone_has_everything_in_reach(launched: "playwright.Browser", page: Path) -> None:
    for scheme in ("light", "dark"):
        opened = open_viewer(
            launched, page, viewport={"width": 360, "height": 740}, color_scheme=scheme
        )
        assert opened.evaluate("document.documentElement.scrollWidth") <= 360
        for button in opened.locator("#bar button, #bar select, #bar input").all():
            box = button.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 360
            assert box["y"] + box["height"] <= 740
        # The person is above the bar.
        low = opened.evaluate(
            "() => { const s = gaussianmotion.stage, j = s.skeleton.joints; let low = 0;"
            " for (let i = 0; i < j.length; i += 3)"
            " low = Math.max(low, s.camera.project(j[i], j[i + 1], j[i + 2])[1] / s.sharpness);"
            " return low; }"
        )
        assert 300 < low < opened.locator("#bar").bounding_box()["y"]
        assert opened.evaluate("document.body.dataset.tone") == scheme
        opened.close()


def test_without_webgl2_it_says_so(launched: "playwright.Browser", page: Path) -> None:
    opened = launched.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    opened.goto(page.as_uri())
    playwright.expect(opened.locator("#trouble")).to_contain_text("lacks WebGL2")
    assert not opened.locator("#bar").is_visible()
    opened.close()
    assert errors == []
