"""One figure from an experiment's folder to PNG and PDF."""

from collections.abc import Callable
from pathlib import Path

from gaussianmotion.config.stages import FigureSettings
from gaussianmotion.figures import animated, pose_guidance, scale, static, tau
from gaussianmotion.figures.page import Page
from gaussianmotion.figures.scene import FigureScene, finish, new_page
from gaussianmotion.pipeline.grid import Grid

DRAWN: dict[str, tuple[str, Callable[[Page, FigureScene], str]]] = {
    "fig3": (static.TITLE, static.draw_static),
    "fig4": (animated.TITLE, animated.draw_animated),
    "fig5": (pose_guidance.TITLE, pose_guidance.draw_pose_guidance),
    "fig6": (tau.TITLE, tau.draw_tau),
    "fig7": (scale.TITLE, scale.draw_scale),
}


def draw_figure(
    figure: str, root: Path, grid: Grid, config: FigureSettings, stem: Path, device: str = "cpu"
) -> str:
    """Write ``stem``.png and ``stem``.pdf; returns the caption.

    Args:
        figure: One of :data:`DRAWN`.
        root: Folder of the experiment.
        grid: Its runs; what is missing becomes a cell that says so.
        config: Rendering and motions.
        device: Where to render.

    Raises:
        UserError: an avatar or a picture is damaged, or the folder cannot be written.
    """
    title, draw = DRAWN[figure]
    page = new_page()
    caption = draw(page, FigureScene(root, grid, config, device))
    finish(page, title, caption)
    page.save(stem, title, caption)
    return caption
