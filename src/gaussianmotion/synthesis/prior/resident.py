"""The training set in the memory of a GPU, so that no step waits for a CPU that draws its batch.

An item takes 240 kB: its picture, its surface map, its skeleton as it is and mirrored, its regions
and its caption's states. A thread takes up the shards as they are rendered.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from gaussianmotion.pose.openpose import draw_openpose
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.prior.batches import mirrored
from gaussianmotion.synthesis.prior.shards import PIXELS, TrainingSet, as_tensor
from gaussianmotion.synthesis.reporting import Report, log_line

_COPIED = ("images", "surface", "regions", "keypoints", "visible", "depth", "fov", "states")
#: Share of a GPU's free memory that items may fill; the training needs the rest.
_SHARE = 0.5
#: Seconds between two looks for new shards.
_LOOK_EVERY = 1.0


class ResidentSet:
    """Items of a training set on a device.

    Attributes:
        source: Maps the shards and encodes their captions.
        device: Where the items are kept.
        failed: Why the thread that follows the shards ended early; None where it did not.
    """

    def __init__(self, source: TrainingSet, device: torch.device, normals: bool = False) -> None:
        """Hold nothing yet.

        Args:
            source: Training set that maps the shards and encodes their captions.
            device: Device that keeps the items.
            normals: Whether the depth maps are kept, too, from which normals are computed.
        """
        self.source, self.device = source, device
        self._names = tuple(n for n in _COPIED if normals or n not in ("depth", "fov"))
        self._kept: dict[str, Tensor] = {}
        self._shards = self._count = 0
        self._capacity = 0
        self._framings = np.zeros(0, np.uint8)
        self.failed: BaseException | None = None

    def __len__(self) -> int:
        return self._count

    @property
    def full(self) -> bool:
        """Whether there is no room for more."""
        return 0 < self._capacity <= self._count

    def take_up(self, encode: int | None = None, report: Report = log_line) -> int:
        """Copy the shards that were rendered since the last call; return their number.

        Args:
            encode: Largest number of shards to take whose captions are not encoded yet.
            report: Receives a line per shard.

        Raises:
            UserError: see :meth:`TrainingSet.take_up`.
        """
        before = self._shards
        self.source.take_up(encode, report)
        while self._shards < len(self.source.shards) and not self.full:
            self._copy(self._shards)
            self._shards += 1
        return self._shards - before

    @contextmanager
    def following(self) -> Iterator[None]:
        """Take up new shards in a thread, as long as the context lasts."""
        stop = threading.Event()
        thread = threading.Thread(target=self._follow, args=(stop,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def framings(self) -> np.ndarray:
        """The framing of each item, (N,) uint8."""
        return self._framings[: self._count]

    def tensors(
        self, names: tuple[str, ...], items: np.ndarray, parts: slice | None = None
    ) -> dict[str, Tensor]:
        """Arrays of some items; ``parts`` picks the rows and columns of pictures.

        Raises:
            UserError: a shard that came since is damaged.
        """
        if self.failed is not None:
            raise self.failed
        places = self._places(items)
        window = (...,) if parts is None else (slice(None), parts, parts)
        return {name: self._kept[name][window][places] for name in names}

    def skeletons(
        self,
        items: np.ndarray,
        flip: Bool[Tensor, " B"],
        keypoints: Float[Tensor, "B 18 2"],
        visible: Bool[Tensor, "B 18"],
        size: int,
    ) -> Float[Tensor, "B 3 P P"]:
        """The OpenPose pictures, which were drawn in 256 levels when the shard was taken up."""
        drawn = self._kept["skeletons"][self._places(items), flip.long()]
        return F.avg_pool2d(drawn.float().div(255.0), PIXELS // size)

    def _places(self, items: np.ndarray) -> Tensor:
        return torch.from_numpy(items).to(self.device, non_blocking=True)

    def _follow(self, stop: threading.Event) -> None:
        stream = torch.cuda.Stream(self.device) if self.device.type == "cuda" else None
        with torch.cuda.stream(stream):
            found = 0
            while not (stop.wait(0.0 if found else _LOOK_EVERY) or self.full):
                try:
                    found = self.take_up(1, lambda text: None)
                except (UserError, OSError, RuntimeError) as error:
                    self.failed = error
                    return

    def _copy(self, shard: int) -> None:
        arrays = self.source.shards[shard]
        new = {name: as_tensor(arrays[name]) for name in self._names}
        new["skeletons"] = _both_skeletons(new["keypoints"], new["visible"])
        if not self._kept:
            self._make_room(new)
        start, stop = self._count, min(self._count + len(new["images"]), self._capacity)
        for name, values in new.items():
            self._kept[name][start:stop].copy_(values[: stop - start])
        if self.device.type == "cuda":
            torch.cuda.current_stream(self.device).synchronize()
        self._framings = np.concatenate([self._framings, arrays["framing"]])
        self._count = stop  # last of all: an item that is counted may be drawn

    def _make_room(self, like: dict[str, Tensor]) -> None:
        """Allocate room for the whole data set, or for the part that the memory can hold."""
        wanted = self.source.expected
        if self.device.type == "cuda":
            item = sum(values[0].numel() * values.element_size() for values in like.values())
            free, _ = torch.cuda.mem_get_info(self.device)
            wanted = min(wanted, int(_SHARE * free / item))
        self._capacity = max(wanted, 1)
        for name, values in like.items():
            shape = (self._capacity, *values.shape[1:])
            self._kept[name] = torch.empty(shape, dtype=values.dtype, device=self.device)


def _both_skeletons(keypoints: Float[Tensor, "B 18 2"], visible: Bool[Tensor, "B 18"]) -> Tensor:
    """Skeletons as they are and mirrored, (B, 2, 3, PIXELS, PIXELS) uint8."""
    pairs = ((keypoints, visible), mirrored(keypoints, visible))
    drawn = [draw_openpose(points, shown, PIXELS, PIXELS) for points, shown in pairs]
    return torch.stack(drawn, dim=1).mul(255.0).round().to(torch.uint8)
