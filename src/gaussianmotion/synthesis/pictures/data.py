"""The rendered training set: shards of images with captions, keypoints and labels.

A dataset is a folder of ``shard_0000.npz`` ... (uncompressed) and ``dataset.json``. A shard holds

    images      uint8   (n, 128, 128, 3)  RGB
    masks       uint8   (n, 128, 128)     coverage of the person
    regions     uint8   (n, 128, 128)     label of garment_catalogue.REGIONS
    keypoints   float32 (n, 18, 2)        pixels, in the order of gaussianmotion.pose.openpose
    visible     bool    (n, 18)
    azimuth     float32 (n,)              degrees, 0 in front
    framing     uint8   (n,)
    captions    unicode (n,)              and captions2, another wording, where present
    attributes  unicode (n,)              JSON: {"sex": ..., "top_colour": ..., ...}
    background  uint8   (n,)

and from version 3 on

    depth       uint16  (n, 128, 128)     millimetres along the camera's axis, 0 where nothing is
    fov         float32 (n,)              degrees

and from version 4 on

    surface     uint8   (n, 128, 128, 3)  map of the bare body (gaussianmotion.pose.surface_map)
"""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaussianmotion.runtime.errors import UserError

# Array name -> dtype kind and shape of one item.
_ARRAYS: dict[str, tuple[str, tuple[int, ...]]] = {
    "images": ("u", (128, 128, 3)),
    "masks": ("u", (128, 128)),
    "regions": ("u", (128, 128)),
    "keypoints": ("f", (18, 2)),
    "visible": ("b", (18,)),
    "azimuth": ("f", ()),
    "framing": ("u", ()),
    "captions": ("U", ()),
    "attributes": ("U", ()),
    "background": ("u", ()),
}
# Where the file has them: sets of versions 2 and 3 do not.
_LATER: dict[str, tuple[str, tuple[int, ...]]] = {
    "depth": ("u", (128, 128)),
    "fov": ("f", ()),
    "surface": ("u", (128, 128, 3)),
}


@dataclass(frozen=True)
class Shard:
    """The arrays of one shard; ``captions2`` repeats ``captions`` where the file has none."""

    images: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    regions: NDArray[np.uint8]
    keypoints: NDArray[np.float32]
    visible: NDArray[np.bool_]
    azimuth: NDArray[np.float32]
    framing: NDArray[np.uint8]
    captions: np.ndarray
    attributes: np.ndarray
    background: NDArray[np.uint8]
    captions2: np.ndarray
    depth: NDArray[np.uint16]
    """All 0 where the file has none."""
    fov: NDArray[np.float32]
    surface: NDArray[np.uint8]
    """All 0 where the file has none."""

    def __len__(self) -> int:
        return len(self.images)

    def take(self, rows: np.ndarray) -> "Shard":
        """Some of the items."""
        return Shard(**{name: getattr(self, name)[rows] for name in Shard.__annotations__})


def list_shards(dataset: Path) -> list[Path]:
    """The shards of a dataset in order.

    Raises:
        UserError: there are none.
    """
    shards = sorted(Path(dataset).glob("shard_*.npz"))
    if not shards:
        raise UserError(
            f"{dataset} holds no shard_*.npz: make it with `gaussianmotion synthesis dataset`"
        )
    return shards


def load_shard(path: Path) -> Shard:
    """Read and check one shard.

    Raises:
        UserError: the file is damaged, or an array is missing or of another shape.
    """
    arrays = _read(path, set(Shard.__annotations__))
    count = len(arrays["images"]) if "images" in arrays else 0
    expected = _ARRAYS | {name: kind for name, kind in _LATER.items() if name in arrays}
    for name, (kind, shape) in expected.items():
        array = arrays.get(name)
        if array is None or array.dtype.kind != kind or array.shape != (count, *shape):
            found = "missing" if array is None else f"{array.dtype} {array.shape}"
            raise UserError(
                f"{path}: array {name} is {found}, not {(count, *shape)}: "
                "delete the file and render again"
            )
    arrays.setdefault("captions2", arrays["captions"])
    arrays.setdefault("depth", np.zeros((count, 128, 128), np.uint16))
    arrays.setdefault("fov", np.full(count, 50.0, np.float32))
    arrays.setdefault("surface", np.zeros((count, 128, 128, 3), np.uint8))
    return Shard(**arrays)


@dataclass(frozen=True)
class Facts:
    """What a shard says of its items, without their pictures."""

    captions: np.ndarray
    captions2: np.ndarray
    framing: NDArray[np.uint8]


def load_facts(path: Path) -> Facts:
    """Captions and framings of one shard.

    Raises:
        UserError: the file is damaged or lacks them.
    """
    arrays = _read(path, set(Facts.__annotations__))
    arrays.setdefault("captions2", arrays.get("captions"))
    if len(arrays) < 3 or arrays["captions"] is None:
        raise UserError(f"{path} has no captions or framings: delete it and render again")
    return Facts(**arrays)


def load_captions(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The two wordings of the captions of one shard, without reading its images.

    Raises:
        UserError: the file is damaged or has no captions.
    """
    arrays = _read(path, {"captions", "captions2"})
    if "captions" not in arrays:
        raise UserError(f"{path} has no captions: delete it and render again")
    return arrays["captions"], arrays.get("captions2", arrays["captions"])


def _read(path: Path, names: set[str]) -> dict[str, Any]:
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files if name in names}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} is damaged: delete it and render again") from error


def load_shards(dataset: Path, limit: int | None = None) -> Shard:
    """Read the shards of a dataset as one, at most ``limit`` items."""
    shards: list[Shard] = []
    for path in list_shards(dataset):
        shards.append(load_shard(path))
        if limit is not None and sum(map(len, shards)) >= limit:
            break
    names = list(Shard.__annotations__)
    return Shard(**{n: np.concatenate([getattr(s, n) for s in shards])[:limit] for n in names})


def read_palette(dataset: Path) -> dict[str, tuple[int, int, int]]:
    """Colour name -> RGB 0..255 of the garments, from ``dataset.json``.

    Raises:
        UserError: the file is missing or has no palette.
    """
    path = Path(dataset) / "dataset.json"
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return {name: (int(r), int(g), int(b)) for name, (r, g, b) in data["palette"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} has no readable palette: render the dataset again") from error
