"""Two experiments that would write the same folder: refused, unless they are one and the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from gaussianmotion.pipeline.experiment import Experiment, load_experiment
from gaussianmotion.pipeline.ownership import refuse_other_experiment, remember_experiment
from gaussianmotion.runtime.errors import UserError

REPOSITORY = Path(__file__).parents[3]
LISTED = {"ann": "a woman in a red dress", "bob": "a man in a suit"}


def experiment(folder: Path, prompts: dict[str, str] = LISTED, **keys: Any) -> Experiment:
    """An experiment called paper whose results are in ``folder``."""
    table = folder / f"{len(list(folder.glob('*.tsv')))}.tsv"
    lines = ["id\tprompt", *(f"{name}\t{text}" for name, text in prompts.items())]
    table.write_text("\n".join(lines) + "\n")
    variants = REPOSITORY / "config/variants.yaml"
    layer = {"results": folder / "results", "prompts": table, "variants_file": variants, **keys}
    return load_experiment(layer, "config.yaml")


def ran(made: Experiment, *files: str) -> None:
    refuse_other_experiment(made, files)
    remember_experiment(made, files)


def test_another_file_with_other_settings_is_refused(tmp_path: Path) -> None:
    ran(experiment(tmp_path), "config.yaml")
    other = experiment(tmp_path, train={"steps": 7})
    with pytest.raises(UserError, match=r"that of config.yaml, and its train is not that of") as e:
        ran(other, "config.yaml", "mine.yaml")
    assert "write `experiment: another-name` there" in str(e.value)


def test_editing_ones_own_file_is_no_clash(tmp_path: Path) -> None:
    ran(experiment(tmp_path), "config.yaml")
    ran(experiment(tmp_path, train={"steps": 7}), "config.yaml")


def test_another_name_is_no_clash(tmp_path: Path) -> None:
    ran(experiment(tmp_path), "config.yaml")
    ran(experiment(tmp_path, train={"steps": 7}, experiment="mine"), "mine.yaml")


def test_a_file_that_adds_prompts_and_seeds_belongs_to_the_same_experiment(tmp_path: Path) -> None:
    ran(experiment(tmp_path), "config.yaml")
    ran(
        experiment(tmp_path, {**LISTED, "eve": "a woman"}, seeds=[0, 1]), "config.yaml", "more.yaml"
    )
    # And the first one may still be edited.
    ran(experiment(tmp_path, train={"steps": 7}), "config.yaml")


def test_one_id_for_two_sentences_is_refused(tmp_path: Path) -> None:
    ran(experiment(tmp_path), "config.yaml")
    with pytest.raises(UserError, match="prompt 'ann'"):
        ran(experiment(tmp_path, {"ann": "a man in a hat"}), "config.yaml", "mine.yaml")


def test_a_scale_that_keeps_the_name_and_changes_the_training_is_refused(tmp_path: Path) -> None:
    ran(experiment(tmp_path), "config.yaml")
    scales = {"tiny": {"train": {"steps": 3}}, "named": {"experiment": "x", "train": {"steps": 3}}}
    with pytest.raises(UserError, match="train"):
        ran(experiment(tmp_path, scale="tiny", scales=scales), "config.yaml")
    ran(experiment(tmp_path, scale="named", scales=scales), "config.yaml")


@pytest.mark.parametrize("note", ["", "{", "[]", '{"files": "x"}'])
def test_a_damaged_note_forbids_nothing(tmp_path: Path, note: str) -> None:
    ran(experiment(tmp_path), "config.yaml")
    path = tmp_path / "results/paper/experiment.json"
    path.write_text(note)
    ran(experiment(tmp_path, train={"steps": 7}), "mine.yaml")
    assert json.loads(path.read_text())["files"] == [["mine.yaml"]]


def test_an_unknown_ablation_and_a_reserved_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no prompt has the id 'eve'"):
        experiment(tmp_path, ablation={"variants": ["ours"], "prompts": ["eve"]})
    # Without ablations nothing is of them.
    experiment(tmp_path, ablation={"variants": [], "prompts": ["eve"]})
    (tmp_path / "variants.yaml").write_text("ours:\nscores: {train: {steps: 3}}\n")
    with pytest.raises(UserError, match="'scores', which is a folder of the results"):
        experiment(tmp_path, variants_file=tmp_path / "variants.yaml", variants=["scores"])
    with pytest.raises(UserError, match="'sds' is also a variant"):
        experiment(tmp_path, baselines={"sds": tmp_path})


def test_one_sentence_has_no_ablations(tmp_path: Path) -> None:
    made = experiment(tmp_path, prompt="a man", ablation={"variants": ["sds"], "prompts": ["bob"]})
    assert [run.variant for run in made.grid.runs] == ["ours"]


def test_a_key_of_the_command_line_counts_as_a_file(tmp_path: Path) -> None:
    ran(experiment(tmp_path), "config.yaml")
    changed = {"train": {"steps": 7}, "seeds": [0]}
    other = experiment(tmp_path, **changed)
    with pytest.raises(UserError, match="add `experiment=another-name` to --config"):
        refuse_other_experiment(other, ["config.yaml"], changed)
    # What changes nothing of the avatars may be given there.
    refuse_other_experiment(experiment(tmp_path, seeds=[0, 1]), ["config.yaml"], {"seeds": [0, 1]})
    # With a name of its own it is itself, and the experiment without the key another one.
    named = experiment(tmp_path, experiment="short", **changed)
    remember_experiment(named, ["config.yaml"], changed)
    refuse_other_experiment(named, ["config.yaml"], changed)
    with pytest.raises(UserError, match=r"config.yaml, --config train=\{\"steps\": 7\}, and its"):
        refuse_other_experiment(experiment(tmp_path, experiment="short"), ["config.yaml"])
