"""What an experiment names, looked at by a dry run before anything is trained; other systems."""

from pathlib import Path

import numpy as np
from PIL import Image

from bad_inputs.case import CONFIG, DRY_RUN, Case, Change, keys, written

MANIFEST = "system: TADA\nsource: page\nlicence: theirs\nazimuths: [-180, -90, 0, 90]\n"
BRING = ("baseline", "TADA", *CONFIG, "--renders", "renders", "--prompts", "prompts.tsv",
         "--out", "imported/imported.json", *keys("render.size=64", "render.views=4"))  # fmt: skip


def _renders(**files: bytes) -> Change:
    """Another system's renders, with some files more or other ones; ``/`` is written ``__``."""

    def change(folder: Path) -> None:
        place = folder / "renders/ann"
        place.mkdir(parents=True)
        (folder / "renders/manifest.yaml").write_text(MANIFEST)
        for index in range(4):
            pixels = np.full((64, 64, 3), 255, np.uint8)
            rng = np.random.default_rng(index)
            pixels[5:60, 20:44] = rng.integers(0, 200, (55, 24, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(place / f"{index:02d}.png")
        for name, content in files.items():
            path = place / name.replace("__", "/").replace("_mp4", ".mp4").replace("_png", ".png")
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)

    return change


def _named(what: str, says: str, *pairs: str, change: Change | None = None) -> Case:
    return Case(f"dry run, {what}", (*DRY_RUN, "--config", *pairs), says, change or _nothing)


def _nothing(folder: Path) -> None:
    """Nothing is written."""


def _both(folder: Path) -> None:
    (folder / "m.npz").write_bytes(b"junk")
    (folder / "b.npz").write_bytes(b"junk")


CASES = [
    Case("renders, a film of junk", BRING, "turntable.mp4 is no video",
         _renders(turntable_mp4=b"junk")),
    Case("renders, a film that is a page", BRING, "walk.mp4 is no video",
         _renders(motions__walk_mp4=b"<html>404</html>")),
    Case("renders, three mistakes at once", BRING, "00.png is .*; and .*turntable.mp4 is no video",
         _renders(**{"00_png": b"junk"}, turntable_mp4=b"")),
    Case("renders, all well", BRING, "", _renders(), 0, ("imported/ann/front.png",)),
    _named("a motion of junk", "m.npz", "motions=[./m.npz]", change=written("m.npz", b"junk")),
    _named("a motion that is a pickle", "m.npz", "motions=[./m.npz]",
           change=written("m.npz", b"cos\nsystem\n(S'touch pwned'\ntR.")),
    _named("a motion that is not there", "no file none.npz", "motions=[none.npz]"),
    _named("a body of junk", "b.npz is damaged", "body={path: b.npz}",
           change=written("b.npz", b"junk")),
    _named("body and motion of junk, at once", "m.npz.*b.npz", "motions=[./m.npz]",
           "body={path: b.npz}", change=_both),
    _named("an unknown variant", "no variant", "variants=[owrs]"),
    _named("prompts of other lists", "no prompt has the id 'man-jeans'",
           "ablation={variants: [ours], prompts: [man-jeans]}"),
    _named("results of a name with braces", "may not hold braces", "results=a{b}"),
    Case("dry run, own prompts and no ablations",
         (*DRY_RUN, "--config", "ablation={variants: [], prompts: [man-jeans]}"), code=0),
]  # fmt: skip
