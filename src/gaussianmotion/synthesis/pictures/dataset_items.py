"""One rendered item of the training set of the embedded prior, and shards of them.

An item depends on the seed, the split and its own number only.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from gaussianmotion.pose.openpose import HIDDEN_BEHIND, SMPL_JOINTS
from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.synthesis.people.character_pack import CharacterPack
from gaussianmotion.synthesis.people.dressing import Posed, pose_look, sample_look
from gaussianmotion.synthesis.pictures.captions import FRAMINGS, VIEWS, caption, view_of
from gaussianmotion.synthesis.pictures.mesh_renderer import Light, look_at, project, render
from gaussianmotion.synthesis.pictures.poses import sample_pose
from gaussianmotion.synthesis.pictures.z_buffer import draw_faces

SIZE = 128
#: Every 5th person is seen in the held-out set only.
HELD_OUT_STRIDE = 5
FRAMING_SHARES = (0.70, 0.18, 0.12)
BACKGROUNDS = {"white": (1.0, 1.0, 1.0), "grey": (0.5, 0.5, 0.5), "black": (0.0, 0.0, 0.0)}
BACKGROUND_SHARES = (0.5, 0.3, 0.2)


def openpose_points(posed: Posed) -> np.ndarray:
    """The 18 COCO points in OpenPose's order, (18, 3) metres."""
    return np.concatenate([posed.face[:1], posed.joints[list(SMPL_JOINTS)], posed.face[1:]])


def frame(
    posed: Posed, framing: int, azimuth: float, elevation: float, fov: float,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """World-to-camera matrix (4, 4) that shows the whole body, its upper half or the head."""
    head, neck, pelvis = posed.joints[15], posed.joints[12], posed.joints[0]
    up = (head - neck) / np.linalg.norm(head - neck)
    half = np.tan(np.radians(fov) / 2)
    if framing == 0:
        points = posed.surface.vertices[posed.surface.faces[::7, 0]].astype(float)
        low, high = points.min(0), points.max(0)
        target = (low + high) / 2
        turn = look_at(target, azimuth, elevation, 0.0)
        camera = points @ turn[:3, :3].T + turn[:3, 3]
        fill = rng.uniform(0.74, 0.98)
        distance = (np.abs(camera[:, :2]).max(1) / (fill * half) - camera[:, 2]).max()
    elif framing == 1:
        target = pelvis + (head - pelvis) * rng.uniform(0.55, 0.72)
        distance = rng.uniform(0.44, 0.60) / half
    else:
        target = head + up * rng.uniform(0.01, 0.06)
        distance = rng.uniform(0.21, 0.32) / half
    shift = rng.normal(0, 0.02, 3) * distance * half
    return look_at(target + shift, azimuth, elevation, distance)


def visible_points(posed: Posed, points: np.ndarray, viewmat: np.ndarray, fov: float) -> np.ndarray:
    """(18,) bool; face points behind the bare body are not visible, body points always are."""
    samples = SIZE
    focal = samples / 2 / np.tan(np.radians(fov) / 2)
    screen = project(posed.body.vertices, viewmat, focal, samples).astype(np.float32)
    depth = np.zeros((samples, samples), np.float32)
    b = posed.body
    draw_faces(
        screen, np.ones(len(screen), np.float32), b.faces, b.uvs, b.cut, b.texture, b.tint,
        b.region, b.bias, np.full((1, 1, 1, 4), 255, np.uint8),
        np.zeros((samples, samples, 3), np.float32), np.zeros((samples, samples), np.uint8), depth,
    )  # fmt: skip
    visible = np.ones(18, bool)
    for i in (0, 14, 15, 16, 17):
        x, y, z = project(points[i], viewmat, focal, samples)
        if 0 <= x < samples and 0 <= y < samples:
            front = depth[int(y), int(x)]
            visible[i] = front == 0 or z <= 1 / front + HIDDEN_BEHIND
    return visible


def make_item(
    pack: CharacterPack, people: np.ndarray, seed: tuple[int, ...], held_out: int = -1
) -> dict[str, Any]:
    """Render one item.

    Args:
        people: indices of the people to choose from.
        seed: everything that the item depends on.
        held_out: -1 for training; else the item's number, which fixes person and view.
    """
    rng = np.random.default_rng(seed)
    if held_out >= 0:
        people = people[[held_out % len(people)]]
    look = sample_look(pack, people, rng)
    posed = pose_look(pack, look, sample_pose(rng))
    framing = int(rng.choice(3, p=FRAMING_SHARES))
    azimuth = float(rng.uniform(0, 360))
    if held_out >= 0:
        framing = 0
        centre = (0.0, 90.0 if held_out % 2 else 270.0, 180.0)[held_out // 2 % 3]
        azimuth = (centre + float(rng.uniform(-25, 25))) % 360
    elevation = float(np.clip(rng.normal(5, 9), -15, 30))
    fov = float(rng.uniform(40, 60))
    viewmat = frame(posed, framing, azimuth, elevation, fov, rng)
    background = int(rng.choice(3, p=BACKGROUND_SHARES))
    name = list(BACKGROUNDS)[background]
    # The light comes from the camera's side, so that no view is dark.
    lit = look_at(np.zeros(3), azimuth + rng.normal(0, 35), 25 + rng.normal(0, 12), 1.0)
    light = Light(-lit[2, :3], ambient=float(rng.uniform(0.5, 0.6)))
    image, mask, regions, _ = render(
        posed.surface, pack.textures, viewmat, fov, SIZE, np.array(BACKGROUNDS[name]), light
    )
    points = openpose_points(posed)
    focal = SIZE / 2 / np.tan(np.radians(fov) / 2)
    full = held_out >= 0
    attributes = look.attributes | {
        "person": str(look.person), "skin": look.skin, "view": VIEWS[view_of(azimuth)],
        "framing": FRAMINGS[framing], "background": name,
    }  # fmt: skip
    return {
        "images": image, "masks": mask, "regions": regions,
        "keypoints": project(points, viewmat, focal, SIZE)[:, :2].astype(np.float32),
        "visible": visible_points(posed, points, viewmat, fov),
        "azimuth": np.float32(azimuth), "elevation": np.float32(elevation),
        "framing": np.uint8(framing), "background": np.uint8(background),
        "captions": caption(look.attributes, azimuth, framing, name, rng, full),
        "captions2": caption(look.attributes, azimuth, framing, name, rng),
        "attributes": json.dumps(attributes),
    }  # fmt: skip


def render_shard(
    pack: CharacterPack, out: Path, shard: int, first: int, count: int, seed: int, held_out: bool
) -> None:
    """Render items ``first .. first + count`` into ``shard_%04d.npz``."""
    everyone = np.arange(len(pack.people))
    reserved = everyone % HELD_OUT_STRIDE == 0
    people = everyone[reserved == held_out]
    items = [
        make_item(pack, people, (seed, int(held_out), first + i), first + i if held_out else -1)
        for i in range(count)
    ]
    arrays: dict[str, Any] = {key: np.array([item[key] for item in items]) for key in items[0]}
    with atomic_path(out / f"shard_{shard:04d}.npz") as temporary:
        np.savez(temporary, **arrays)
