"""Variants that train alike: found by what the training reads, trained once."""

import json
from pathlib import Path

import pytest

from gaussianmotion.config.file import read_yaml
from gaussianmotion.pipeline.experiment import Experiment, load_experiment
from gaussianmotion.pipeline.same_training import copy_training
from gaussianmotion.runtime.errors import UserError

ROOT = Path(__file__).parents[3]


def experiment(changes: dict[str, object]) -> Experiment:
    variants = {"variants_file": str(ROOT / "config/variants.yaml")}
    base = {"prompts": str(ROOT / "config/prompts/laptop.tsv")}
    return load_experiment({**read_yaml(ROOT / "config.yaml"), **base, **variants, **changes}, "x")


def test_the_variant_that_spells_out_the_default_is_a_twin_of_the_first_one() -> None:
    ablation = {"variants": ["ours", "tau_100", "sds", "static_pose"]}
    found = experiment({"ablation": ablation, "train": {"score": {"tau": 100}}})
    assert found.twins == {"tau_100": "ours"}
    assert experiment({"ablation": ablation, "train": {"score": {"tau": 150}}}).twins == {}


def test_a_copy_holds_the_training_and_says_where_it_was_trained(tmp_path: Path) -> None:
    source, target = tmp_path / "ours/ann/0", tmp_path / "tau_100/ann/0"
    write(source / "avatar.safetensors", "avatar")
    write(source / "curves.csv", "step")
    write(source / "previews/step_00001.png", "picture")
    write(source / "run.json", json.dumps({"prompt": "a woman"}))
    write(source / "views.json", "{}")
    write(source / "mlflow.json", "{}")
    write(target / "previews/step_00250.png", "of a longer training before")
    write(target / "scores/face.json", '{"inputs": {"avatar.safetensors": "of another avatar"}}')
    copy_training(source, target)
    assert sorted(path.name for path in target.rglob("*.*")) == [
        *("avatar.safetensors", "curves.csv", "run.json", "step_00001.png")
    ]
    assert json.loads((target / "run.json").read_text()) == {
        "prompt": "a woman",
        "trained_as": "ours/ann/0",
    }


def test_a_training_that_is_not_finished_is_said_and_leaves_what_was_there(tmp_path: Path) -> None:
    source, target = tmp_path / "ours/ann/0", tmp_path / "tau_100/ann/0"
    write(source / "checkpoint.pt", "half")
    write(target / "avatar.safetensors", "old")
    with pytest.raises(UserError, match="no finished training is there; train it first"):
        copy_training(source, target)
    assert (target / "avatar.safetensors").read_text() == "old"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
