"""A character pack of the open body, small enough for tests."""

from pathlib import Path

import numpy as np

from gaussianmotion.synthesis.people.character_pack import CharacterPack, plain_cloth
from gaussianmotion.synthesis.people.garment_catalogue import CUTS, HAIR, SHOES, SPLIT_ASSETS
from gaussianmotion.synthesis.people.garments import Garment

BODY = Path(__file__).parents[3] / "resources/body/open_body.npz"
BASE_VERTICES = 19158


def tiny_garment(kind: str, region: str) -> Garment:
    """One triangle on the chest, bound to the nose: enough to be dressed in."""
    return Garment(
        kind=kind, region=region, sexes="mf", triangles=np.array([[0, 1, 2]], np.int32),
        uvs=np.zeros((1, 3, 2), np.float32), references=np.full((3, 3), 5054, np.int32),
        coefficients=np.tile(np.float32([1, 0, 0]), (3, 1)),
        offsets=np.float32([[0, -0.3, 0.1], [0.1, -0.4, 0.1], [-0.1, -0.4, 0.1]]),
        cut=np.ones(3, np.float32), hidden=np.zeros(BASE_VERTICES, bool),
    )  # fmt: skip


def toy_pack() -> CharacterPack:
    """The open body as a pack of two people with a toy wardrobe."""
    with np.load(BODY, allow_pickle=False) as file:
        ids, template, weights = file["base_vertex_ids"], file["v_template"], file["weights"]
        faces, joints = file["f"], file["J_regressor"] @ file["v_template"]
    mean = np.zeros((BASE_VERTICES, 3), np.float32)
    mean[ids] = template
    all_weights = np.zeros((BASE_VERTICES, 24), np.float32)
    all_weights[:, 0] = 1
    all_weights[ids] = weights
    wearables = {n: tiny_garment(n.split(":")[0], p) for n, (_, p, _) in SPLIT_ASSETS.items()}
    wearables |= {n: tiny_garment(c.kind, c.region) for n, c in CUTS.items()}
    wearables |= {f"shoes:{n}": tiny_garment(n, "shoes") for n in SHOES}
    wearables |= {f"hair:{n}": tiny_garment(n.split(":")[0], "hair") for n in HAIR}
    wearables |= {f"brows:{i}": tiny_garment("eyebrows", "other") for i in (1, 6, 9)}
    wearables |= {"eyes": tiny_garment("eyes", "other"), "fedora": tiny_garment("fedora", "hat")}
    person = {"age": "young", "build": "average", "skin": "young_asian_female"}
    return CharacterPack(
        mean=mean, basis=np.zeros((1, BASE_VERTICES, 3), np.float32),
        coefficients=np.zeros((2, 1), np.float32), joints=np.stack([joints, joints]).astype(float),
        people=[person | {"sex": "woman"}, person | {"sex": "man"}], weights=all_weights,
        body_faces=ids[faces].astype(np.int32),
        body_uvs=np.zeros((len(faces), 3, 2), np.float32), skins={"young_asian_female": 0},
        wearables=wearables, texture_of=dict.fromkeys(wearables, 0),
        textures=plain_cloth(16)[None],
    )  # fmt: skip
