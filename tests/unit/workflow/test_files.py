"""Which files an experiment has: of its runs, figures, exports and the user study."""

from types import SimpleNamespace

import pytest
from small_experiment import Maker
from snakemake.exceptions import WorkflowError

from gaussianmotion.workflow.files import ExperimentFiles


def job(**wildcards: str) -> SimpleNamespace:
    return SimpleNamespace(**wildcards)


def test_every_run_has_a_folder_and_ends_with_its_last_file(experiment_of: Maker) -> None:
    files = ExperimentFiles(experiment_of(tracking={"enabled": False}))
    assert files.root == "results/small"
    assert files.run == "results/small/{variant}/{prompt}/{seed}"
    runs = ["ours/ann/0", "ours/bob/0", "tau_100/ann/0", "static_pose/ann/0"]
    assert files.folders() == [f"results/small/{run}" for run in runs]
    assert files.finished() == [f"results/small/{run}/sheet.png" for run in runs]
    assert files.main_sheets() == [f"results/small/{run}/sheet.png" for run in runs[:2]]
    assert files.main_pages() == [f"results/small/{run}/avatar.html" for run in runs[:2]]
    assert files.main_fronts() == [f"results/small/{run}/front.png" for run in runs[:2]]
    logged = ExperimentFiles(experiment_of()).finished()
    assert logged == [f"results/small/{run}/logged.json" for run in runs]


def test_one_job_makes_files_of_all_runs_of_a_variant(experiment_of: Maker) -> None:
    files = ExperimentFiles(experiment_of())
    assert files.of_cells([("ann", 0), ("bob", 0)], "a", "b") == [
        f"results/small/{{variant}}/{prompt}/0/{name}" for prompt in ("ann", "bob") for name in "ab"
    ]


def test_a_run_has_the_configured_views_and_videos(experiment_of: Maker) -> None:
    files = ExperimentFiles(experiment_of(render={"views": 3}))
    assert files.views("run") == ["run/views/00.png", "run/views/01.png", "run/views/02.png"]
    assert files.videos("run") == [
        *("run/motions/walk.mp4", "run/motions/walk.json"),
        *("run/motions/kick.mp4", "run/motions/kick.json"),
    ]
    assert files.own_motions() == []


def test_own_motion_files_are_inputs_with_what_lies_beside_them(experiment_of: Maker) -> None:
    (experiment_of.folder / "mine.bvh").write_text("")
    names = {"path": "mine.bvh", "joint_names": "names.yaml"}
    files = ExperimentFiles(experiment_of(motions=["walk", names]))
    own, beside, ours = files.own_motions()
    assert (own, beside) == ("mine.bvh", "names.yaml")
    assert ours.endswith("config/joint_names.yaml")
    assert files.videos("run")[2:] == ["run/motions/mine.mp4", "run/motions/mine.json"]


def test_a_variants_body_and_the_training_that_it_copies(experiment_of: Maker) -> None:
    files = ExperimentFiles(experiment_of())
    assert files.body(job(variant="ours")).endswith("open_body.npz")
    assert files.body(job(variant="larger")) == "own.npz"
    assert files.faces(job(variant="ours")) == []
    drawn = ExperimentFiles(experiment_of(train={"face": {"contrast": 1.0}}))
    faces = drawn.faces(job(variant="ours"))
    assert len(faces) == 8
    assert all(path.endswith(".png") for path in faces)
    twin = files.same_training(job(variant="tau_100", prompt="ann", seed="0"))
    assert twin == "results/small/ours/ann/0"


def test_figures_and_tables(experiment_of: Maker) -> None:
    files = ExperimentFiles(experiment_of())
    figures = files.figures("png", "pdf")
    assert figures[:2] == [f"results/small/figures/fig3.{kind}" for kind in ("png", "pdf")]
    assert len(files.figures("png")) == 5
    assert files.tables("csv", "md")[4:6] == [
        *("results/small/tables/table2.csv", "results/small/tables/table1.md"),
    ]
    of_figure = files.of_figure(job(figure="fig4"))
    assert "results/small/static_pose/ann/0/avatar.safetensors" in of_figure


def test_fig_5_shows_some_prompts_only(experiment_of: Maker) -> None:
    files = ExperimentFiles(experiment_of())
    avatar = files.noised_avatar(job(prompt="ann"))
    assert avatar == "results/small/ours/ann/0/avatar.safetensors"
    with pytest.raises(WorkflowError, match=r"Fig\. 5 does not show the prompt 'bob'; choose"):
        files.noised_avatar(job(prompt="bob"))


def test_exports_are_those_that_are_asked_for(experiment_of: Maker) -> None:
    assert ExperimentFiles(experiment_of()).exports() == []
    files = ExperimentFiles(experiment_of(export=["splat_glb", "viewer"]))
    found = files.exports()
    assert len(found) == 2 * 4 + 1
    assert found[:2] == [
        f"results/small/ours/ann/0/{name}" for name in ("avatar_splats.glb", "avatar.html")
    ]
    assert found[-1] == "results/small/gallery.html"
    plain = ExperimentFiles(experiment_of(export=["ply"])).exports()
    assert "results/small/gallery.html" not in plain


def test_the_study_shows_the_first_seed_of_each_side(experiment_of: Maker) -> None:
    (experiment_of.folder / "renders").mkdir()
    files = ExperimentFiles(
        experiment_of(
            seeds=[2, 1],
            study={"against": ["static_pose", "Other"]},
            baselines={"Other": "renders", "Third": "renders"},
        )
    )
    clips = files.study_clips()
    assert clips[0] == files.imported("Other") == "results/small/baselines/Other/imported.json"
    folders = {clip.rpartition("/0/")[0] or clip.rpartition("/1/")[0] for clip in clips[1:]}
    assert folders == {
        *("results/small/ours/ann", "results/small/ours/bob", "results/small/static_pose/ann"),
    }
    assert "results/small/ours/bob/1/motions/kick.json" in clips
    assert not [clip for clip in clips if "/2/" in clip or "Third" in clip]


def test_what_the_user_brings_is_an_input_once_it_is_there(experiment_of: Maker) -> None:
    renders = experiment_of.folder / "renders/ann"
    renders.mkdir(parents=True)
    files = ExperimentFiles(experiment_of(baselines={"Other": "renders"}))
    assert files.brought(job(system="Other")) == files.votes() == []
    (renders / "00.png").write_text("")
    votes = experiment_of.folder / "results/small/study/votes.csv"
    votes.parent.mkdir(parents=True)
    votes.write_text("")
    assert files.brought(job(system="Other")) == ["renders/ann/00.png"]
    assert files.votes() == ["results/small/study/votes.csv"]
