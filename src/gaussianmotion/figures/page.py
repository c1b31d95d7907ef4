"""A page of pictures and text at exact places, as PNG and as PDF with text that can be searched.

Everything is placed in inches from the top left corner, and the page grows as long as needed, so
nothing can overlap that was not placed so. Prompts are the users' own: they are measured, wrapped
and printed literally (a dollar sign is no formula).
"""

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import matplotlib
import numpy as np
from jaxtyping import UInt8
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from numpy import ndarray
from PIL import Image

from gaussianmotion.figures.provenance import CAPTION_TOP
from gaussianmotion.rendering.typography import font, tidy, wrap
from gaussianmotion.runtime.atomic import atomic_path

INK, QUIET, RULE, EMPTY = "#1c1e22", "#6a6f78", "#d9dce1", "#f4f5f7"
DPI = 300
# Distance of two base lines, and of the first one from the top, over the size of the letters.
LEADING, ASCENT = 1.28, 0.93
_MEASURE = 100  # pixels at which text is measured
_SAFETY = 0.985  # share of a column that lines may fill: renderers differ a little
_STYLE: Any = {"pdf.fonttype": 42, "font.family": "DejaVu Sans", "text.hinting": "no_hinting"}
Align = Literal["left", "center"]
Picture = UInt8[ndarray, "H W 3"]


@dataclass
class Page:
    """What is placed so far.

    Attributes:
        width: Inches.
        bottom: Inches from the top to the end of the lowest thing placed.
        caption_top: Inches from the top to where title and caption begin; None without them.
    """

    width: float
    bottom: float = 0.0
    caption_top: float | None = None
    _pictures: list[tuple[float, float, float, float, Picture]] = field(default_factory=list)
    _texts: list[tuple[float, float, str, float, str, bool, Align]] = field(default_factory=list)
    _boxes: list[tuple[float, float, float, float, str | None, str, float]] = field(
        default_factory=list
    )
    _rules: list[tuple[float, float, float]] = field(default_factory=list)

    def picture(self, x: float, y: float, width: float, height: float, picture: Picture) -> None:
        """A picture, scaled to fit into the box and centred in it."""
        scale = min(width / picture.shape[1], height / picture.shape[0])
        w, h = picture.shape[1] * scale, picture.shape[0] * scale
        self._pictures.append((x + (width - w) / 2, y + (height - h) / 2, w, h, picture))
        self._reach(y + height)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        width: float,
        size: float = 7.0,
        lines: int = 3,
        colour: str = INK,
        bold: bool = False,
        align: Align = "center",
    ) -> float:
        """Wrapped text in a column from ``x``; returns its height in inches.

        Args:
            width: Of the column, inches; with ``center`` lines are centred in it.
            size: Of the letters, points.
            lines: What does not fit into so many ends in an ellipsis.
        """
        wrapped = wrapped_lines(text, width, size, lines, bold)
        if align == "center" and len(wrapped) > 1:
            wrapped = _balanced(text, width, size, lines, bold)
        for number, line in enumerate(wrapped):
            base = y + (ASCENT + number * LEADING) * size / 72
            place = x + width / 2 if align == "center" else x
            self._texts.append((place, base, line, size, colour, bold, align))
        height = len(wrapped) * LEADING * size / 72
        self._reach(y + height)
        return height

    def empty(self, x: float, y: float, width: float, height: float, message: str) -> None:
        """A cell without a picture, which says why."""
        self.box(x, y, width, height, fill=EMPTY, edge=RULE)
        lines = wrapped_lines(message, width - 0.1, 6.5, 4)
        top = y + (height - len(lines) * LEADING * 6.5 / 72) / 2
        self.text(x + 0.05, top, message, width - 0.1, 6.5, 4, QUIET)
        self._reach(y + height)

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: str | None = None,
        edge: str = INK,
        weight: float = 0.6,
    ) -> None:
        """A rectangle, drawn above pictures where it is not filled."""
        self._boxes.append((x, y, width, height, fill, edge, weight))
        self._reach(y + height)

    def rule(self, x: float, y: float, width: float) -> None:
        """A thin horizontal line."""
        self._rules.append((x, y, width))
        self._reach(y)

    def save(self, stem: Path, title: str, description: str) -> None:
        """Write ``stem``.png and ``stem``.pdf; both carry title and description as metadata.

        Raises:
            UserError: the disk is full or the folder cannot be written.
        """
        with matplotlib.rc_context(_STYLE):
            figure = self._figure()
            top = {} if self.caption_top is None else {CAPTION_TOP: f"{self.caption_top * DPI:.0f}"}
            # No dates: the same results give the same files.
            for suffix, facts in (
                (".png", {"Title": title, "Description": description, "Software": None, **top}),
                (".pdf", {"Title": title, "Subject": description, "CreationDate": None}),
            ):
                with atomic_path(stem.with_name(stem.name + suffix)) as temporary:
                    figure.savefig(temporary, dpi=DPI, metadata=facts, facecolor="white")

    def _reach(self, bottom: float) -> None:
        self.bottom = max(self.bottom, bottom)

    def _figure(self) -> Figure:
        height = self.bottom
        figure = Figure(figsize=(self.width, height), dpi=DPI)
        FigureCanvasAgg(figure)

        def up(y: float) -> float:
            return 1.0 - y / height

        for x, y, w, h, picture in self._pictures:
            # On whole pixels of the page, at its resolution: nothing is resampled twice.
            left, top = round(x * DPI), round(y * DPI)
            size = (max(1, round(w * DPI)), max(1, round(h * DPI)))
            scaled = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
            x, y, w, h = left / DPI, top / DPI, size[0] / DPI, size[1] / DPI
            axes = figure.add_axes((x / self.width, up(y + h), w / self.width, h / height))
            axes.imshow(scaled, interpolation="none", aspect="auto")
            axes.set_axis_off()
        for x, y, w, h, fill, edge, weight in self._boxes:
            figure.add_artist(
                Rectangle(
                    (x / self.width, up(y + h)),
                    w / self.width,
                    h / height,
                    facecolor=fill or "none",
                    edgecolor=edge,
                    linewidth=weight,
                    zorder=0 if fill else 5,
                )
            )
        for x, y, w in self._rules:
            span = (x / self.width, (x + w) / self.width)
            figure.add_artist(Line2D(span, (up(y), up(y)), color=RULE, linewidth=0.6))
        for x, y, text, points, colour, bold, align in self._texts:
            figure.text(
                x / self.width,
                up(y),
                text,
                fontsize=points,
                color=colour,
                fontweight="bold" if bold else "normal",
                ha=align,
                va="baseline",
                parse_math=False,
            )
        return figure


def wrapped_lines(
    text: str, width: float, size: float, lines: int, bold: bool = False
) -> list[str]:
    """Text broken into lines of at most ``width`` inches in letters of ``size`` points."""
    usable = _SAFETY * width * 72 / size * _MEASURE
    return wrap(drawable(text), font(_MEASURE, bold), usable, lines)


def _balanced(text: str, width: float, size: float, lines: int, bold: bool) -> list[str]:
    """The same number of lines, about equally long: no lonely last word."""
    best = wrapped_lines(text, width, size, lines, bold)
    for share in (0.9, 0.8, 0.7, 0.6, 0.5):
        narrower = wrapped_lines(text, share * width, size, lines, bold)
        if len(narrower) > len(best) or narrower[-1].endswith("…") > best[-1].endswith("…"):
            break
        best = narrower
    return best


def drawable(text: str) -> str:
    """The text with letters that the font lacks (CJK, emoji) as replacement characters."""
    known = _letters()
    return "".join(c if ord(c) in known else "\N{REPLACEMENT CHARACTER}" for c in tidy(text))


def is_drawable(text: str) -> bool:
    """Whether the font has all letters of a text."""
    return all(ord(c) in _letters() for c in tidy(text))


@functools.cache
def _letters() -> frozenset[int]:
    return frozenset(FT2Font(str(font(_MEASURE).path)).get_charmap())
