"""Whether another system's video is one that every browser plays: the user study shows it."""

import re
import subprocess
from pathlib import Path

import imageio_ffmpeg

# What browsers play in .mp4, by ffmpeg's names.
CODECS = ("h264", "av1", "vp9")
# How ffmpeg describes a film: "Stream #0:0(und): Video: h264 (High) (avc1), yuv420p(tv), ...".
_STREAM = re.compile(r"Stream #\S+ Video: (\w+)[^,]*(?:\([^)]*\)[^,]*)*, (\w+)")


def unplayable(path: Path) -> str | None:
    """What is wrong with a video and what to do, or nothing."""
    again = "encode it again, as H.264, or remove it"
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", str(path)]
    # Decodes one picture of it.
    done = subprocess.run(
        [*ffmpeg, "-frames:v", "1", "-f", "null", "-"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    stream = _STREAM.search(done.stderr)
    if done.returncode != 0 or stream is None or not re.search(r"frame= *[1-9]", done.stderr):
        return f"{path} is no video, or is cut short: {again}"
    codec, colours = stream.groups()
    if codec not in CODECS:
        return f"{path} is {codec}, which browsers do not play: {again}"
    if codec == "h264" and colours != "yuv420p":
        return f"{path} has the colours {colours}, which some browsers do not play: {again}"
    return None
