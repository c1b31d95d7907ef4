"""Which runs a figure shows, and which files its job waits for."""

from pathlib import Path

from gaussianmotion.config import Config
from gaussianmotion.figures.grid import figure_inputs, figure_rows
from gaussianmotion.pipeline.grid import Grid, Run, configured_grid, found_grid, grid_of
from gaussianmotion.pipeline.prompts import Prompt


def grid(main: list[Run], ablation: list[Run]) -> Grid:
    names = dict.fromkeys(run.prompt for run in [*main, *ablation])
    prompts = {name: Prompt(name, name) for name in names}
    return Grid(prompts, main, ablation, list(dict.fromkeys(run.prompt for run in ablation)))


def test_columns_of_a_row_are_of_one_seed_that_most_variants_have() -> None:
    ablation = [Run(f"tau_{tau}", "ann", seed) for tau in (100, 400) for seed in (1, 2)]
    shown = figure_rows(
        "fig6", grid([Run("ours", "ann", 0)], [Run("tau_500", "ann", 0), *ablation])
    )
    (row,) = shown
    assert row.runs == (None, Run("tau_400", "ann", 1), None, None, Run("tau_100", "ann", 1))


def test_the_first_variant_stands_for_the_method_where_there_is_no_ours() -> None:
    rows = figure_rows("fig3", grid([Run("mine", "ann", 0), Run("mine", "bob", 0)], []))
    assert [row.runs for row in rows] == [(Run("mine", "ann", 0),), (Run("mine", "bob", 0),)]


def test_a_figures_job_waits_for_what_it_shows_only() -> None:
    made = grid([Run("ours", "ann", 0)], [Run("no_pose_guidance", "ann", 0)])
    assert figure_inputs("fig5", made, "r") == [
        "r/ours/ann/0/avatar.safetensors",
        "r/no_pose_guidance/ann/0/avatar.safetensors",
        "r/noised/ann/render.png",
        "r/noised/ann/with.png",
        "r/noised/ann/without.png",
    ]
    assert figure_inputs("fig7", made, "r") == []


def test_a_long_list_of_prompts_is_cut() -> None:
    runs = [Run("ours", f"p{number}", 0) for number in range(40)]
    assert len(figure_rows("fig3", grid(runs, []))) == 30
    assert len(figure_rows("fig4", grid(runs, []))) == 12


def test_figure_7_shows_large_gaussians_below_where_they_were_trained() -> None:
    small = [Run(name, prompt, 0) for prompt in ("ann", "bob") for name in ("prune_0.1", "ours")]
    large = [Run("coarse_prune_0.1", "bob", 0), Run("coarse_scale_reg", "bob", 0)]
    rows = figure_rows("fig7", grid([], [*small, *large]))
    assert [(row.prompt, row.also) for row in rows] == [
        ("ann", False), ("bob", False), ("bob", True),
    ]  # fmt: skip
    assert rows[-1].runs == (large[0], None, None, large[1])


def test_the_configured_grid_has_the_written_prompts_and_the_found_one_what_is_finished(
    tmp_path: Path,
) -> None:
    (tmp_path / "prompts.tsv").write_text("id\tprompt\nann\tA\nbob\tB\n")
    for name in ("ours/bob/0", "tau_100/bob/3", "ours/ann/notaseed"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "run.json").write_text("{}")
    config = Config.model_validate({"ablation": {"variants": ["tau_100"], "prompts": ["bob"]}})
    assert configured_grid(config, tmp_path).runs == [
        Run("ours", "ann", 0),
        Run("ours", "bob", 0),
        Run("tau_100", "bob", 0),
    ]
    found = found_grid(tmp_path)
    assert found.main == [Run("ours", "bob", 0)]
    assert found.ablation == [Run("tau_100", "bob", 3)]
    assert found.prompts == {"bob": Prompt("bob", "B")}


def test_where_nobody_names_prompts_a_found_grid_and_a_configured_one_take_the_same(
    tmp_path: Path,
) -> None:
    names = ["a", "b", "c", "d"]
    (tmp_path / "prompts.tsv").write_text("id\tprompt\n" + "".join(f"{n}\tA {n}\n" for n in names))
    for name in names:
        (tmp_path / "ours" / name / "0").mkdir(parents=True)
        (tmp_path / "ours" / name / "0/run.json").write_text("{}")
    assert found_grid(tmp_path).ablation_prompts == names[:3]
    assert configured_grid(Config(), tmp_path).ablation_prompts == names[:3]


def test_another_files_prompts_of_ablations_are_left_where_there_are_no_ablations() -> None:
    prompts = {name: Prompt(name, name) for name in ("mayor", "sailor")}
    layer = {"ablation": {"variants": [], "prompts": ["man-blue-suit"]}}
    made = grid_of(Config.model_validate(layer), prompts)
    assert made.ablation_prompts == ["mayor", "sailor"]
    for figure in ("fig3", "fig4", "fig5", "fig6", "fig7"):
        for row in figure_rows(figure, made):
            assert {shown.prompt for shown in row.runs if shown} <= set(prompts)
        figure_inputs(figure, made, "r")
