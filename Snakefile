# GaussianMotion: prompts -> models -> train -> render -> score -> log.
#
#   snakemake --cores all --resources gpu=4            the paper's experiment (config.yaml)
#   snakemake --profile profiles/laptop                without a GPU (config/laptop.yaml)
#
# What rules share is in rules/common.smk, one rule file per stage.

import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.10")

# Rules and jobs use this checkout's package, wherever another one is installed.
SOURCE = Path(workflow.basedir) / "src"
sys.path.insert(0, str(SOURCE))

from gaussianmotion.workflow.opening import find_configuration

find_configuration(Path(workflow.basedir))


configfile: "config.yaml"


include: "rules/common.smk"
include: "rules/prompts.smk"
include: "rules/models.smk"
include: "rules/train.smk"
include: "rules/render.smk"
include: "rules/export.smk"
include: "rules/sheet.smk"
include: "rules/reference.smk"
include: "rules/score.smk"
include: "rules/pooled.smk"
include: "rules/tracking.smk"
include: "rules/baselines.smk"
include: "rules/study.smk"
include: "rules/tables.smk"
include: "rules/figures.smk"
include: "rules/report.smk"
include: "rules/synthesis.smk"
include: "rules/synthesis_models.smk"


JOBS.gpus.limit(workflow)


wildcard_constraints:
    variant=r"[a-z0-9][a-z0-9_.-]*",
    prompt=r"[a-z0-9][a-z0-9_-]*",
    seed=r"[0-9]+",


rule avatars:
    input:
        f"{ROOT}/prompts.tsv",
        f"{ROOT}/sheet.png",
        FILES.finished(),


onstart:
    remember_experiment(
        EXPERIMENT, workflow.configfiles, workflow.config_settings.config
    )
    if workflow.local_exec:
        # With a limit on jobs a second, Snakemake looks for work again a second after it last
        # looked, once more for every job that ended: after hundreds of jobs that keeps a core busy.
        # Without one it looks when a job ends. One computer never reaches its default of 100.
        workflow.scheduler.job_rate_limiter = None


rule all:
    default_target: True
    input:
        rules.avatars.input,
        SCORES.all(),
        FILES.figures("png", "pdf"),
        f"{ROOT}/report.html",
        f"{ROOT}/notebook.ipynb",
        FILES.exports(),
        [f"{ROOT}/logged.json"] if CONFIG.tracking.enabled else [],
