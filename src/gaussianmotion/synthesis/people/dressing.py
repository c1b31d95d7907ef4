"""Who wears what: random outfits, and the mesh of a dressed, posed person."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gaussianmotion.guidance.layout import REGIONS
from gaussianmotion.synthesis.people.character_pack import CharacterPack
from gaussianmotion.synthesis.people.garment_catalogue import CUTS, sleeve_word
from gaussianmotion.synthesis.people.palette import GARMENT_COLOURS, HAIR_COLOURS, tint
from gaussianmotion.synthesis.people.smpl_rig import axis_angle_to_matrix, joint_transforms, skin
from gaussianmotion.synthesis.pictures.mesh_renderer import TexturedMesh

#: Base vertices of nose tip, right eye, left eye, right ear, left ear; as in the open body.
FACE_VERTICES = np.array([5054, 14679, 14607, 5439, 12038])

Shares = Mapping[str, float | int]
TOPS_M: Shares = {
    "t-shirt:m": 3, "t-shirt:m2": 2, "long t-shirt": 1, "long-sleeved shirt:m": 2, "shirt:m": 3,
    "tank top": 2, "sweater": 3, "turtleneck": 1,
}  # fmt: skip
TOPS_F: Shares = {
    "t-shirt:f": 4, "shirt:f": 3, "tank top": 2, "sleeveless top": 1, "sweater": 3,
    "turtleneck": 1, "blouse": 2, "crop top:f": 1,
}  # fmt: skip
BOTTOMS_M: Shares = {"jeans:m": 4, "trousers:m": 4, "slim trousers": 3, "shorts": 4}
# Skirts of every length as often as each other: a length that is rare is not learnt.
BOTTOMS_F: Shares = {
    "jeans:f": 2, "leggings:f": 1.6, "slim trousers": 2, "shorts:f": 1, "shorts": 1,
    "pencil skirt:f": 1.6, "mini skirt": 1.6, "knee skirt": 2, "long skirt": 2,
}  # fmt: skip
DRESSES: Shares = {
    "short dress": 1.5, "short dress 2": 1.5, "dress": 1.2, "dress 2": 1.2, "dress 3": 1.2,
    "long dress": 1.5, "long dress 2": 1.5,
}  # fmt: skip
HAIR_M: Shares = {
    "short": 3, "short:2": 2.5, "short:3": 2, "short:4": 2.5, "afro": 1.5, "bald": 2, "long": 1.5,
    "ponytail": 1,
}  # fmt: skip
HAIR_F: Shares = {
    "long": 5, "bob": 1.7, "bob:2": 1.7, "braid": 2, "ponytail": 2.5, "short:3": 1.3,
    "short:2": 1.2, "afro": 1.5,
}  # fmt: skip
#: More than in the street: a hat is some 50 pixels of a whole figure, in one of 13 colours, and
#: from a tenth of the people neither the prior nor its judge learnt it.
HAT_SHARE = 0.26
SHOD_SHARE = 0.93
#: One outfit in so many is kept for measuring and worn by nobody in the training set.
HELD_OUT_OUTFITS = 8
#: Blue denim; also a colour word of its own.
DENIM = (62, 92, 146)


@dataclass
class Look:
    """A dressed person, before posing."""

    person: int
    attributes: dict[str, str]
    wearing: list[tuple[str, np.ndarray]]
    """(name in the pack, tint (3,))."""
    skin: str
    skin_tint: np.ndarray


def _choose(rng: np.random.Generator, shares: Shares) -> str:
    weights = np.array(list(shares.values()), dtype=float)
    return str(rng.choice(list(shares), p=weights / weights.sum()))


def _jitter(rng: np.random.Generator, colour: tuple[int, int, int], spread: float) -> np.ndarray:
    """The tint of a colour word, a little lighter or darker: words name ranges, not points."""
    return tint(colour) * np.float32(rng.uniform(1 - spread, 1 + spread / 3))


def sample_look(
    pack: CharacterPack, people: np.ndarray, rng: np.random.Generator, held_out: bool = False
) -> Look:
    """Dress a random one of ``people`` (indices) in an outfit of the training or held-out part."""
    while True:
        look = _any_look(pack, people, rng)
        if outfit_held_out(look) == held_out:
            return look


def outfit_held_out(look: Look) -> bool:
    """Whether these clothes in these colours, shoes and hat included, are kept for measuring."""
    worn = {
        key: value
        for key, value in look.attributes.items()
        if key.split("_")[0] in ("top", "bottom", "dress", "hat", "shoes")
    }
    return zlib.crc32(json.dumps(worn, sort_keys=True).encode()) % HELD_OUT_OUTFITS == 0


def _any_look(pack: CharacterPack, people: np.ndarray, rng: np.random.Generator) -> Look:
    person = int(rng.choice(people))
    attributes = dict(pack.people[person])
    skin_name = attributes.pop("skin")
    woman = attributes["sex"] == "woman"
    wearing: list[tuple[str, np.ndarray]] = [("eyes", np.ones(3, np.float32))]

    def wear(slot: str, name: str, colour: str | None = None) -> None:
        colour = colour or str(rng.choice(list(GARMENT_COLOURS)))
        rgb = DENIM if colour == "denim" else GARMENT_COLOURS[colour]
        wearing.append((name, _jitter(rng, rgb, 0.08)))
        attributes[slot] = pack.wearables[name].kind
        attributes[f"{slot}_colour"] = colour
        if slot == "dress":
            attributes["dress_sleeves"] = sleeve_word(CUTS[name].sleeve)

    draw = rng.random()
    if woman and draw < 0.42:
        wear("dress", _choose(rng, DRESSES))
    elif not woman and draw < 0.2:
        colour = str(rng.choice(list(GARMENT_COLOURS)))
        wear("bottom", "suit trousers:m", colour)
        wear("top", "suit jacket:m", colour)
        attributes["suit"] = "suit"
    else:
        bottom = _choose(rng, BOTTOMS_F if woman else BOTTOMS_M)
        denim = bottom.startswith("jeans") and rng.random() < 0.6
        wear("bottom", bottom, "denim" if denim else None)
        wear("top", _choose(rng, TOPS_F if woman else TOPS_M))

    old = attributes["age"] == "old"
    hair = _choose(rng, HAIR_F if woman else HAIR_M)
    if old:
        shares = {"grey": 4.0, "white": 4.0, "brown": 0.5, "blonde": 0.5}
    else:
        shares = {"black": 3.0, "brown": 3.0, "blonde": 3, "red": 1.5, "grey": 0.4}
    hair_colour = _choose(rng, shares)
    hat = rng.random() < HAT_SHARE
    if hat and hair in ("afro", "short", "short:3", "bob"):  # these stand out of a hat
        hair = "short:4" if not woman else "long"
    hair_tint = _jitter(rng, HAIR_COLOURS[hair_colour], 0.12)
    if hair == "bald":
        attributes["hair"] = "bald"
    else:
        wearing.append((f"hair:{hair}", hair_tint))
        attributes["hair"], attributes["hair_colour"] = hair.split(":")[0], hair_colour
    wearing.append((f"brows:{rng.choice([1, 6, 9])}", np.minimum(hair_tint, 0.75)))
    if hat:
        wear("hat", "fedora")
    if rng.random() < SHOD_SHARE:
        shoes = _choose(rng, {n: 1.0 for n in pack.wearables if n.startswith("shoes:")})
        wearing.append((shoes, np.ones(3, np.float32)))
        attributes["shoes"] = pack.wearables[shoes].kind
    tone = np.float32(rng.uniform(0.88, 1.06))
    return Look(person, attributes, wearing, skin_name, np.full(3, tone, np.float32))


@dataclass
class Posed:
    """A posed person: what is drawn, and where the joints are."""

    surface: TexturedMesh
    body: TexturedMesh
    """The bare body, for the visibility of face points."""
    joints: np.ndarray
    """(24, 3) metres."""
    face: np.ndarray
    """(5, 3): nose, right eye, left eye, right ear, left ear."""


def pose_look(pack: CharacterPack, look: Look, pose: np.ndarray) -> Posed:
    """Dress and pose: axis-angle ``pose`` (24, 3) in SMPL's convention."""
    base = pack.vertices(look.person)
    joints = pack.joints[look.person]
    transforms, posed_joints = joint_transforms(axis_angle_to_matrix(pose), joints)
    posed_base = skin(base, pack.weights, transforms).astype(np.float32)

    hidden = np.zeros(len(base), bool)
    for name, _ in look.wearing:
        hidden |= pack.wearables[name].hidden
    shown = ~hidden[pack.body_faces].all(1)
    body_faces = pack.body_faces[shown]
    count = len(body_faces)
    vertices, faces, uvs, cuts = [posed_base], [body_faces], [pack.body_uvs[shown]], [
        np.ones(len(base), np.float32)
    ]  # fmt: skip
    texture = [np.full(count, pack.skins[look.skin], np.int32)]
    tints = [np.tile(look.skin_tint, (count, 1))]
    region = [np.full(count, REGIONS["skin"], np.uint8)]
    bias = [np.zeros(count, np.float32)]
    start = len(base)
    for name, colour in look.wearing:
        g = pack.wearables[name]
        rest = np.einsum("vk,vka->va", g.coefficients, base[g.references]) + g.offsets
        weights = np.einsum("vk,vkj->vj", g.coefficients, pack.weights[g.references])
        vertices.append(skin(rest, weights, transforms).astype(np.float32))
        faces.append(g.triangles + start)
        start += len(rest)
        uvs.append(g.uvs)
        cuts.append(g.cut)
        n = len(g.triangles)
        texture.append(np.full(n, pack.texture_of[name], np.int32))
        face_tint = np.tile(colour, (n, 1)).astype(np.float32)
        if g.untinted is not None:
            face_tint[g.untinted] = 1.0
        tints.append(face_tint)
        region.append(np.full(n, REGIONS[g.region], np.uint8))
        bias.append(np.full(n, g.bias, np.float32))
    surface = TexturedMesh(
        np.concatenate(vertices), np.concatenate(faces).astype(np.int32), np.concatenate(uvs),
        np.concatenate(cuts), np.concatenate(texture), np.concatenate(tints),
        np.concatenate(region), np.concatenate(bias),
    )  # fmt: skip
    n = len(pack.body_faces)
    bare = TexturedMesh(
        posed_base, pack.body_faces, pack.body_uvs, np.ones(len(base), np.float32),
        np.zeros(n, np.int32), np.ones((n, 3), np.float32), np.ones(n, np.uint8),
        np.zeros(n, np.float32),
    )  # fmt: skip
    return Posed(surface, bare, posed_joints, posed_base[FACE_VERTICES])
