"""One rendered item of the training set of the embedded prior, and shards of them.

An item depends on the seed, the split and its own number only.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from gaussianmotion.body.joints import INDEX, PARENTS
from gaussianmotion.pose.openpose import HIDDEN_BEHIND, SMPL_JOINTS
from gaussianmotion.pose.surface_map import draw_surface
from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.synthesis.people.base_codes import base_codes
from gaussianmotion.synthesis.people.character_pack import CharacterPack
from gaussianmotion.synthesis.people.dressing import Posed, pose_look, sample_look
from gaussianmotion.synthesis.pictures.captions import (
    FRAMINGS,
    FULL_BODY,
    HEAD,
    UPPER_BODY,
    VIEWS,
    caption,
    view_of,
)
from gaussianmotion.synthesis.pictures.mesh_renderer import (
    Light,
    look_at,
    millimetres,
    project,
    render,
)
from gaussianmotion.synthesis.pictures.poses import sample_pose
from gaussianmotion.synthesis.pictures.z_buffer import draw_faces

SIZE = 128
#: Every 5th person is seen in the held-out set only.
HELD_OUT_STRIDE = 5
#: Of captions.FRAMINGS. Heads are where faces are learnt, lower bodies where shoes and hems are.
FRAMING_SHARES = (0.42, 0.18, 0.28, 0.12)
#: Framings of the held-out set, one for each block of six items (front, left, right, back views).
HELD_OUT_FRAMINGS = (0, 2, 0, 0, 1, 0, 2, 0, 0, 3)
# A close-up is blocked by limbs of this thickness, metres, at less than this share of the head's
# distance; then it is taken from another side.
LIMB, BLOCKING, CLEAR_TRIES = 0.06, 0.6, 8
BACKGROUNDS = {"white": (1.0, 1.0, 1.0), "grey": (0.5, 0.5, 0.5), "black": (0.0, 0.0, 0.0)}
BACKGROUND_SHARES = (0.5, 0.3, 0.2)


def openpose_points(posed: Posed) -> np.ndarray:
    """The 18 COCO points in OpenPose's order, (18, 3) metres."""
    return np.concatenate([posed.face[:1], posed.joints[list(SMPL_JOINTS)], posed.face[1:]])


def frame(
    posed: Posed, framing: int, azimuth: float, elevation: float, fov: float,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """World-to-camera matrix (4, 4) that shows what the framing names."""
    head, neck, pelvis = posed.joints[15], posed.joints[12], posed.joints[0]
    up = (head - neck) / np.linalg.norm(head - neck)
    half = np.tan(np.radians(fov) / 2)
    if framing == FULL_BODY:
        points = posed.surface.vertices[posed.surface.faces[::7, 0]].astype(float)
        low, high = points.min(0), points.max(0)
        target = (low + high) / 2
        turn = look_at(target, azimuth, elevation, 0.0)
        camera = points @ turn[:3, :3].T + turn[:3, 3]
        fill = rng.uniform(0.72, 0.98)
        distance = (np.abs(camera[:, :2]).max(1) / (fill * half) - camera[:, 2]).max()
    elif framing == UPPER_BODY:
        target = pelvis + (head - pelvis) * rng.uniform(0.55, 0.72)
        distance = rng.uniform(0.42, 0.60) / half
    elif framing == HEAD:
        target = head + up * rng.uniform(0.01, 0.08)
        distance = rng.uniform(0.18, 0.33) / half
    else:
        feet = posed.joints[[10, 11]].mean(0)
        target = pelvis + (feet - pelvis) * rng.uniform(0.48, 0.68)
        reach = np.abs(posed.joints[[1, 2, 4, 5, 7, 8, 10, 11]] - target).max()
        distance = (reach + rng.uniform(0.04, 0.22)) / half
    shift = rng.normal(0, 0.02, 3) * distance * half
    return look_at(target + shift, azimuth, elevation, distance)


def is_blocked(joints: np.ndarray, viewmat: np.ndarray, fov: float) -> bool:
    """Whether a limb is in the picture much nearer to the camera than the head is.

    Avatars' close-ups are drawn again then, so an outstretched arm before a face is never asked
    for.

    Args:
        joints: Posed joints, (24, 3) metres.
        viewmat: World to camera, of a close-up of the head.
        fov: Degrees.
    """
    ends, starts = joints[1:], joints[list(PARENTS[1:])]
    along = np.linspace(0, 1, 8)[:, None, None]
    points = (starts + along * (ends - starts)).reshape(-1, 3) @ viewmat[:3, :3].T + viewmat[:3, 3]
    distance = (viewmat[:3, :3] @ joints[INDEX["head"]] + viewmat[:3, 3])[2]
    reach = np.tan(np.radians(fov) / 2) * np.maximum(points[:, 2], 0) + LIMB
    inside = (np.abs(points[:, :2]) <= reach[:, None]).all(1)
    return bool((inside & (points[:, 2] > -LIMB) & (points[:, 2] < BLOCKING * distance)).any())


def bare_surface(posed: Posed, viewmat: np.ndarray, fov: float) -> np.ndarray:
    """The surface map of the body without clothes and hair, (SIZE, SIZE, 3) uint8."""
    focal = SIZE / 2 / np.tan(np.radians(fov) / 2)
    screen = project(posed.body.vertices, viewmat, focal, SIZE).astype(np.float32)
    drawn = draw_surface(screen, posed.body.faces, base_codes(), SIZE, SIZE)
    return (drawn * 255.0).round().astype(np.uint8)


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
    look = sample_look(pack, people, rng, held_out >= 0)
    posed = pose_look(pack, look, sample_pose(rng))
    framing = int(rng.choice(len(FRAMINGS), p=FRAMING_SHARES))
    azimuth = float(rng.uniform(0, 360))
    if held_out >= 0:
        framing = HELD_OUT_FRAMINGS[held_out // 6 % len(HELD_OUT_FRAMINGS)]
        azimuth = _held_out_azimuth(held_out, rng)
    elevation = float(np.clip(rng.normal(5, 10), -15, 30))
    fov = float(rng.uniform(40, 60))
    viewmat = frame(posed, framing, azimuth, elevation, fov, rng)
    for _ in range(CLEAR_TRIES if framing == HEAD else 0):
        if not is_blocked(posed.joints, viewmat, fov):
            break
        azimuth = float(rng.uniform(0, 360)) if held_out < 0 else _held_out_azimuth(held_out, rng)
        viewmat = frame(posed, framing, azimuth, elevation, fov, rng)
    background = int(rng.choice(3, p=BACKGROUND_SHARES))
    name = list(BACKGROUNDS)[background]
    # The light comes from the camera's side, so that no view is dark.
    lit = look_at(np.zeros(3), azimuth + rng.normal(0, 35), 25 + rng.normal(0, 12), 1.0)
    light = Light(-lit[2, :3], ambient=float(rng.uniform(0.5, 0.6)))
    image, mask, regions, depth = render(
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
        "images": image, "masks": mask, "regions": regions, "depth": millimetres(depth),
        "fov": np.float32(fov), "surface": bare_surface(posed, viewmat, fov),
        "keypoints": project(points, viewmat, focal, SIZE)[:, :2].astype(np.float32),
        "visible": visible_points(posed, points, viewmat, fov),
        "azimuth": np.float32(azimuth), "elevation": np.float32(elevation),
        "framing": np.uint8(framing), "background": np.uint8(background),
        "captions": caption(look.attributes, azimuth, framing, name, rng, full),
        "captions2": caption(look.attributes, azimuth, framing, name, rng),
        "attributes": json.dumps(attributes),
    }  # fmt: skip


def _held_out_azimuth(number: int, rng: np.random.Generator) -> float:
    """Degrees: front, side and back in turn, two items each."""
    centre = (0.0, 90.0 if number % 2 else 270.0, 180.0)[number // 2 % 3]
    return (centre + float(rng.uniform(-25, 25))) % 360


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
