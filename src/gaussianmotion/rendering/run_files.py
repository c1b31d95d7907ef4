"""What rendering left in a run's folder, read back."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from gaussianmotion.records.picture_records import MotionRecord, ViewsRecord
from gaussianmotion.records.run_folder import RunFolder, record_beside
from gaussianmotion.rendering.video import read_frames
from gaussianmotion.runtime.pictures import read_picture

# First in a sheet, where they are there.
PREFERRED = ("walk", "run", "dance", "kick", "jump")


@dataclass(frozen=True)
class RunPictures:
    """The pictures of one avatar.

    Attributes:
        folder: Where they are.
        record: Of the still pictures.
        motions: Those of the animations, the preferred motions first.
    """

    folder: RunFolder
    record: ViewsRecord
    motions: tuple[MotionRecord, ...]

    @property
    def prompt(self) -> str:
        """The text that the avatar was made from."""
        return self.record.prompt

    def still(self, azimuth: float) -> UInt8[ndarray, "H W 3"]:
        """The view nearest to an azimuth in degrees; the front's own picture for 0."""
        if azimuth == 0.0:
            return read_image(self.folder.path / self.record.front.file)
        nearest = min(
            self.record.views,
            key=lambda view: abs((view.azimuth - azimuth + 180.0) % 360.0 - 180.0),
        )
        return read_image(self.folder.path / nearest.file)

    def frames(self, motion: MotionRecord, count: int) -> list[UInt8[ndarray, "H W 3"]]:
        """``count`` frames, evenly spaced over the motion (over one cycle of a cyclic one)."""
        length = motion.frames // max(1, motion.cycles)
        # Of a cycle, the point after the last frame is the first one again.
        steps = np.arange(count) / count if motion.cycles else (np.arange(count) + 0.5) / count
        indices = [min(length - 1, int(step * length)) for step in steps]
        return read_frames(self.folder.video(Path(motion.file).stem), indices)


def read_run(folder: Path, motions: Sequence[str] | None = None) -> RunPictures:
    """Find a run's pictures by the records beside them.

    Args:
        folder: Of the run.
        motions: Names of the videos that belong to it, in any order: a clip that is no longer
            configured may still lie there. All where not given.

    Raises:
        UserError: the views are not there, or a record is damaged.
    """
    run = RunFolder(folder)
    record = ViewsRecord.read(run.views_record)
    found = [
        MotionRecord.read(record_beside(video))
        for video in run.videos
        if record_beside(video).is_file() and (motions is None or video.stem in motions)
    ]
    order = {name: place for place, name in enumerate(PREFERRED)}
    found.sort(key=lambda motion: (order.get(motion.motion, len(order)), motion.motion))
    return RunPictures(run, record, tuple(found))


def read_image(path: Path) -> UInt8[ndarray, "H W 3"]:
    """A picture as RGB.

    Raises:
        UserError: it is missing or damaged.
    """
    return np.asarray(read_picture(path, "run `gaussianmotion views` again"))
