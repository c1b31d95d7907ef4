"""Files and pages that are made of an avatar, and motion files on the command line."""

from pathlib import Path

from bad_inputs.arrays import SHIPPED_CLIP, array
from bad_inputs.case import AVATAR, CONFIG, RUN, Case, Change, nothing, written

OF = ("--avatar", AVATAR)
PAGE = f"{RUN}/avatar.html"


def _export(says: str, *arguments: str) -> Case:
    return Case(f"export {' '.join(arguments)[:70]}", ("export", *arguments, *OF), says)


def _viewer(says: str, *arguments: str) -> Case:
    return Case(f"viewer {' '.join(arguments)[:70]}", ("viewer", *CONFIG, *OF, *arguments), says)


def _gallery(what: str, says: str, page: str, *arguments: str, change: Change = nothing) -> Case:
    return Case(f"gallery, {what}", ("gallery", page, *(arguments or ("--out", "g.html"))), says,
                change)  # fmt: skip


CASES = [
    _export("invalid choice: 'obj'", "obj"),
    _export("unknown pose 'nope'", "ply", "--pose", "nope"),
    _export("no motion file none.npz", "ply", "--motion", "none.npz"),
    _export("has no frame 1000000", "spz", "--motion", "walk", "--frame", "1000000"),
    _export("no whole number", "ply", "--motion", "walk", "--frame", "-1"),
    _export("give --motion NAME", "ply", "--frame", "3"),
    _export("two ways to stand", "ply", "--pose", "a", "--motion", "walk"),
    _export("--every is of a series", "ply", "--every", "2"),
    _export("--every is of a series", "ply", "--motion", "walk", "--frame", "1", "--every", "2"),
    _export("in a .glb y is up", "splat-glb", "--y", "down"),
    _export("give --motions NAME", "mesh-glb", "--pose", "a"),
    _export("give --motions NAME", "mesh-glb", "--every", "2"),
    _export("give --motions NAME", "mesh-glb", "--motion", "walk"),
    _export("unknown motion 'nope'", "mesh-glb", "--motions", "nope"),
    _export("two motions are called 'walk'", "mesh-glb", "--motions", "walk", "walk"),
    _export("a .ply is written; name it x.ply", "ply", "--out", "x.png"),
    _export("a .ply is written", "ply", "--out", AVATAR),
    _export("a .glb is written", "mesh-glb", "--out", AVATAR),
    _export("it is a folder", "spz", "--out", "elsewhere"),
    _export("below a file", "splat-glb", "--out", "tiny.yaml/x.glb"),
    _export("below a file", "ply", "--motion", "walk", "--out", "tiny.yaml"),
    _viewer("unknown motion 'nope'", "--motions", "nope"),
    _viewer("two motions are called 'walk'", "--motions", "walk", "walk"),
    _viewer("may hold only", "--variant", "A B"),
    _viewer("a .html is written", "--motions", "walk", "--out", AVATAR),
    _viewer("it is a folder", "--motions", "walk", "--out", "elsewhere"),
    Case("viewer, an avatar of junk", ("viewer", *CONFIG, "--avatar", "a.safetensors"), "damaged",
         written("a.safetensors", b"junk")),
    _gallery("no page", "no page none.html", "none.html"),
    _gallery("a page without its avatar", "no avatar at", "x.html",
             change=written("x.html", "<html>")),
    _gallery("written over an avatar", "a .html is written", PAGE, "--out", AVATAR,
             change=written(PAGE, "page")),
    Case("gallery, a title of markup", ("gallery", PAGE, "--title", "<script>alert(1)</script>",
         "--out", "g.html"), "", written(PAGE, "page"), 0, ("g.html",)),
    Case("sheet over an avatar", ("sheet", RUN, "--out", AVATAR), "a .png is written"),
    Case("animate over an avatar", ("animate", *CONFIG, *OF, "--motion", "walk", "--out", AVATAR),
         "a .mp4 is written"),
    Case("ui --port x", ("ui", "--port", "x"), "invalid int"),
]  # fmt: skip

GOOD = array(SHIPPED_CLIP, "m.npz")
BVH = """HIERARCHY
ROOT Hips
{
OFFSET 0 0 0
CHANNELS 3 Zrotation Xrotation Yrotation
End Site
{
OFFSET 0 1 0
}
}
MOTION
Frames: 2
Frame Time: 0.03
0 0 0
0 0 0
"""


def _look(says: str, *options: str) -> Case:
    name = f"motion look {' '.join(options)}"
    return Case(name, ("motion", "look", "./m.npz", *options), says, GOOD)


def _names(what: str, says: str, content: str) -> Case:
    def change(folder: Path) -> None:
        (folder / "x.bvh").write_text(BVH)
        (folder / "names.yaml").write_text(content)

    command = ("motion", "look", "x.bvh", "--joint-names", "names.yaml")
    return Case(f"motion look, names of joints: {what}", command, says, change)


MOTIONS = [
    _look("'m.npz': fps is 'abc'", "--fps", "abc"),
    _look("'m.npz': fps is '0'", "--fps", "0"),
    _look("'m.npz': fps is 'nan'", "--fps", "nan"),
    _look("'m.npz': fps is '1e9'", "--fps", "1e9"),
    _look("'m.npz': up is 'w'", "--up", "w"),
    _look("'m.npz': unit is 'km'", "--unit", "km"),
    _look("no whole number", "--take", "-1"),
    _look("a .png is written", "--out", "m.npz"),
    _look("below a file", "--out", "tiny.yaml/x.png"),
    _look("moves at", "--fps", "1000"),
    _names("junk", "names.yaml, line 1", "{"),
    _names("a list", "a mapping is needed", "- 1\n"),
    _names("other words", "write joints and their names", "hips: nowhere\n"),
    _names("none", "no table knows its joints", ""),
    Case("motion look, a folder", ("motion", "look", "elsewhere/"), "Is a directory"),
    Case("motion look, no name", ("motion", "look", ""), "unknown motion ''"),
    Case("motion look, a bundled clip's rate", ("motion", "look", "walk", "--fps", "30"),
         "bundled clip"),
    Case("motion look, no mapping", ("motion", "look", "{[1]: 2}"), "is no mapping"),
    Case("motion convert to .npy", ("motion", "convert", "./m.npz", "--out", "x.npy"),
         "written as .npz", GOOD),
    Case("motion convert onto itself", ("motion", "convert", "./m.npz", "--out", "m.npz"),
         "is the file that is read", GOOD),
    Case("motion convert below a file", ("motion", "convert", "./m.npz", "--out",
         "tiny.yaml/x.npz"), "below a file", GOOD),
]  # fmt: skip
