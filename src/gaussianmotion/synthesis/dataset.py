"""Renders the training pictures of the embedded prior, in shards.

Every item depends on the seed, the split and its own number only: shards can be rendered in any
order, by any number of processes, and a run that was stopped goes on where it was. Items are
independent draws, so any prefix of the shards is a fair sample.
"""

import json
import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gaussianmotion.atomic import atomic_path, write_json
from gaussianmotion.errors import UserError
from gaussianmotion.synthesis.captions import FRAMINGS, VIEWS, caption, view_of
from gaussianmotion.synthesis.character_pack import PROVENANCE, CharacterPack, load_characters
from gaussianmotion.synthesis.dressing import Posed, pose_look, sample_look
from gaussianmotion.synthesis.garment_catalogue import REGIONS
from gaussianmotion.synthesis.mesh_renderer import (
    Light,
    draw_faces,
    look_at,
    project,
    render,
)
from gaussianmotion.synthesis.palette import GARMENT_COLOURS, HAIR_COLOURS
from gaussianmotion.synthesis.poses import sample_pose

SIZE = 128
SHARD = 512
#: Every 5th person is seen in the held-out set only.
HELD_OUT_STRIDE = 5
FRAMING_SHARES = (0.70, 0.18, 0.12)
BACKGROUNDS = {"white": (1.0, 1.0, 1.0), "grey": (0.5, 0.5, 0.5), "black": (0.0, 0.0, 0.0)}
BACKGROUND_SHARES = (0.5, 0.3, 0.2)
#: SMPL joints of OpenPose's points 1..13; the others are nose, eyes and ears.
BODY_POINTS = [12, 17, 19, 21, 16, 18, 20, 2, 5, 8, 1, 4, 7]
OCCLUSION_TOLERANCE = 0.02


def openpose_points(posed: Posed) -> np.ndarray:
    """The 18 COCO points in OpenPose's order, (18, 3) metres."""
    return np.concatenate([posed.face[:1], posed.joints[BODY_POINTS], posed.face[1:]])


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
            visible[i] = front == 0 or z <= 1 / front + OCCLUSION_TOLERANCE
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


_PACK: CharacterPack | None = None


def _load_in_worker(path: Path) -> None:
    global _PACK
    _PACK = load_characters(path)


def _shard_in_worker(job: tuple) -> int:
    assert _PACK is not None
    render_shard(_PACK, *job)
    return job[3]


def render_dataset(
    pack: Path,
    out: Path,
    count: int,
    seed: int = 0,
    workers: int = 2,
    held_out: bool = False,
    progress: Callable[[str], None] = print,
) -> None:
    """Render ``count`` items into ``out``; finished shards are kept.

    Args:
        pack: file written by ``prepare_characters``.
        held_out: people, outfits and views for measuring, unseen in training: full body, fixed
            captions that name everything.
    """
    if count < 1:
        raise UserError(f"count must be at least 1, not {count}")
    settings = {"count": count, "seed": seed, "held_out": held_out, "size": SIZE, "shard": SHARD}
    card = out / "dataset.json"
    if card.exists():
        before = json.loads(card.read_text())
        changed = [k for k in settings if k != "count" and before.get(k) != settings[k]]
        if changed:
            raise UserError(f"{out} holds a dataset with another {changed[0]}: choose a new folder")
    load_characters(pack)  # a bad pack is one clear error, not one per worker
    out.mkdir(parents=True, exist_ok=True)
    write_json(
        card,
        settings
        | {
            "regions": REGIONS, "framings": FRAMINGS, "backgrounds": list(BACKGROUNDS),
            "palette": GARMENT_COLOURS, "hair_palette": HAIR_COLOURS, "provenance": PROVENANCE,
            "azimuth": "degrees, 0 = front, grows toward the person's left",
        },
    )  # fmt: skip
    jobs = []
    for shard, first in enumerate(range(0, count, SHARD)):
        if not (out / f"shard_{shard:04d}.npz").exists():
            jobs.append((out, shard, first, min(SHARD, count - first), seed, held_out))
    start, done, total = time.monotonic(), 0, sum(job[3] for job in jobs)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, _load_in_worker, (pack,)) as pool:
        for finished in pool.imap_unordered(_shard_in_worker, jobs):
            done += finished
            rate = done / (time.monotonic() - start)
            progress(
                f"{done} of {total} pictures, {rate:.0f} a second, "
                f"{(total - done) / rate / 60:.1f} min left"
            )
