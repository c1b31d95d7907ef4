"""Which scores and models an experiment has, and where they are."""

from types import SimpleNamespace
from typing import Any

import pytest
from small_experiment import Maker
from snakemake.exceptions import WorkflowError

from gaussianmotion.workflow.files import ExperimentFiles
from gaussianmotion.workflow.score_files import ScoreFiles

ROOT = "results/small"


def scores_of(experiment_of: Maker, **keys: Any) -> ScoreFiles:
    return ScoreFiles(ExperimentFiles(experiment_of(**keys)))


def job(**wildcards: str) -> SimpleNamespace:
    return SimpleNamespace(**wildcards)


def test_what_loads_long_is_scored_for_all_avatars_of_a_variant(experiment_of: Maker) -> None:
    scores = scores_of(experiment_of, scores={"names": ["clip", "pose", "alignment", "fid"]})
    assert (scores.single, scores.together) == (["pose"], ["clip", "alignment"])
    assert scores.logged_with() == [
        *("avatar.safetensors", "sheet.png"),
        *(f"scores/{name}.json" for name in ("clip", "pose", "alignment")),
    ]
    exported = scores_of(experiment_of, export=["viewer", "spz"])
    assert exported.logged_with()[:4] == [
        *("avatar.safetensors", "sheet.png", "avatar.html", "avatar.spz"),
    ]
    assert set(scores.pooled) == {"fid", "features"}
    assert "geometry" not in scores.of_pictures


def test_the_scores_of_all_runs_and_of_each_variant_and_seed(experiment_of: Maker) -> None:
    found = scores_of(experiment_of).all()
    assert len(found) == 4 * 2 + 3
    assert f"{ROOT}/static_pose/ann/0/scores/geometry.json" in found
    assert found[-3:] == [
        f"{ROOT}/scores/{name}/0/features.json" for name in ("ours", "tau_100", "static_pose")
    ]


def test_a_score_waits_for_what_it_looks_at(experiment_of: Maker) -> None:
    scores = scores_of(experiment_of, render={"views": 2})
    assert scores.looked_at("geometry") == ["avatar.safetensors"]
    assert scores.looked_at("alignment", "geometry") == [
        *("avatar.safetensors", "front.png", "views.json"),
    ]
    pooled = job(variant="ours", seed="0")
    assert scores.pooled_folders(pooled) == [f"{ROOT}/ours/ann/0", f"{ROOT}/ours/bob/0"]
    assert scores.pooled_references(pooled) == [f"{ROOT}/reference/ann", f"{ROOT}/reference/bob"]
    assert scores.pooled_views(pooled)[:3] == [
        f"{ROOT}/ours/ann/0/{name}" for name in ("views.json", "views/00.png", "views/01.png")
    ]
    with pytest.raises(WorkflowError, match="no runs of ours with seed 7"):
        scores.pool(job(variant="ours", seed="7"))


def test_files_that_ship_and_decide_scores_are_inputs_where_they_are(experiment_of: Maker) -> None:
    scores = scores_of(experiment_of, scores={"names": ["alignment"], "alignment_model": "mine"})
    assert scores.shipped("alignment") == []
    weights = experiment_of.folder / "mine/open_clip_model.safetensors"
    weights.parent.mkdir()
    weights.write_text("")
    (path,) = scores.shipped("alignment")
    assert path.endswith("mine/open_clip_model.safetensors")


def test_other_systems_have_the_scores_of_pictures(experiment_of: Maker) -> None:
    (experiment_of.folder / "renders").mkdir()
    scores = scores_of(experiment_of, baselines={"Other": "renders"})
    below = f"{ROOT}/baselines/Other/scores"
    assert scores.of_baselines() == [
        f"{below}/{name}.json" for name in ("ann/alignment", "bob/alignment", "features")
    ]


def test_models_are_checked_once_and_those_of_a_variants_own_prior_apart(
    experiment_of: Maker,
) -> None:
    scores = scores_of(
        experiment_of,
        ablation={"variants": ["ours", "larger"]},
        scores={"names": ["clip", "fid", "hps"]},
    )
    names = ("prior", "larger/prior", "clip", "inception", "hps")
    assert scores.models() == [f"{ROOT}/models/{name}.json" for name in names]
    assert set(scores.known_models()) == set(names)
    assert scores.prior(job(variant="ours")) == f"{ROOT}/models/prior.json"
    assert scores.prior(job(variant="larger")) == f"{ROOT}/models/larger/prior.json"
    assert scores.weights("fid") == [f"{ROOT}/models/inception.json"]
    assert scores.weights("geometry") == []
