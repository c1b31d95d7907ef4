"""The viewer's page against our rasteriser: agreement, and the work of a frame.

    python benchmarks/viewer.py [AVATAR ...] [--spark FOLDER] [--work-only] [--frames N]

Draws trained avatars and mannequins (painted Gaussians of random shapes and opacities, all but the
avatars given, until there are twelve) in five poses at 256 px in headless Chromium and with our
rasteriser, and prints the peak signal-to-noise ratios. Then the page's size, and the time for the
pose, the camera and the order of a frame, at 16,000 and 50,000 Gaussians; and, at 50,000, what all
of a frame takes of the processor: scripts, workers, and what they ask of the graphics processor.
Not in it: what that does, and putting the frame on the screen, which are the processor's, too,
where there is no graphics processor.

Spark's page is measured in the same way in the same run, where it is there: `npm install
@sparkjsdev/spark three` in a folder outside the project, and `--spark` with that folder.
"""

import argparse
import tempfile
from pathlib import Path

import torch
from viewer_peers.spark import open_spark, version

from gaussianmotion.avatar.file import load_avatar, save_avatar
from gaussianmotion.body import load_body
from gaussianmotion.config import Config, RenderConfig
from gaussianmotion.export.viewer import write_viewer
from gaussianmotion.pose.motion import load_motion
from gaussianmotion.rendering.cameras import select
from gaussianmotion.rendering.filming import PreparedMotion, film
from gaussianmotion.rendering.subject import load_subject
from gaussianmotion.scores.pose.mannequin import mannequin, save_mannequin
from gaussianmotion.testing.browser import browser, open_viewer, our_frame, psnr, viewer_frame

AVATARS = 12
SHOTS = (("walk", 17), ("dance", 40), ("kick", 20), ("cartwheel", 30), ("run", 10))
MOTIONS = [name for name, _ in SHOTS]
LARGE = 50_000


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("avatars", nargs="*", type=Path, help="trained avatar.safetensors")
    parser.add_argument(
        "--spark", type=Path, help="folder with `npm install @sparkjsdev/spark three`"
    )
    parser.add_argument("--work-only", action="store_true", help="no pictures")
    parser.add_argument("--frames", type=int, default=100, help="over which work is taken")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, browser() as launched:
        scratch = Path(folder)
        if not options.work_only:
            agree(launched, options.avatars, scratch)
        spark = version(options.spark) if options.spark else ""
        if not spark:
            print(
                "Spark is not measured: run `npm install @sparkjsdev/spark three` in a folder "
                "outside the project, and name the folder by --spark"
            )
        for count in (16_000, LARGE):
            path = painted(scratch / f"work-{count}.safetensors", 0, count)
            opened, page = open_ours(launched, path)
            prepared = prepare_time(launched, opened)
            size = f"{page.stat().st_size / 1e6:.2f} MB"
            print(f"{count:,} Gaussians: {size}; pose, camera, order {prepared:.2f} ms", flush=True)
            if count != LARGE:
                opened.close()
        ours = processor_time(launched, opened, options.frames)
        opened.close()
        print(
            f"all of a frame: {ours:.2f} ms of the processor ({options.frames} frames)", flush=True
        )
        if spark:
            opened = open_spark(launched, options.spark, load_subject(path), "walk", scratch)
            theirs = processor_time(launched, opened, options.frames)
            print(f"Spark {spark}: {theirs:.2f} ms, {theirs / ours:.1f} times ours")


def agree(launched, trained: list[Path], scratch: Path) -> None:
    """Print how near twelve avatars are to our pictures."""
    avatars = [*trained]
    for seed in range(AVATARS - len(avatars)):
        avatars.append(painted(scratch / f"mannequin-{seed}.safetensors", seed, 16_000))
    ratios = [ratio for path in avatars for ratio in agreement(launched, path, scratch)]
    print(f"all: least {min(ratios):.1f} dB, mean {sum(ratios) / len(ratios):.1f} dB", flush=True)


def open_ours(launched, path: Path) -> tuple:
    """Our page of an avatar, in a small window, and its file."""
    page = path.with_suffix(".html")
    write_viewer(path, page, MOTIONS, RenderConfig())
    opened = open_viewer(launched, page, viewport={"width": 128, "height": 128})
    opened.evaluate(
        """() => { window.play = async (count) => {
            const { stage } = gaussianmotion;
            for (let frame = 0; frame < count; frame++) {
              stage.player.seek((frame / 30) % stage.player.clip.duration);
              stage.draw();
              await new Promise(requestAnimationFrame);
            }
        }; }"""
    )
    return opened, page


def prepare_time(launched, opened) -> float:
    """Milliseconds of the processor for pose, camera and order, without drawing."""
    opened.evaluate("gaussianmotion.measure(100)")
    before = threads(launched)
    opened.evaluate("gaussianmotion.measure(200)")  # and as many before, to compile it
    return spent(before, threads(launched)) / 400


def processor_time(launched, opened, frames: int) -> float:
    """Milliseconds of the processor that a page's scripts and workers take for a frame.

    Args:
        launched: The browser.
        opened: The page, alone in it, whose `play(count)` draws so many frames.
        frames: Over which it is taken.
    """
    opened.evaluate(f"play({max(3, frames // 10)})")
    before = threads(launched)
    opened.evaluate(f"play({frames})")
    return spent(before, threads(launched)) / frames


def spent(before: dict[Path, int], after: dict[Path, int]) -> float:
    """Milliseconds between two readings of :func:`threads`."""
    return sum(time - before.get(thread, 0) for thread, time in after.items()) / 1e6


def threads(launched) -> dict[Path, int]:
    """Nanoseconds that the threads of pages have run, but for those that put them on the screen."""
    session = launched.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    found = {}
    for process in processes:
        tasks = Path(f"/proc/{process['id']}/task").glob("*")
        for task in tasks if process["type"] == "renderer" else ():
            if not (task / "comm").read_text().startswith("Compositor"):
                found[task] = int((task / "schedstat").read_text().split()[0])
    return found


def painted(path: Path, seed: int, count: int) -> Path:
    """A mannequin whose Gaussians are of all shapes and opacities."""
    body = load_body(Path("resources/body/open_body.npz"))
    save_mannequin(path, body, Config(), 10)
    _, metadata = load_avatar(path)
    generator = torch.Generator().manual_seed(seed)
    avatar = mannequin(body, count, seed)
    with torch.no_grad():
        avatar.quats += 0.3 * torch.randn(avatar.quats.shape, generator=generator)
        avatar.log_scales += 0.3 * torch.randn(avatar.log_scales.shape, generator=generator)
        avatar.logit_opacities -= 3.0 * torch.rand(len(avatar), generator=generator)
    save_avatar(path, avatar, metadata)
    return path


def agreement(launched, path: Path, folder: Path) -> list[float]:
    """Decibels in each pose."""
    config = RenderConfig(size=256)
    subject = load_subject(path)
    page = folder / f"{path.parent.name}-{path.stem}.html"
    write_viewer(path, page, MOTIONS, config)
    opened = open_viewer(launched, page)
    ratios = []
    for name, frame in SHOTS:
        motion = load_motion(name)
        whole = PreparedMotion(motion.poses, motion.translation, motion.fps, 0)
        camera = select(film(whole, subject.body, config.size, config)[0], [frame])
        theirs = viewer_frame(opened, name, frame / motion.fps, camera)
        ratios.append(psnr(our_frame(subject, motion, frame, camera, config), theirs))
    opened.close()
    print(f"{page.stem}: " + ", ".join(f"{ratio:.1f}" for ratio in ratios) + " dB", flush=True)
    return ratios


if __name__ == "__main__":
    main()
