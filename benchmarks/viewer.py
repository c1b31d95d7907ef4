"""The viewer's page against our rasteriser: agreement, and the work of a frame.

    python benchmarks/viewer.py [AVATAR ...]

Draws trained avatars and mannequins (painted Gaussians of random shapes and opacities, all but the
avatars given, until there are twelve) in five poses at 256 px in headless Chromium and with our
rasteriser, and prints the peak signal-to-noise ratios. Then the page's size, and the processor's
time for the pose, the camera and the order of a frame, at 16,000 and 50,000 Gaussians.
"""

import argparse
import tempfile
from pathlib import Path

import torch

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


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("avatars", nargs="*", type=Path, help="trained avatar.safetensors")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, browser() as launched:
        avatars = [*options.avatars]
        for seed in range(AVATARS - len(avatars)):
            avatars.append(painted(Path(folder) / f"mannequin-{seed}.safetensors", seed, 16_000))
        ratios = [ratio for path in avatars for ratio in agreement(launched, path, Path(folder))]
        print(f"all: least {min(ratios):.1f} dB, mean {sum(ratios) / len(ratios):.1f} dB")
        for count in (16_000, 50_000):
            path = painted(Path(folder) / f"work-{count}.safetensors", 0, count)
            page = path.with_suffix(".html")
            size = write_viewer(path, page, MOTIONS, RenderConfig())
            opened = open_viewer(launched, page, viewport={"width": 1280, "height": 800})
            times = [opened.evaluate("gaussianmotion.measure(50)")["prepare"] for _ in range(5)]
            opened.close()
            print(f"{count:,} Gaussians: {size / 1e6:.2f} MB, {min(times):.2f} ms a frame")


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
