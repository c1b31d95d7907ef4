"""A score is one declaration: what follows from it, and what a declaration may not do."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gaussianmotion.cli.manage import schema_text
from gaussianmotion.config import Config
from gaussianmotion.config.experiment import DeviceKeys
from gaussianmotion.config.file import validate
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.registry import (
    pooled_scores,
    run_score,
    run_scores,
    score_stages,
    scores,
    weights_of,
)
from gaussianmotion.scores.score import FRONT, Measure, RunScore
from gaussianmotion.scores.score_file import ScoreFile
from gaussianmotion.tables.verdicts.paper_claims import CLAIMS

HEAVY = ("torch", "numpy", "pandas", "PIL", "open_clip", "diffusers", "scipy")


def test_every_declaration_is_read_without_a_heavy_library() -> None:
    """Help texts and the workflow read all of them before anything runs."""
    code = (
        "import sys; from gaussianmotion.scores.registry import scores; scores(); "
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_configuration_allows_what_is_declared_and_nothing_else() -> None:
    for name in scores():
        assert validate({"scores": {"names": [name]}}, "test").scores.names == [name]
    with pytest.raises(UserError, match=r"scores\.names\.0 is \"clap\", but must be 'alignment'"):
        validate({"scores": {"names": ["clap"]}}, "test")
    allowed = json.loads(schema_text())["$defs"]["ScoresConfig"]["properties"]["names"]["items"]
    assert allowed["enum"] == list(scores())


def test_scores_are_of_one_avatar_or_of_many() -> None:
    assert {*run_scores(), *pooled_scores()} == set(scores())
    assert set(pooled_scores()) == {"fid", "features"}
    with pytest.raises(UserError, match="no score 'fid'; choose one of alignment, clip"):
        run_score("fid")


def test_every_number_stands_in_a_table_or_is_a_diagnostic() -> None:
    claimed = {
        (part.score, name) for claim in CLAIMS for part in claim.parts for name in part.values
    }
    for name, score in scores().items():
        names = [measure.name for measure in score.measures]
        assert len(names) == len(set(names))
        assert score.columns or all(measure.diagnostic for measure in score.measures)
        assert {value for of, value in claimed if of == name} <= set(score.columns)
    assert {of for of, _ in claimed} <= set(scores())


def test_models_follow_from_the_scores_that_are_reported() -> None:
    assert weights_of(["clip", "hps", "fid", "geometry", "clip"]) == ("clip", "hps", "inception")
    assert weights_of(["alignment", "features", "pose"]) == ()


@pytest.mark.parametrize("name", list(scores()))
def test_the_stage_reads_the_keys_that_are_declared(name: str) -> None:
    kind = "pooled" if scores()[name].pooled else "score"
    assert score_stages()[f"{kind}_{name}"].settings is scores()[name].settings


def test_a_file_says_of_each_number_what_was_declared(tmp_path: Path) -> None:
    def prepare(config: Config, device: str):
        return lambda run: score.file({"b": (2.0, 1.0, 3.0), "a": 1.0, "c": None}, n=len(run.name))

    score = RunScore(
        name="test",
        title="A test",
        protocol="test-1",
        looks_at=FRONT,
        settings=DeviceKeys,
        measures=(Measure("a", "first", "higher", "m"), Measure("b", ""), Measure("c", "")),
        prepare=prepare,
    )
    found = score(Path("four"), Config())
    assert isinstance(found, ScoreFile)
    assert (found.score, found.title, found.protocol, found.n) == ("test", "A test", "test-1", 4)
    assert list(found.values) == ["a", "b"]
    assert (found.values["a"].unit, found.values["a"].better) == ("m", "higher")
    assert (found.values["b"].low, found.values["b"].high) == (1.0, 3.0)
