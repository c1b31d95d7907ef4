"""Pictures and videos inside the page, within a budget of bytes."""

import base64
import io
import mimetypes
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from gaussianmotion.figures.provenance import CAPTION_TOP
from gaussianmotion.runtime.errors import UserError

# Bytes of all contact sheets of runs, and of all videos. Base64 adds a third.
SHEETS_BUDGET, VIDEOS_BUDGET, VIDEO_LIMIT = 11_000_000, 5_000_000, 400_000
SHEET_WIDTHS = (1200, 1000, 840, 700, 560)
FIGURE_WIDTH, OVERVIEW_WIDTH, SMALL_WIDTH, POSTER_WIDTH = 1500, 1500, 480, 320
TALLEST = 16_383  # pixels that a WebP can have
_LEGIBLE = 900  # pixels of an overview's width; its rows hold text


@dataclass(frozen=True)
class Inlined:
    """A picture as a data URI, with its size in pixels."""

    uri: str
    width: int
    height: int


def picture(path: Path, width: int, quality: int = 82) -> Inlined:
    """A picture file, at most ``width`` pixels wide and :data:`TALLEST` high, as WebP.

    Raises:
        UserError: it is damaged.
    """
    data, size = _webp(path, width, quality)
    return Inlined(_uri(data, "image/webp"), *size)


def overview(path: Path) -> Inlined | None:
    """The experiment's contact sheet; None where so many rows could not be read on a page.

    Raises:
        UserError: it is damaged.
    """
    try:
        # Pillow suspects an attack in very large pictures; this one would not fit anyway.
        with (
            warnings.catch_warnings(action="error", category=Image.DecompressionBombWarning),
            Image.open(path) as image,
        ):
            width, height = image.size
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return None
    except (OSError, ValueError, SyntaxError):
        raise _damaged(path) from None
    if min(width, OVERVIEW_WIDTH, width * TALLEST // height) < min(width, _LEGIBLE):
        return None
    return picture(path, OVERVIEW_WIDTH)


def sheet_width(sheets: list[Path]) -> int:
    """The width at which all contact sheets fit into their budget, judged by the first few."""
    some = sheets[:3]
    for width in SHEET_WIDTHS:
        each = sum(len(_webp(path, width, 78)[0]) for path in some) / max(1, len(some))
        if each * len(sheets) <= SHEETS_BUDGET:
            return width
    return SHEET_WIDTHS[-1]


def without_caption(path: Path, width: int) -> Inlined:
    """A figure's pictures only: the page says its caption in letters of the page's own size.

    Raises:
        UserError: it is damaged.
    """
    shown = _opened(path)
    top = str(shown.info.get(CAPTION_TOP, ""))
    height = min(int(top), shown.height) if top.isdigit() and int(top) else shown.height
    data, size = _encoded(shown.crop((0, 0, shown.width, height)), width, 82)
    return Inlined(_uri(data, "image/webp"), *size)


def sheet(path: Path, width: int) -> Inlined:
    """A contact sheet of :func:`sheet_width`."""
    return picture(path, width, 78)


def video(path: Path) -> str:
    """A video file as a data URI."""
    return _uri(path.read_bytes(), mimetypes.guess_type(path.name)[0] or "video/mp4")


def title_and_caption(path: Path) -> tuple[str, str]:
    """The texts that a figure's PNG carries; empty where it has none."""
    try:
        with Image.open(path) as image:
            return str(image.info.get("Title", "")), str(image.info.get("Description", ""))
    except (OSError, ValueError, SyntaxError):
        return "", ""


def _webp(path: Path, width: int, quality: int) -> tuple[bytes, tuple[int, int]]:
    return _encoded(_opened(path), width, quality)


def _opened(path: Path) -> Image.Image:
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except (OSError, ValueError, SyntaxError):
        raise _damaged(path) from None


def _encoded(shown: Image.Image, width: int, quality: int) -> tuple[bytes, tuple[int, int]]:
    scale = min(1.0, width / shown.width, TALLEST / shown.height)
    if scale < 1.0:
        size = (max(1, round(shown.width * scale)), max(1, round(shown.height * scale)))
        shown = shown.resize(size, Image.Resampling.LANCZOS)
    file = io.BytesIO()
    shown.save(file, "WEBP", quality=quality, method=2)
    return file.getvalue(), shown.size


def _damaged(path: Path) -> UserError:
    return UserError(f"{path} is damaged: delete it, it is made again")


def _uri(data: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
