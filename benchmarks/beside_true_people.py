"""Avatars beside true renders of their captions: ``python beside_true_people.py PACK RUN ...``.

PACK is the character pack that the prior's pictures are rendered from (docs/how-to/prior.md), RUN a
folder of an avatar of ``config/prompts/laptop.tsv``. For each, people are dressed as the caption
says and brought to the avatar's height. Protocol ``dressed-1``: pose A, eight sides, 256 px, the
outline that at least half of sixteen people fill; ``outline`` is the avatar's intersection over
union with it, ``people`` that of each person with the other fifteen's. The sheet (``--out``) has a
row for each: the avatar from front, side and back, in mid-walk, its head, then three of the people
and a head.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from numpy import ndarray
from PIL import Image

from gaussianmotion.body.poses import named_pose
from gaussianmotion.camera import Cameras
from gaussianmotion.config.rendering import Drawn, Framing
from gaussianmotion.records.run_record import known_run
from gaussianmotion.rendering.cameras import fitted_orbit, select
from gaussianmotion.rendering.frame import draw_sequence
from gaussianmotion.rendering.subject import Subject, load_subject
from gaussianmotion.scores.face.close_ups import close_ups
from gaussianmotion.scores.face.settings import FaceSettings
from gaussianmotion.synthesis.people.character_pack import CharacterPack, load_characters
from gaussianmotion.synthesis.people.dressing import DENIM, Look, pose_look, sample_look
from gaussianmotion.synthesis.people.palette import GARMENT_COLOURS, HAIR_COLOURS, tint
from gaussianmotion.synthesis.pictures.mesh_renderer import Light, look_at, render
from gaussianmotion.training.previews import stride_pose

#: What a person of each caption has: attributes of the character pack.
CAPTIONS = """
man-blue-suit: sex=man, suit=suit, top_colour=blue, bottom_colour=blue
woman-red-dress: sex=woman, dress=dress, dress_colour=red, hair=long, hair_colour=blonde
man-jeans: sex=man, age=young, top=t-shirt, top_colour=yellow, bottom=jeans, bottom_colour=denim
woman-purple-skirt: sex=woman, hair=bob, hair_colour=black, top=t-shirt, top_colour=white, \
bottom=skirt, bottom_colour=purple
old-man-hat: sex=man, age=old, hat=fedora, hat_colour=brown, top=shirt, top_colour=beige, \
bottom=trousers, bottom_colour=brown
old-woman-sweater: sex=woman, age=old, hair_colour=grey, top=sweater, top_colour=green, \
bottom=trousers, bottom_colour=black
man-shorts: sex=man, hair=short, hair_colour=black, top=tank top, top_colour=red, \
bottom=shorts, bottom_colour=white
woman-sport: sex=woman, age=young, hair=ponytail, top=crop top, top_colour=pink, \
bottom=leggings, bottom_colour=black
woman-afro: sex=woman, hair=afro, top=sweater, top_colour=orange, bottom=jeans, bottom_colour=denim
man-grey-suit: sex=man, age=old, hair_colour=white, suit=suit, top_colour=grey, bottom_colour=grey
woman-green-dress: sex=woman, age=young, hair_colour=red, dress=dress, dress_colour=green
man-work: sex=man, hair_colour=brown, top=long-sleeved shirt, top_colour=black, \
bottom=trousers, bottom_colour=beige
"""
WANTED = {
    name: dict(pair.split("=") for pair in wanted.split(", "))
    for name, wanted in (line.split(": ") for line in CAPTIONS.strip().split("\n"))
}
PEOPLE, SIZE, TRIES = 16, 256, 2_000_000
#: Pixels of a picture on the sheet: as many as the face detector's close-ups have.
CELL = 192
SIDES = torch.arange(8) * 45.0
#: From the right of the camera and above, as most of the training's pictures are lit.
LIGHT = Light(np.array([0.3, 0.4, 0.87]))


def dressed(pack: CharacterPack, wanted: dict[str, str], count: int, seed: int) -> list[Look]:
    """People who fit; colours are given to whoever wears the right garments."""
    rng = np.random.default_rng(seed)
    everybody = np.arange(len(pack.people))
    kinds = {key: value for key, value in wanted.items() if not key.endswith("_colour")}
    kinds.setdefault("hat", "")
    found: list[Look] = []
    for _ in range(TRIES):
        look = sample_look(pack, everybody, rng)
        if all(look.attributes.get(key, "") == value for key, value in kinds.items()):
            found.append(recoloured(pack, look, wanted))
            if len(found) == count:
                return found
    raise SystemExit(f"of {TRIES} people {len(found)} are as {wanted} says, and {count} are needed")


def recoloured(pack: CharacterPack, look: Look, wanted: dict[str, str]) -> Look:
    """The same person in the colours that were asked for."""
    wearing = []
    for name, colour in look.wearing:
        slot = "hair" if name.startswith("hair:") else None
        for key in ("top", "bottom", "dress", "hat"):
            if look.attributes.get(key) == pack.wearables[name].kind:
                slot = key
        asked = wanted.get(f"{slot}_colour")
        if asked is not None:
            known = HAIR_COLOURS if slot == "hair" else GARMENT_COLOURS | {"denim": DENIM}
            colour = tint(known[asked])
        wearing.append((name, colour))
    return Look(look.person, look.attributes, wearing, look.skin, look.skin_tint)


def pictures(
    pack: CharacterPack, look: Look, subject: Subject, cameras: Cameras
) -> tuple[ndarray, ndarray, ndarray]:
    """Of a person as tall as the avatar: eight pictures, their masks, and one of the head."""
    pose = named_pose("a").reshape(24, 3).numpy()
    posed = pose_look(pack, look, pose)
    own = subject.body.posed_joints(torch.from_numpy(pose)[None].float())[0].numpy()
    scale = (own[15, 1] - own[7, 1]) / (posed.joints[15, 1] - posed.joints[7, 1])
    shift = own[0] - scale * posed.joints[0]
    posed.surface.vertices = (posed.surface.vertices * scale + shift).astype(np.float32)
    white = np.ones(3)
    fov = float(2.0 * np.degrees(np.arctan(0.5 * SIZE / float(cameras.Ks[0, 0, 0]))))
    drawn = [
        render(posed.surface, pack.textures, view.numpy(), fov, SIZE, white, LIGHT)
        for view in cameras.viewmats.double()
    ]
    face = posed.face.mean(0) * scale + shift
    near = look_at(face, 0.0, 0.0, 0.5)
    head = render(posed.surface, pack.textures, near, 32.0, SIZE, white, LIGHT)[0]
    return np.stack([d[0] for d in drawn]), np.stack([d[1] for d in drawn]) > 127, head


def overlap(one: ndarray, other: ndarray) -> float:
    """Mean over the sides of intersection over union."""
    both = (one & other).sum(axis=(1, 2)) / np.maximum((one | other).sum(axis=(1, 2)), 1)
    return float(both.mean())


def avatar_pictures(subject: Subject, cameras: Cameras) -> tuple[list[ndarray], ndarray]:
    """Front, side, back, mid-walk and head; and the masks of the eight sides."""
    poses = named_pose("a").reshape(1, 24, 3).expand(8, -1, -1)
    still, drawing = torch.zeros(8, 3), Drawn()
    seen = list(draw_sequence(subject, poses, still, cameras, None, drawing))
    black = Drawn(background=(0.0, 0.0, 0.0))
    under = list(draw_sequence(subject, poses, still, cameras, None, black))
    # Where white shows through, the two pictures differ by it: no alpha is needed.
    clear = np.stack([w.astype(int) - b for w, b in zip(seen, under, strict=True)]).mean(-1)
    walk = stride_pose().reshape(1, 24, 3)
    (walking,) = draw_sequence(subject, walk, still[:1], select(cameras, [1]), None, drawing)
    head = list(close_ups(subject, FaceSettings()))[1]
    return [seen[0], seen[2], seen[4], walking, head], clear < 127


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pack", type=Path)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--out", type=Path, required=True, metavar="PNG")
    options = parser.parse_args()
    pack = load_characters(options.pack)
    rows, outlines = [], []
    print("| avatar | outline | people |\n|---|---|---|")
    for run in options.runs:
        prompt = known_run(run).prompt_id
        subject = load_subject(run / "avatar.safetensors")
        points = subject.body.posed_vertices(named_pose("a").reshape(1, 24, 3))[0]
        cameras = fitted_orbit(points, SIDES, 0.0, SIZE, Framing())
        avatar, mask = avatar_pictures(subject, cameras)
        people = [
            pictures(pack, look, subject, cameras)
            for look in dressed(pack, WANTED[prompt], PEOPLE, seed=0)
        ]
        masks = np.stack([person[1] for person in people])
        among = [
            overlap(masks[k], np.delete(masks, k, 0).mean(0) >= 0.5) for k in range(len(masks))
        ]
        outlines.append((overlap(mask, masks.mean(0) >= 0.5), float(np.mean(among))))
        print(f"| {prompt} | {outlines[-1][0]:.3f} | {outlines[-1][1]:.3f} |", flush=True)
        shown = [*avatar, *(person[0][0] for person in people[:3]), people[0][2]]
        rows.append(np.concatenate([fitted(picture) for picture in shown], axis=1))
    mean, ceiling = np.mean(outlines, axis=0)
    print(f"| mean of {len(outlines)} | {mean:.3f} | {ceiling:.3f} |")
    Image.fromarray(np.concatenate(rows)).save(options.out, optimize=True)
    return 0


def fitted(picture: ndarray) -> ndarray:
    """A picture at the sheet's size."""
    small = Image.fromarray(np.asarray(picture)).resize((CELL, CELL), Image.Resampling.LANCZOS)
    return np.asarray(small)


if __name__ == "__main__":
    sys.exit(main())
