"""Figure 4: avatars in motion, four poses for each prompt, beside one trained on a single pose."""

from gaussianmotion.figures.crops import Box, Picture, content_box
from gaussianmotion.figures.page import Page
from gaussianmotion.figures.posed import MotionMoment, moments
from gaussianmotion.figures.scene import GAP, MARGIN, FigureScene, cell, headings, prompt_below

TITLE = "Figure 4. Avatars in motion"
_POSES = 4


def draw_animated(page: Page, scene: FigureScene) -> str:
    """Four poses of each avatar; pairs of variants first, then prompts with one; the caption."""
    rows = scene.rows("fig4")
    shown = moments(list(scene.config.motions), _POSES)
    pictures: dict[str, list[list[Picture] | None]] = {}
    metres = [1.0] * _POSES
    for row in rows:
        studios = [scene.studio(run) for run in row.runs]
        metres = next((studio.metres(shown) for studio in studios if studio), metres)
        pictures[row.prompt] = [studio.posed(shown) if studio else None for studio in studios]
    boxes = [
        content_box([strip[i] for strips in pictures.values() for strip in strips if strip])
        for i in range(_POSES)
    ]
    sizes = [
        ((box.right - box.left) * wide, (box.bottom - box.top) * wide)
        for box, wide in zip(boxes, metres, strict=True)
    ]
    paired = [row.prompt for row in rows if pictures[row.prompt][1] is not None]
    alone = [row.prompt for row in rows if pictures[row.prompt][1] is None]
    half = (page.width - 2 * MARGIN - 3 * GAP) / 2
    places = (MARGIN, MARGIN + half + 3 * GAP)
    if paired:
        headings(
            page,
            [
                (places[0], half, "trained on many poses (ours)"),
                (places[1], half, "trained on one pose"),
            ],
        )
    for prompt in paired:
        top = page.bottom + GAP
        height = 0.0
        for x, strip in zip(places, pictures[prompt], strict=True):
            height = _strip(page, x, top, half, strip, boxes, sizes)
        width = page.width - 2 * MARGIN
        prompt_below(page, MARGIN, top + height + 0.03, width, scene.quoted(prompt))
    if paired and alone:
        page.rule(MARGIN, page.bottom + GAP, page.width - 2 * MARGIN)
    for first in range(0, len(alone), 2):
        top = page.bottom + GAP
        for x, prompt in zip(places, alone[first : first + 2], strict=False):
            if len(alone[first:]) == 1:
                x = (page.width - half) / 2
            height = _strip(page, x, top, half, pictures[prompt][0], boxes, sizes)
            prompt_below(page, x, top + height + 0.03, half, scene.quoted(prompt), 3)
    beside = (
        " Pairs: the same prompt and seed trained on random poses and on one pose (static_pose)."
        if paired
        else " The variant static_pose (trained on one pose) is not in this experiment."
    )
    return (
        f"Four poses of each avatar: {_named(shown)} of the clip or of its cycle.{beside}"
        f"{scene.left_out('fig4', len(scene.grid.prompts))} {scene.made_of(rows)}"
    )


def _strip(
    page: Page,
    x: float,
    y: float,
    width: float,
    strip: list[Picture] | None,
    boxes: list[Box],
    sizes: list[tuple[float, float]],
) -> float:
    """Four poses side by side at one scale in metres; returns their height.

    Args:
        boxes: Part of each picture that is shown.
        sizes: Of those parts, width and height in metres at the person.
    """
    scale = width / sum(across for across, _ in sizes)
    height = scale * max(tall for _, tall in sizes)
    if strip is None:
        cell(page, x, y, width, height, None)
        return height
    for box, (across, tall), picture in zip(boxes, sizes, strip, strict=True):
        # People of one scale stand on one line.
        cell(page, x, y + height - tall * scale, across * scale, tall * scale, box.cut(picture))
        x += across * scale
    return height


def _named(shown: list[MotionMoment]) -> str:
    return ", ".join(f"{moment.name} at {moment.share:.0%}" for moment in shown)
