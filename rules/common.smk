# What the rules share. FILES and SCORES know which files there are, JOBS what each job is told: see
# src/gaussianmotion/workflow.

import os

from gaussianmotion.figures.grid import FIGURES
from gaussianmotion.models.sources import share_hub_cache
from gaussianmotion.pipeline.ownership import remember_experiment
from gaussianmotion.runtime.gpu import device_pool
from gaussianmotion.workflow.environment import job_environment, one_writer
from gaussianmotion.workflow.files import SCORE_TABLES, SPLAT_EXPORTS, ExperimentFiles
from gaussianmotion.workflow.gpus import Gpus
from gaussianmotion.workflow.jobs import Jobs, one_of
from gaussianmotion.workflow.opening import open_experiment
from gaussianmotion.workflow.score_files import ScoreFiles

EXPERIMENT = open_experiment(workflow, config)
CONFIG = EXPERIMENT.config
FILES = ExperimentFiles(EXPERIMENT)
SCORES = ScoreFiles(FILES)
JOBS = Jobs(EXPERIMENT, Gpus(CONFIG, device_pool()))
# Threads of rules that may hold a GPU; the GPUs stay in training while others render.
GPU_THREADS = JOBS.gpus.threads(CONFIG.threads, workflow)
ROOT = FILES.root
RUN = FILES.run  # with wildcards
ENVIRONMENT = "../envs/gaussianmotion.yaml"
# SQLite is for the processes of one computer: where jobs run on others, this one writes it alone.
SQLITE = one_writer(CONFIG)

# Where models are kept and runs are logged changes no result, so it is no parameter of a job.
os.environ.update(
    job_environment(CONFIG, SOURCE, workflow.cores, workflow.remote_exec, os.environ)
)
share_hub_cache(CONFIG)
