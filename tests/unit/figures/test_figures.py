"""Figures 3-7 from an experiment's folder: complete, in parts, and with nothing."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gaussianmotion.cli import main
from gaussianmotion.config import Config
from gaussianmotion.config.stages import FigureSettings
from gaussianmotion.figures import pose_guidance, tau
from gaussianmotion.figures.draw import draw_figure
from gaussianmotion.figures.grid import FIGURES
from gaussianmotion.figures.page import DPI
from gaussianmotion.figures.provenance import CAPTION_TOP, trained_with
from gaussianmotion.figures.scene import WIDTH, FigureScene
from gaussianmotion.pipeline.grid import Grid, Run, found_grid
from gaussianmotion.pipeline.prompts import Prompt


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_is_a_picture_and_a_pdf_whose_caption_says_what_was_shown(
    figure: str, root: Path, config: FigureSettings, tmp_path: Path
) -> None:
    caption = draw_figure(figure, root, found_grid(root), config, tmp_path / figure)
    with Image.open(tmp_path / f"{figure}.png") as picture:
        assert picture.width == round(WIDTH * DPI)
        assert picture.info["Description"] == caption
        assert 0.1 * picture.height < int(picture.info[CAPTION_TOP]) < picture.height
        colours = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    assert len(np.unique(colours, axis=0)) > 100  # more than text on white
    assert (tmp_path / f"{figure}.pdf").read_bytes().startswith(b"%PDF")
    assert "Prior: m/x with m/y; N = 2 avatars of" in caption
    assert "seed 0" in caption
    # Of avatars that are drawn for the figure, the protocol of still views says nothing.
    assert ("protocol views-7" in caption) == (figure == "fig6")


def test_the_samples_level_of_noise_is_that_of_their_file(
    root: Path, config: FigureSettings, tmp_path: Path
) -> None:
    caption = draw_figure("fig5", root, found_grid(root), config, tmp_path / "fig5")
    assert "t = 550 of 1000" in caption


def test_a_prompt_whose_letters_cannot_be_drawn_is_named_by_its_id(
    root: Path, config: FigureSettings
) -> None:
    prompts = {"kimono": Prompt("kimono", "a 着物 robe"), "robe": Prompt("robe", "a robe")}
    scene = FigureScene(root, Grid(prompts, [], [], []), config, "cpu")
    assert scene.quoted("kimono") == "“a 着物 robe” (kimono)"
    assert scene.quoted("robe") == "“a robe”"


def test_a_caption_says_what_the_runs_were_trained_with(root: Path) -> None:
    ours, absent = Run("ours", "ann", 0), Run("ours", "nobody", 0)
    assert trained_with(root, [ours, None, absent], "score.tau") == str(Config().train.score.tau)
    assert trained_with(root, [ours], "no.such.key") == ""


def test_headings_are_of_what_was_trained_and_not_of_names(
    root: Path, config: FigureSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(root, tmp_path / "small")
    edits = {"tau_100": ("score", {"tau": 150}), "no_pose_guidance": ("pose_guidance", True)}
    for variant, (key, value) in edits.items():
        path = tmp_path / "small" / variant / "ann/0/run.json"
        facts = json.loads(path.read_text())
        facts["config"]["train"][key] = value
        path.write_text(json.dumps(facts))
    shown: list[str] = []

    def headings(page, labels, size=7.5):
        shown.extend(label for _, _, label in labels)

    for module in (tau, pose_guidance):
        monkeypatch.setattr(module, "headings", headings)
    for figure in ("fig6", "fig5"):
        grid = found_grid(tmp_path / "small")
        draw_figure(figure, tmp_path / "small", grid, config, tmp_path / figure)
    trained = f"τ = {Config().train.score.tau}"
    assert shown[:5] == ["tau_500", trained, "tau_300", "tau_200", "τ = 150"]
    assert shown[5:8] == ["input pose", "with pose guidance", "with pose guidance"]


@pytest.mark.parametrize("figure", FIGURES)
def test_an_experiment_without_the_variants_still_has_the_figure(
    figure: str, root: Path, config: FigureSettings, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(root / "ours/bob", bare / "ours/bob")
    (bare / "ours/bob/0/avatar.safetensors").unlink()
    caption = draw_figure(figure, bare, found_grid(bare), config, tmp_path / figure)
    assert (tmp_path / f"{figure}.png").exists()
    if figure in ("fig6", "fig7"):
        assert "No avatar of this figure is in this experiment." in caption


def test_brought_renders_of_other_systems_get_a_column(
    root: Path, config: FigureSettings, tmp_path: Path
) -> None:
    shutil.copytree(root / "ours", tmp_path / "ours")
    brought = tmp_path / "baselines/HumanGaussian"
    (brought / "ann").mkdir(parents=True)
    (brought / "imported.json").write_text("{}")
    shutil.copy(root / "ours/ann/0/front.png", brought / "ann/front.png")
    front = {"file": "front.png", "azimuth": 0.0}
    facts = {"prompt": "a woman", "front": front, "views": [front]}
    (brought / "ann/views.json").write_text(json.dumps(facts))
    alone = draw_figure("fig3", root, found_grid(root), config, tmp_path / "alone")
    beside = draw_figure("fig3", tmp_path, found_grid(tmp_path), config, tmp_path / "beside")
    assert "other systems: their brought views" in beside
    assert "other systems" not in alone
    with Image.open(tmp_path / "beside.png") as picture:
        colours = picture.convert("RGB").getcolors(maxcolors=1 << 24)
    assert (200, 30, 30) in [colour for _, colour in colours or []]  # the system's own picture


def test_the_command_needs_nothing_but_the_folder(root: Path, tmp_path: Path) -> None:
    stem = tmp_path / "out/fig6"
    assert main(["figure", "fig6", "--root", str(root), "--out", str(stem)]) == 0
    assert sorted(path.name for path in stem.parent.iterdir()) == ["fig6.pdf", "fig6.png"]


def test_a_damaged_avatar_is_one_line(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(root / "ours", tmp_path / "ours")
    (tmp_path / "ours/ann/0/avatar.safetensors").write_bytes(b"nothing")
    assert main(["figure", "fig3", "--root", str(tmp_path), "--out", str(tmp_path / "f")]) == 2
    assert "ours/ann/0/avatar.safetensors is damaged" in capsys.readouterr().err
    assert not (tmp_path / "f.png").exists()
