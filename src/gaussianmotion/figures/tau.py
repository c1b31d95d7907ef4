"""Figure 6: the timestep below which the classifier score stands alone, a column for each tau."""

from gaussianmotion.figures.crops import content_box
from gaussianmotion.figures.grid import VARIANTS, Row
from gaussianmotion.figures.page import Page
from gaussianmotion.figures.scene import (
    EMPTY_HEIGHT,
    GAP,
    MARGIN,
    FigureScene,
    cell,
    headings,
    prompt_below,
)
from gaussianmotion.pipeline.grid import main_variant

TITLE = "Figure 6. Adaptive score distillation: the effect of τ"


def draw_tau(page: Page, scene: FigureScene) -> str:
    """Front views, prompts down and tau across; returns the caption."""
    rows = scene.rows("fig6")
    pictures = [[scene.front(run) for run in row.runs] for row in rows]
    box = content_box([p for row in pictures for p in row if p is not None])
    variants = VARIANTS["fig6"]
    width = (page.width - 2 * MARGIN - (len(variants) - 1) * GAP) / len(variants)
    shown = any(picture is not None for row in pictures for picture in row)
    height = width / box.aspect if shown else EMPTY_HEIGHT
    xs = [MARGIN + place * (width + GAP) for place in range(len(variants))]
    labels = [_label(scene, name, rows, place) for place, name in enumerate(variants)]
    headings(page, [(x, width, label) for x, label in zip(xs, labels, strict=True)])
    for row, cells in zip(rows, pictures, strict=True):
        top = page.bottom + GAP / 2
        for x, picture in zip(xs, cells, strict=True):
            cell(page, x, top, width, height, None if picture is None else box.cut(picture))
        across = page.width - 2 * MARGIN
        prompt_below(page, MARGIN, top + height + 0.03, across, scene.quoted(row.prompt))
    runs = [run for row in rows for run in row.runs]
    last = scene.trained_with(runs, "score.t_max_late")
    end = f" Late in the training timesteps end at {last}: τ = {last} is the classifier score only."
    method = main_variant(scene.grid.main)
    own = scene.trained_with([r for r in scene.grid.main if r.variant == method], "score.tau")
    return (
        "Front views of avatars that differ in τ alone (eq. 6: below τ the classifier score stands "
        f"alone).{end if last else ''}{f' The method ({method}) has τ = {own}.' if own else ''}"
        f"{scene.left_out('fig6', len(scene.grid.ablation_prompts))} "
        f"{scene.made_of(rows, views=True)}"
    )


def _label(scene: FigureScene, variant: str, rows: list[Row], place: int) -> str:
    """What a column's avatars were trained with; the variant's name where there are none."""
    tau = scene.trained_with([row.runs[place] for row in rows], "score.tau")
    return f"τ = {tau}" if tau else variant
