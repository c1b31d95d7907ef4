"""The training set as memory maps that grow: shards are taken up as they are rendered."""

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gaussianmotion.guidance.text import MiniLMEncoder
from gaussianmotion.pose.openpose import draw_openpose
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.pictures.data import list_shards, load_captions
from gaussianmotion.synthesis.prior.caption_states import (
    Encoder,
    caption_states,
    chosen_captions,
    states_path,
)
from gaussianmotion.synthesis.prior.mapped import map_arrays
from gaussianmotion.synthesis.reporting import Report, log_line

PIXELS = 128
_ARRAYS = ("images", "regions", "keypoints", "visible", "framing", "depth", "fov", "surface")


@dataclass
class TrainingSet:
    """Shards of data version 4 with the token states of their captions.

    Attributes:
        folder: The data set.
        shards: Name -> maps of the arrays, of each shard.
        limit: Largest number of shards.
        device: Device of the tensors that it returns: the CPU.
    """

    folder: Path
    limit: int | None = None
    encoder: Callable[[], Encoder] = MiniLMEncoder
    shards: list[dict[str, Any]] = field(default_factory=list)
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    _known: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.encoder = functools.cache(self.encoder)

    def __len__(self) -> int:
        return sum(len(shard["images"]) for shard in self.shards)

    def framings(self) -> np.ndarray:
        """The framing of each item, (N,) uint8."""
        return np.concatenate([shard["framing"] for shard in self.shards])

    @property
    def expected(self) -> int:
        """Number of items once the set is whole, as its card says; else of those that are here."""
        try:
            card = json.loads((self.folder / "dataset.json").read_text(encoding="utf-8"))
            whole = int(card["count"])
        except (OSError, ValueError, TypeError, KeyError):
            whole = 0
        return max(len(self), whole)

    def take_up(self, encode: int | None = None, report: Report = log_line) -> int:
        """Map the shards that were rendered since the last call; return their number.

        Args:
            encode: Largest number of shards whose captions are encoded now, half a minute each on a
                CPU; shards whose states are there already do not count.
            report: Receives a line per shard.

        Raises:
            UserError: there is no shard at all, or one is damaged or of an earlier version.
        """
        new = [path for path in list_shards(self.folder) if path.name not in self._known]
        room = len(new) if self.limit is None else max(0, self.limit - len(self.shards))
        before, left = len(self.shards), len(new) if encode is None else encode
        for path in new[:room]:
            if not states_path(path).exists():
                if left == 0:
                    continue
                left -= 1
            arrays = map_arrays(path, _ARRAYS)
            missing = [name for name in _ARRAYS if name not in arrays]
            if missing:
                raise UserError(
                    f"{path} has no {missing[0]}: it is of data version 3 or older; render a set "
                    "of version 4 into a new folder (`gaussianmotion synthesis dataset`)"
                )
            if arrays["images"].shape[1:] != (PIXELS, PIXELS, 3):
                raise UserError(
                    f"{path}: pictures of {arrays['images'].shape[1:]}, not "
                    f"{(PIXELS, PIXELS, 3)}: delete the file and render again"
                )
            captions = chosen_captions(*load_captions(path))
            arrays["states"] = caption_states(path, captions, self.encoder)
            self.shards.append(arrays)
            self._known.add(path.name)
            report(f"{path.name}: {len(self)} pictures")
        return len(self.shards) - before

    def rows(
        self, names: tuple[str, ...], items: np.ndarray, parts: slice | None = None
    ) -> dict[str, np.ndarray]:
        """Arrays of some items by their numbers, copied out of the maps.

        Args:
            names: Names of the arrays.
            items: Numbers of the items.
            parts: Rows and columns of pictures; all where not given.
        """
        ends = np.cumsum([len(shard["images"]) for shard in self.shards])
        where = np.searchsorted(ends, items, side="right")
        starts = np.concatenate([[0], ends[:-1]])
        window = (...,) if parts is None else (parts, parts)
        return {
            name: np.stack(
                [
                    self.shards[shard][name][item - starts[shard]][window]
                    for shard, item in zip(where, items, strict=True)
                ]
            )
            for name in names
        }

    def tensors(
        self, names: tuple[str, ...], items: np.ndarray, parts: slice | None = None
    ) -> dict[str, Tensor]:
        """The same as tensors on the CPU."""
        return {name: as_tensor(array) for name, array in self.rows(names, items, parts).items()}

    def skeletons(
        self,
        items: np.ndarray,
        flip: Bool[Tensor, " B"],
        keypoints: Float[Tensor, "B 18 2"],
        visible: Bool[Tensor, "B 18"],
        size: int,
    ) -> Float[Tensor, "B 3 P P"]:
        """The OpenPose pictures of the keypoints, drawn now."""
        return draw_openpose(keypoints, visible, size, size)


def as_tensor(array: np.ndarray) -> Tensor:
    """A copy as a tensor, in a type that a GPU can pick rows of: depth (uint16) as int32."""
    return torch.from_numpy(array.astype(np.int32) if array.dtype == np.uint16 else np.array(array))
