"""What lies in a run's folder of an earlier avatar: numbers, videos, files for other programs.

A training that is made again replaces the avatar, and the workflow makes again what it is asked
for. A video of a motion or a score that nobody asks for any more would stay, and be shown and
logged as the new avatar's.
"""

from collections.abc import Iterator
from pathlib import Path

from gaussianmotion.records.picture_records import MotionRecord, ViewsRecord
from gaussianmotion.records.record import found_json
from gaussianmotion.records.run_folder import (
    AVATAR,
    EXPORTS,
    FRONT,
    VIEWS,
    RunFolder,
    record_beside,
)
from gaussianmotion.runtime.digest import file_sha256

# Of a digest, as records beside pictures have it.
_SHORT = 16


def remove_earlier(run: RunFolder) -> list[Path]:
    """Remove what says that it is of another avatar than the one that is there; returns it.

    Still pictures, the turntable and the sheet stay until they are drawn again.

    Args:
        run: Whose avatar has just been written.
    """
    found = list(_earlier(run, file_sha256(run.avatar)))
    for path in found:
        path.unlink(missing_ok=True)
    return found


def _earlier(run: RunFolder, digest: str) -> Iterator[Path]:
    views = ViewsRecord.find(run.views_record)
    replaced = views is not None and views.avatar_sha256 != digest[:_SHORT]
    for path in run.scores:
        inputs = found_json(path).get("inputs")
        names = inputs if isinstance(inputs, dict) else {}
        if names.get(AVATAR, digest) != digest or (replaced and any(map(_is_still, names))):
            yield path
    for video in run.videos:
        record = MotionRecord.find(record_beside(video))
        if record is not None and record.avatar_sha256 != digest[:_SHORT]:
            yield from (video, record_beside(video))
    if replaced:
        yield from (path for path in map(run.path.joinpath, EXPORTS.values()) if path.is_file())


def _is_still(name: str) -> bool:
    return name == FRONT or name.startswith(f"{VIEWS}/")
