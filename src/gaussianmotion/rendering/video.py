"""H.264 videos that every player and browser opens.

Frames are streamed into the ffmpeg that the package imageio-ffmpeg carries, so a video never sits
in memory and no ffmpeg has to be installed. The file appears whole or not at all.
"""

import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.runtime.errors import UserError


@dataclass(frozen=True)
class VideoFacts:
    """What a video file holds: number of frames, size in pixels, frames per second."""

    frames: int
    width: int
    height: int
    fps: float


# Tags of the encoder's own options are lost to those of the frames that filters hand on.
SRGB = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709"
#: Constant rate factors of H.264: of results, and of small copies on pages.
FINE, PLAIN = 17, 30


def write_video(
    path: Path, frames: Iterable[UInt8[ndarray, "H W 3"]], fps: float, quality: int = FINE
) -> VideoFacts:
    """Encode RGB frames of one size as .mp4.

    yuv420p halves the colour planes, so odd sizes are padded by one repeated column or row.

    Args:
        path: The .mp4 to write or to replace.
        frames: Images, consumed one by one.
        fps: Frames per second.
        quality: Constant rate factor; more is smaller and coarser.

    Raises:
        UserError: the disk is full or the folder cannot be written.
        ValueError: there is no frame, or the sizes differ.
    """
    stream = iter(frames)
    first = _even(next(stream, None))
    height, width, _ = first.shape
    count = 0
    with atomic_path(path) as temporary, tempfile.TemporaryFile() as messages:
        process = subprocess.Popen(
            [*_encoder(width, height, fps, quality), str(temporary)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=messages,
        )
        assert process.stdin is not None
        try:
            frame = first
            while True:
                if frame.shape != first.shape:
                    raise ValueError(f"frame {count} is {frame.shape}, the first is {first.shape}")
                process.stdin.write(np.ascontiguousarray(frame).data)
                count += 1
                following = next(stream, None)
                if following is None:
                    break
                frame = _even(following)
            process.stdin.close()
            process.wait()
        except BrokenPipeError:
            process.wait()
        finally:
            if process.poll() is None:  # the caller's frames failed, or Ctrl-C
                process.kill()
                process.wait()
            if not process.stdin.closed:
                _close_quietly(process)
        if process.returncode != 0:
            _explain(path, messages)
    return VideoFacts(frames=count, width=width, height=height, fps=float(fps))


def read_frames(path: Path, indices: Sequence[int]) -> list[UInt8[ndarray, "H W 3"]]:
    """Single frames of a video, in the order asked for.

    Args:
        path: A video file.
        indices: Frame numbers, 0 first, negative from the end.

    Raises:
        UserError: the file is missing, truncated or not a video, or too short.
    """
    frames = list(decode(path))
    try:
        return [frames[index] for index in indices]
    except IndexError:
        raise UserError(
            f"{path} has {len(frames)} frames, {max(indices)} is asked for: render it again"
        ) from None


def decode(path: Path, height: int | None = None) -> Iterator[UInt8[ndarray, "H W 3"]]:
    """All frames of a video as RGB images.

    Args:
        path: A video file.
        height: Pixels to which frames are scaled; as they are where not given.

    Raises:
        UserError: the file is missing, truncated or not a video.
    """
    if not Path(path).is_file():
        raise UserError(f"{path} is missing: render it first")
    # Portable pixmaps carry their own size, so the stream needs no other description.
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        *("-loglevel", "error", "-i", str(path)),
        *(() if height is None else ("-vf", f"scale=-2:{height}:flags=area")),
        *("-f", "image2pipe", "-c:v", "ppm", "-pix_fmt", "rgb24", "-"),
    ]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        count = 0
        try:
            while process.stdout.readline() == b"P6\n":
                width, height = map(int, process.stdout.readline().split())
                process.stdout.readline()  # the largest value, 255
                data = process.stdout.read(3 * width * height)
                if len(data) < 3 * width * height:
                    break
                count += 1
                yield np.frombuffer(data, np.uint8).reshape(height, width, 3)
        finally:
            process.kill()  # where the caller wants no more frames
    if count == 0:
        raise UserError(f"{path} is not a video, or is truncated: render it again")


def _encoder(width: int, height: int, fps: float, quality: int) -> list[str]:
    """ffmpeg's command line for raw RGB on standard input, without the output file."""
    return [
        imageio_ffmpeg.get_ffmpeg_exe(),
        *("-y", "-loglevel", "error"),
        *("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", f"{fps:g}"),
        *("-i", "-", "-an"),
        # Said explicitly, and whole, since players guess the colours of what is not by its size:
        # Chromium takes the matrix of small videos for BT.601's where primaries are not said.
        *(
            "-vf",
            f"scale=in_range=full:out_range=tv:out_color_matrix=bt709:flags=accurate_rnd,{SRGB}",
        ),
        *("-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", str(quality), "-preset", "medium"),
        # The index comes first (browsers start at once) and the same frames give the same bytes.
        *("-movflags", "+faststart", "-map_metadata", "-1"),
        *("-fflags", "+bitexact", "-flags:v", "+bitexact"),
    ]


def _even(frame: ndarray | None) -> ndarray:
    if frame is None:
        raise ValueError("a video needs at least one frame")
    height, width, _ = frame.shape
    if height % 2 or width % 2:
        frame = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return frame


def _close_quietly(process: "subprocess.Popen[bytes]") -> None:
    """Closing flushes, which fails when the encoder is gone."""
    assert process.stdin is not None
    try:
        process.stdin.close()
    except BrokenPipeError:
        return


def _explain(path: Path, messages) -> None:
    messages.seek(0)
    text = messages.read().decode(errors="replace").strip()
    if "No space left" in text:
        raise UserError(f"no space left on disk while writing {path}: free some, then rerun")
    raise RuntimeError(f"ffmpeg failed on {path}: {text[-500:]}")
