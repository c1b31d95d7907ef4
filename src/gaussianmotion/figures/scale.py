"""Figure 7: three thresholds of pruning by scale, and the scale loss, with close-ups."""

from gaussianmotion.figures.crops import Box, Picture, content_box
from gaussianmotion.figures.page import QUIET, Page
from gaussianmotion.figures.provenance import count
from gaussianmotion.figures.scene import (
    EMPTY_HEIGHT,
    GAP,
    MARGIN,
    FigureScene,
    cell,
    headings,
    prompt_below,
)
from gaussianmotion.pipeline.grid import Run
from gaussianmotion.records.run_record import known_run

TITLE = "Figure 7. Scale regularisation against pruning by scale"
# Of each column: its heading, and the threshold as its variant is called.
_COLUMNS = (
    ("(a) pruned above {} m", "0.1"),
    ("(b) pruned above {} m", "0.02"),
    ("(c) pruned above {} m", "0.01"),
    ("(d) {} m and the scale loss", "0.1"),
)
# What is said of the rows of `coarse_` variants.
_LARGE = " (fewer Gaussians, which come to be large)"
_FRAME = "#d4532b"
# The close-up: from the top of the head down, share of the person's height, and its width.
_DEPTH, _WIDTH = 0.3, 0.24
_SHARPER = 3  # close-ups are rendered at so many times the size of the views


def draw_scale(page: Page, scene: FigureScene) -> str:
    """A front view and a close-up of each variant; returns the caption."""
    rows = scene.rows("fig7")
    studios = [[scene.studio(run) for run in row.runs] for row in rows]
    pictures = [
        [studio.still(0.0, _SHARPER) if studio else None for studio in row] for row in studios
    ]
    width = (page.width - 2 * MARGIN - 3 * GAP) / 4
    xs = [MARGIN + place * (width + GAP) for place in range(4)]
    columns = list(zip(*(row.runs for row in rows), strict=True)) or [()] * len(xs)
    headings(
        page,
        [
            (x, width, label.format(scene.trained_with(runs, "density.prune_scale") or named))
            for x, (label, named), runs in zip(xs, _COLUMNS, columns, strict=True)
        ],
        7.0,
    )
    threshold = scene.trained_with(columns[-1], "loss.scale_threshold")
    for row, cells in zip(rows, pictures, strict=True):
        box = content_box([picture for picture in cells if picture is not None])
        close = _close_up(box)
        # Both parts of a cell are as high as each other.
        shown = any(picture is not None for picture in cells)
        height = width / (box.aspect + close.aspect) if shown else EMPTY_HEIGHT
        top = page.bottom + GAP / 2
        for x, run, picture in zip(xs, row.runs, cells, strict=True):
            _cell(page, x, top, width, height, picture, box, close)
            if picture is not None and run is not None:
                page.text(x, top + height + 0.02, _splats(scene, run), width, 6.0, 1, QUIET)
        below = page.bottom + 0.03
        text = f"{scene.quoted(row.prompt)}{_LARGE if row.also else ''}"
        prompt_below(page, MARGIN, below, page.width - 2 * MARGIN, text)
    return (
        "Front views, and the framed part larger, rendered at three times the size. (a) to (c): "
        "Gaussians whose largest axis exceeds a threshold are removed, without the scale loss; "
        f"(d): with the scale loss (eq. 7{f', r = {threshold} m' if threshold else ''})."
        f"{scene.left_out('fig7', len(scene.grid.ablation_prompts))} {scene.made_of(rows)}"
    )


def _cell(
    page: Page,
    x: float,
    y: float,
    width: float,
    height: float,
    picture: Picture | None,
    box: Box,
    close: Box,
) -> None:
    if picture is None:
        cell(page, x, y, width, height, None)
        return
    whole = height * box.aspect
    cell(page, x, y, whole, height, box.cut(picture))
    # Shares of the picture to inches of the page.
    scale = height / (box.bottom - box.top)
    page.box(
        x + (close.left - box.left) * scale,
        y + (close.top - box.top) * scale,
        (close.right - close.left) * scale,
        (close.bottom - close.top) * scale,
        edge=_FRAME,
        weight=0.7,
    )
    inset = height * close.aspect
    cell(page, x + whole, y, inset, height, close.cut(picture))
    page.box(x + whole, y, inset, height, edge=_FRAME, weight=0.7)


def _close_up(box: Box) -> Box:
    """Head and chest, in the middle of the person."""
    tall, middle = box.bottom - box.top, 0.5 * (box.left + box.right)
    return Box(
        box.top, box.top + _DEPTH * tall, middle - 0.5 * _WIDTH * tall, middle + 0.5 * _WIDTH * tall
    )


def _splats(scene: FigureScene, run: Run) -> str:
    gaussians = known_run(run.below(scene.root).path).gaussians
    return "" if gaussians is None else count(gaussians, "Gaussian")
