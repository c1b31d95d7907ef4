"""Captions: fonts that are there on every machine, and text that fits whatever a user wrote.

No font has the letters of all scripts, and the ones that have many are large. What the font that
matplotlib carries lacks is drawn with one of this computer's, if it has one; where it has none, the
caption says something else, never a row of empty boxes.
"""

import functools
import importlib.util
import unicodedata
from pathlib import Path

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
    return ImageFont.truetype(str(_fonts() / name), size)


@functools.cache
def _fonts() -> Path:
    """The folder of matplotlib's fonts, found without the half second that importing it takes."""
    found = importlib.util.find_spec("matplotlib")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "mpl-data/fonts/ttf"


def legible(text: str, instead: str, size: int, bold: bool = False) -> tuple[str, FreeTypeFont]:
    """What can be drawn of a text, and the font to draw it with.

    Symbols that the font lacks are named ("a red dress 👗" becomes "a red dress [dress]").

    Args:
        text: Of the user's.
        instead: Drawn where this computer has no font with all of the text's letters.
        size: Pixels.
        bold: Heavy strokes, where there is a choice.
    """
    face, shown = font(size, bold), tidy(text)
    if not shown.isascii() and not _letters(str(face.path)).issuperset(map(ord, shown)):
        shown = "".join(_named(c, _letters(str(face.path))) for c in shown)
        other = _font_with(frozenset(shown), bold)
        if other is None:
            return tidy(instead), face
        face = face if other == str(face.path) else ImageFont.truetype(other, size)
    return shown, face


def _named(letter: str, known: frozenset[int]) -> str:
    kind = unicodedata.category(letter)
    if "\ufe00" <= letter <= "\ufe0f" or (kind == "Sk" and ord(letter) > 0xFFFF):
        return ""  # how the symbol before it is to look
    if kind != "So" or ord(letter) in known:
        return letter
    return f"[{unicodedata.name(letter, 'symbol').lower()}]"


@functools.cache
def _font_with(letters: frozenset[str], bold: bool) -> str | None:
    """Path of a font that has all of some letters: our own, else one of this computer's."""
    from matplotlib.font_manager import findSystemFonts  # lists all fonts when it is imported

    wanted = {ord(letter) for letter in letters}
    installed = sorted(findSystemFonts(), key=lambda path: _strangeness(path, bold))
    return next((p for p in (str(font(8, bold).path), *installed) if _letters(p) >= wanted), None)


def _strangeness(path: str, bold: bool) -> tuple[int, str]:
    """Sorts fonts: upright, of the wanted weight and without serifs first."""
    name = Path(path).stem.lower()
    odd = ["italic", "oblique", "serif", "mono", "condensed", "light", "thin", "black"]
    odd += [] if bold else ["bold"]
    wrong = sum(word in name for word in odd) + ("sans" not in name) + (bold and "bold" not in name)
    return wrong, path


@functools.cache
def _letters(path: str) -> frozenset[int]:
    """The letters of a font; none of one that has only boxes, or few sizes, as colour emoji."""
    from matplotlib.ft2font import FT2Font

    if "lastresort" in path.lower():
        return frozenset()
    try:
        known = frozenset(FT2Font(path).get_charmap())
        ImageFont.truetype(path, 17)
    except (OSError, RuntimeError):
        return frozenset()
    return known


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
