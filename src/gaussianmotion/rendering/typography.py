"""Captions: fonts that are there on every machine, and text that fits whatever a user wrote."""

import functools
import unicodedata
from pathlib import Path

import matplotlib
from PIL import ImageFont
from PIL.ImageFont import FreeTypeFont

ELLIPSIS = "…"


@functools.cache
def font(size: int, bold: bool = False) -> FreeTypeFont:
    """DejaVu Sans, which matplotlib carries: Latin, Greek, Cyrillic, Arabic and more.

    Args:
        size: Pixels.
        bold: Heavy strokes.
    """
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts/ttf" / name), size)


def tidy(text: str) -> str:
    """One line of printable characters: white space collapsed, control characters dropped."""
    kept = (c if not unicodedata.category(c).startswith("C") else " " for c in text)
    return " ".join("".join(kept).split())


def wrap(text: str, face: FreeTypeFont, width: int | float, lines: int) -> list[str]:
    """Break text into at most ``lines`` lines of at most ``width`` pixels.

    Lines break between words, inside a word only where it alone is too long (or where a script has
    no spaces); what does not fit ends in an ellipsis.
    """
    wrapped: list[str] = []
    rest = tidy(text)
    while rest and len(wrapped) < lines:
        fitting = _fitting(rest, face, width)
        if fitting == len(rest):
            return [*wrapped, rest]
        if len(wrapped) == lines - 1:
            short = rest[: _fitting(rest, face, width - face.getlength(ELLIPSIS))]
            return [*wrapped, short.rstrip() + ELLIPSIS]
        space = rest.rfind(" ", 0, fitting + 1)
        cut = space if space > 0 else fitting
        wrapped.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return wrapped


def _fitting(text: str, face: FreeTypeFont, width: int | float) -> int:
    """How many characters of a text fit, at least one."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if face.getlength(text[:middle]) <= width:
            low = middle
        else:
            high = middle - 1
    return low
