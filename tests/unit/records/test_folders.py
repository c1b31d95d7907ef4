"""Where files lie: one module says it, and no other spells a name once more."""

import ast
import re
from pathlib import Path

from gaussianmotion.records import experiment_folder, run_folder
from gaussianmotion.records.experiment_folder import FOLDERS, ExperimentFolder
from gaussianmotion.records.run_folder import RunFolder, record_beside, view_name

PACKAGE = Path(run_folder.__file__).parents[1]
# Files of an experiment and of a run, wherever they are spelled: alone, or below folders.
NAMES = sorted(
    {
        value
        for module in (run_folder, experiment_folder)
        for value in vars(module).values()
        if isinstance(value, str) and re.fullmatch(r"[\w/]+\.\w+", value)
    }
)
SPELLED = re.compile(rf"(\S*/)?({'|'.join(map(re.escape, NAMES))})")
# Trainings of the prior have curves of their own.
ELSEWHERE = ("records/", "synthesis/")


def test_no_other_module_spells_a_file_of_a_run_or_an_experiment() -> None:
    assert {"run.json", "views.json", "prompts.tsv", "mlflow.json"} <= set(NAMES)
    spelled = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if name.startswith(ELSEWHERE):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and SPELLED.fullmatch(text):
                spelled.append(f"{name}:{node.lineno}: {text}")
    assert spelled == []


def test_a_run_knows_what_is_there(tmp_path: Path) -> None:
    run = ExperimentFolder(tmp_path).run("ours", "ann", 3)
    assert run.path == tmp_path / "ours/ann/3"
    assert (run.variant, run.prompt, run.is_finished) == ("ours", "ann", False)
    assert (run.views, run.videos, list(run.all_videos), run.scores, run.previews) == (
        *([], [], [], []),
        [],
    )
    for name in (
        *("run.json", "motions/walk.mp4", "motions/walk.json", "motions/jump.mp4"),
        *("turntable.mp4", view_name(1), view_name(0), "scores/clip.json"),
        *("previews/step_00010.png", "previews/step_00005.png"),
    ):
        (run.path / name).parent.mkdir(parents=True, exist_ok=True)
        (run.path / name).touch()
    assert run.is_finished
    assert [path.name for path in run.views] == ["00.png", "01.png"]
    assert [path.stem for path in run.all_videos] == ["turntable", "jump", "walk"]
    assert record_beside(run.video("walk")).is_file()
    assert run.scores == [run.score("clip")]
    assert run.previews == [run.preview(5), run.preview(10)]


def test_what_is_as_deep_as_a_run_and_none_is_left_out(tmp_path: Path) -> None:
    for name in ("ours/ann/0", "ours/ann/notes", "baselines/TADA/7", "tau_100/bob/12"):
        (tmp_path / name).mkdir(parents=True)
        RunFolder(tmp_path / name).record.write_text("{}")
    found = [run.path.relative_to(tmp_path).as_posix() for run in
             ExperimentFolder(tmp_path).finished_runs]  # fmt: skip
    assert found == ["ours/ann/0", "tau_100/bob/12"]


def test_scores_of_other_systems_are_of_a_prompt_or_of_all(tmp_path: Path) -> None:
    folder = ExperimentFolder(tmp_path)
    assert folder.baseline_score("TADA", "ann", "clip").relative_to(tmp_path) == Path(
        "baselines/TADA/scores/ann/clip.json"
    )
    assert folder.baseline_score("TADA", "", "fid").relative_to(tmp_path) == Path(
        "baselines/TADA/scores/fid.json"
    )
    assert folder.pooled_score("ours", 0, "fid") == folder.pooled("ours") / "0/fid.json"
    assert "baselines" in FOLDERS
