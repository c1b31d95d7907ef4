"""What jobs are told: by which their rules run again."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from small_experiment import Maker
from snakemake.exceptions import WorkflowError

from gaussianmotion.pipeline.stages import STAGES
from gaussianmotion.workflow.gpus import Gpus
from gaussianmotion.workflow.jobs import Jobs, one_of


def jobs_of(experiment_of: Maker, **keys: Any) -> Jobs:
    experiment = experiment_of(**keys)
    return Jobs(experiment, Gpus(experiment.config, ["GPU-aa"]))


def job(**wildcards: str) -> SimpleNamespace:
    return SimpleNamespace(**wildcards)


def test_settings_are_those_of_the_jobs_variant(experiment_of: Maker) -> None:
    jobs = jobs_of(experiment_of, train={"score": {"tau": 150}})
    tau = {
        name: json.loads(jobs.settings("train")(job(variant=name)))["train"]["score"]["tau"]
        for name in ("ours", "tau_100")
    }
    assert tau == {"ours": 150, "tau_100": 100}
    assert json.loads(jobs.settings("prompts")(job()))["prompts"] == "prompts.tsv"


def test_another_list_of_motions_is_another_job(experiment_of: Maker) -> None:
    wanted = job(variant="ours")
    texts = {
        jobs_of(experiment_of, motions=motions).settings("render")(wanted)
        for motions in (["walk"], ["walk", "kick"], ["jump"])
    }
    assert len(texts) == 3


def test_code_is_the_stages(experiment_of: Maker) -> None:
    jobs = jobs_of(experiment_of)
    assert jobs.code("render") == STAGES["render"].code() != jobs.code("train")
    both = json.loads(jobs.score_code(["geometry", "pose"]))
    assert both == {name: jobs.code(f"score_{name}") for name in ("geometry", "pose")}
    settings = json.loads(jobs.score_settings(["geometry", "pose"])(job(variant="ours")))
    assert set(settings) == {"geometry", "pose"}


def test_a_variants_own_prior_is_checked_by_its_own_keys(experiment_of: Maker) -> None:
    jobs = jobs_of(experiment_of)
    shared, own = (
        json.loads(jobs.models_settings(job(part=part)))["prior"]["model"]
        for part in ("prior", "larger/prior")
    )
    assert (own, shared != own) == ("some/one", True)
    assert [jobs.models_part(job(part=part)) for part in ("clip", "larger/prior")] == [
        *("clip", "prior"),
    ]


def test_a_prompt_is_the_sentence_of_its_id(experiment_of: Maker) -> None:
    jobs = jobs_of(experiment_of)
    assert jobs.prompt(job(prompt="bob")) == "a man"
    with pytest.raises(WorkflowError, match="no prompt has the id 'eve'; choose one of ann, bob"):
        jobs.prompt(job(prompt="eve"))


def test_folders_formats_and_earlier_failures(experiment_of: Maker) -> None:
    jobs = jobs_of(experiment_of)
    assert jobs.root(job()) == "results/small"
    assert jobs.folder(job(), ["a/views/00.png", "a/sheet.png"]) == "a"
    assert jobs.export_format(job(file="avatar_splats.glb")) == "splat-glb"
    record = Path("logged.json")
    record.write_text('{"logged": false, "failures": 3}')
    assert jobs.failures(job(), [str(record), "none.json"]) == [3, 0]


def test_a_second_try_has_twice_the_memory(experiment_of: Maker) -> None:
    memory = jobs_of(experiment_of).memory(8000)
    assert [memory(job(), attempt) for attempt in (1, 2)] == [8000, 16000]


def test_what_draws_and_measures_takes_no_gpu(experiment_of: Maker) -> None:
    jobs = jobs_of(experiment_of)
    taking = {name: jobs.gpus_of(name) for name in ("train", "render", "score_alignment")}
    assert taking == {"train": 1, "render": 0, "score_alignment": 0}
    assert jobs.gpus_of("score_clip") == 1


def test_a_wildcard_is_one_of_some_names_or_nothing() -> None:
    assert re.fullmatch(one_of(["prune_0.1", "ours"]), "prune_0.1")
    assert not re.fullmatch(one_of(["prune_0.1", "ours"]), "prune_0x1")
    assert not re.fullmatch(one_of([]), "")
