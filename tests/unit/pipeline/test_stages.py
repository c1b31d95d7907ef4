"""Each stage's declaration: the keys that it may read, and the code that it depends on."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from gaussianmotion.config import Config
from gaussianmotion.config.file import load_config
from gaussianmotion.config.section import Section
from gaussianmotion.pipeline import stages
from gaussianmotion.pipeline.code import source_tree
from gaussianmotion.pipeline.stage import narrow, settings_text
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.registry import score_stages

STAGES = {**stages.STAGES, **score_stages()}
ROOT = Path(__file__).parents[3]
LAPTOP = [ROOT / "config.yaml", ROOT / "config/laptop.yaml"]


def keys_of(model: type[BaseModel], above: str = "") -> set[str]:
    """Dotted names of all plain keys below a model."""
    found = set()
    for name, field in model.model_fields.items():
        part = field.annotation
        if isinstance(part, type) and issubclass(part, Section):
            found |= keys_of(part, f"{above}{name}.")
        else:
            found.add(f"{above}{name}")
    return found


def value_at(settings: Any, key: str) -> Any:
    for part in key.split("."):
        settings = getattr(settings, part)
    return settings


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_reads_the_users_values_of_its_keys_and_has_no_others(name: str) -> None:
    config = load_config(LAPTOP, ["body.betas=[1.0]", "models.clip.source=/mine", "seeds=[3]"])
    settings = STAGES[name].parse(settings_text(STAGES[name].narrow(config)))
    assert settings == STAGES[name].narrow(config)
    declared = keys_of(STAGES[name].settings)
    assert declared <= keys_of(Config)
    for key in declared:
        assert value_at(settings, key) == value_at(config, key), key
    for key in keys_of(Config) - declared:
        with pytest.raises(AttributeError):
            value_at(settings, key)


@pytest.mark.parametrize("name", STAGES)
def test_a_key_that_a_stage_did_not_declare_is_refused_in_its_settings(name: str) -> None:
    with pytest.raises(UserError, match="variants_file"):
        STAGES[name].parse('{"variants_file": "mine.yaml"}')


@pytest.mark.parametrize("name", STAGES)
def test_defaults_are_written_once(name: str) -> None:
    model = STAGES[name].settings
    assert model() == narrow(Config(), model)


def test_a_posed_reference_is_drawn_with_the_users_body() -> None:
    config = load_config(LAPTOP, ["body.path=/licensed/SMPL.npz", "body.betas=[1.0]"])
    body = STAGES["reference"].parse(STAGES["reference"].text(config)).body
    assert (body.path, body.betas) == (Path("/licensed/SMPL.npz"), [1.0])


def test_every_render_key_is_one_of_the_pictures_and_videos() -> None:
    read = keys_of(STAGES["views"].settings) | keys_of(STAGES["animate"].settings)
    assert {key for key in keys_of(Config) if key.startswith("render.")} <= read
    assert keys_of(STAGES["render"].settings) == read | {"motions"}
    motion = {f"render.{key}" for key in ("motion_azimuth", "motion_seconds", "motion_seconds_max")}
    assert keys_of(STAGES["views"].settings) & motion == set()
    assert keys_of(STAGES["animate"].settings) & {"render.views", "render.pose"} == set()


@pytest.mark.parametrize("text", ["{", "[]", '{"train": {"stepps": 1}}'])
def test_broken_settings_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="--settings"):
        STAGES["train"].parse(text)


@pytest.mark.parametrize("name", STAGES)
def test_the_entry_of_a_stage_is_there(name: str) -> None:
    module, _, function = STAGES[name].entry.partition(":")
    path = source_tree().root / f"{module.replace('.', '/')}.py"
    text = path.read_text(encoding="utf-8")
    assert f"\ndef {function}(" in text or f"\n{function} = " in text
    assert all(list(source_tree().root.glob(pattern)) for pattern in STAGES[name].data)


@pytest.mark.parametrize("name", STAGES)
def test_in_the_workflow_what_draws_and_measures_leaves_the_gpus_to_training(name: str) -> None:
    config = load_config(LAPTOP, ["device=cuda", "rasteriser=gsplat"])
    stage = STAGES[name]
    settings = stage.parse(stage.text(config))
    if "device" in stage.settings.model_fields:
        assert settings.device == ("cpu" if stage.on_cpu else "cuda")
    if "rasteriser" in stage.settings.model_fields:
        assert settings.rasteriser == ("auto" if stage.on_cpu else "gsplat")
    assert not (stage.on_cpu and name in ("train", "reference", "noised", "score_clip"))
    drawing = ("render", "views", "animate", "figures", "score_geometry")
    assert stage.on_cpu or name not in drawing


# What some stages must depend on, however deep it is imported, and what must not touch them.
INSIDE = {
    "train": ("guidance.networks", "guidance.diffusion", "runtime.threads", "splat.cpu.blend"),
    "reference": ("guidance.networks", "guidance.diffusion", "pose.openpose", "rendering.cameras"),
    "noised": ("guidance.networks", "guidance.sampling"),
    "collect": ("tables.columns", "scores.score_file"),
    "render": ("pose.motion", "rendering.views", "rendering.typography", "splat.cpu.blend"),
    "animate": ("pose.motion",),
    "sheet": ("rendering.typography",),
}
OUTSIDE = {
    "train": ("pose.motion", "rendering.sheet", "comparisons.references", "pipeline.stages"),
    "render": ("training.loop", "guidance.prior", "figures.draw"),
    "views": ("rendering.sheet", "training.loop", "guidance.prior"),
    "animate": ("rendering.sheet", "training.loop"),
    "score_geometry": ("rendering.sheet", "rendering.animate", "scores.pose.pose_score"),
    "score_pose": ("rendering.sheet", "scores.geometry.geometry"),
    "noised": ("rendering.sheet", "training.loop"),
    "table1": ("tables.verdicts.table", "tables.win_rate"),
}


def closure(name: str) -> set[str]:
    modules = source_tree().closure(STAGES[name].modules)
    return {module.removeprefix("gaussianmotion.") for module in modules}


@pytest.mark.parametrize("name", INSIDE)
def test_what_a_stage_imports_counts_however_deep(name: str) -> None:
    assert set(INSIDE[name]) - closure(name) == set()


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_a_stage_does_not_import_does_not_touch_it(name: str) -> None:
    assert set(OUTSIDE[name]) & closure(name) == set()


@pytest.mark.parametrize("name", STAGES)
def test_no_stage_depends_on_tests_doubles_or_on_where_runs_are_logged(name: str) -> None:
    rooms = {module.partition(".")[0] for module in closure(name)}
    assert rooms & {"testing", "tracking", "cli", "config", "synthesis", "doctor"} == set()
