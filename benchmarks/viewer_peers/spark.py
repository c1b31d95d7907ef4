"""Spark (npm @sparkjsdev/spark, MIT) with its skinning, in a page of its own."""

import json
import mimetypes
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import torch
from scipy.spatial.transform import Rotation

from gaussianmotion.export.mesh.rig import influences
from gaussianmotion.export.posed import standing
from gaussianmotion.export.stills import write_still
from gaussianmotion.pose.motion import load_motion
from gaussianmotion.rendering.subject import Subject
from gaussianmotion.testing.browser import PATIENCE

# Nobody has this name: every request is answered from files here.
ORIGIN = "http://spark.invalid"
MODULES = {
    "three": "three/build/three.module.js",
    "three/addons/": "three/examples/jsm/",
    "@sparkjsdev/spark": "@sparkjsdev/spark/dist/spark.module.min.js",
}
PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<style>body {{ margin: 0; overflow: hidden }}</style><canvas id="view"></canvas>
<script type="importmap">{imports}</script><script type="module" src="/spark.js"></script>"""


def version(folder: Path) -> str:
    """Of Spark in a folder of npm, empty where it is not there."""
    package = folder / "node_modules/@sparkjsdev/spark/package.json"
    return json.loads(package.read_text())["version"] if package.is_file() else ""


def open_spark(launched: Any, folder: Path, subject: Subject, motion: str, scratch: Path) -> Any:
    """Spark's page with an avatar in it.

    Args:
        launched: A browser.
        folder: In which Spark and three were installed.
        subject: Who.
        motion: What ``play(count)`` plays.
        scratch: Folder to write to.
    """
    write_still(scratch / "avatar.ply", subject, standing("star"), "ply", "y")
    files = {
        "/avatar.ply": scratch / "avatar.ply",
        "/spark.js": Path(__file__).with_name("spark.js"),
    }
    scene = json.dumps(posed_bones(subject, motion))
    imports = {name: f"/node_modules/{place}" for name, place in MODULES.items()}
    page = PAGE.format(imports=json.dumps({"imports": imports}))

    def answer(route: Any) -> None:
        place = urlparse(route.request.url).path
        if place == "/":
            route.fulfill(body=page, content_type="text/html")
        elif place == "/scene.json":
            route.fulfill(body=scene, content_type="application/json")
        else:
            path = files.get(place, folder / place.lstrip("/"))
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            route.fulfill(path=path, content_type=kind)

    opened = launched.new_page(viewport={"width": 128, "height": 128})
    opened.set_default_timeout(PATIENCE)
    opened.route("**/*", answer)
    opened.goto(ORIGIN)
    opened.wait_for_function("window.ready", timeout=10 * PATIENCE)  # three MB of WebAssembly
    return opened


def posed_bones(subject: Subject, motion: str) -> dict[str, Any]:
    """What the page reads: four joints and weights of each Gaussian, and the bones of each frame.

    A bone is its rotation (wxyz) and its place, from the star pose in which the Gaussians are.
    """
    joints, steps = influences(subject.weights.cpu())
    shares = torch.from_numpy(steps.astype("float32")) / 65535.0
    clip = load_motion(motion)
    transforms = subject.body.transforms(clip.poses, clip.translation * 0.0)
    turns = Rotation.from_matrix(transforms[..., :3, :3].reshape(-1, 3, 3).numpy()).as_quat()
    bones = torch.cat(
        [
            torch.from_numpy(turns[:, [3, 0, 1, 2]]).float().reshape(len(clip), -1, 4),
            transforms[..., :3, 3],
        ],
        dim=-1,
    )
    vertices = subject.body.vertices
    return {
        "bones": bones.shape[1],
        "middle": float(0.5 * (vertices[:, 1].min() + vertices[:, 1].max())),
        "joints": joints.reshape(-1).tolist(),
        "shares": [round(share, 4) for share in shares.reshape(-1).tolist()],
        "frames": [[round(value, 5) for value in frame.flatten().tolist()] for frame in bones],
    }
