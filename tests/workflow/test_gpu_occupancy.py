"""GPUs stay in trainings: the real rules with stand-ins for the stages, by a clock that jumps."""

import sys
from pathlib import Path

import pytest
from workflow_copy import Workflow

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from occupancy.stand_in_run import run_in
from occupancy.timeline import Timeline

GPUS = 2
# A tenth of a training is rendered and scored after it.
TIMES = """rule\tvariant\tseconds\teach\tsource
train\t\t1000\t\t
render\t\t60\t\t
score_avatar\t\t40\t\t
*\t\t10\t\t
"""


def ran(workflow: Workflow, cores: int) -> Timeline:
    """Eight avatars on two GPUs."""
    prompts = "".join(f"p{number}\tman number {number}\n" for number in range(3))
    (workflow.folder / "config/prompts/laptop.tsv").write_text(f"id\tprompt\n{prompts}")
    workflow.edit("config/laptop.yaml", "[walk, dance, kick]", "[walk]")
    workflow.edit("config/laptop.yaml", "device: auto", "device: cuda")
    workflow.section("ablation", "{variants: [ours, sds], prompts: [p0], seeds: [0, 1, 2]}")
    workflow.section("scores", "{names: [clip, fid, geometry]}")
    workflow.section("threads", "2")
    times = workflow.folder / "times.tsv"
    times.write_text(TIMES)
    arguments = ("--profile", "profiles/laptop")
    return run_in(workflow.folder, arguments, times, GPUS, cores)


# As many cores as two trainings would take with the threads of other jobs, and more.
@pytest.mark.parametrize("cores", [4, 16])
def test_gpus_train_while_other_jobs_draw_and_score(workflow: Workflow, cores: int) -> None:
    timeline = ran(workflow, cores)
    trainings = [job for job in timeline.jobs if job.rule == "train"]
    assert len(trainings) == 8
    assert timeline.share() >= 0.95, timeline.summary()
    assert {"render", "score_avatar", "figure"}.isdisjoint(timeline.held())
    # What is trained is drawn beside the next trainings, not after all of them.
    drawn = sorted(job.end for job in timeline.jobs if job.rule == "render")
    assert drawn[len(drawn) // 2] < timeline.trained
