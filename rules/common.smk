# What the rules share: the validated configuration and the functions that read it.

import os
import re
import sys
from pathlib import Path

# Rules call `python -m gaussianmotion`: the interpreter that runs Snakemake (or the rule's conda
# environment, which comes first on PATH), and this checkout's package, wherever it is installed.
SOURCE = Path(workflow.basedir) / "src"
sys.path.insert(0, str(SOURCE))
os.environ.update(
    PATH=os.pathsep.join(
        [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    ),
    PYTHONPATH=os.pathsep.join(
        filter(None, [str(SOURCE), os.environ.get("PYTHONPATH")])
    ),
)

from gaussianmotion.runtime import gpu
from gaussianmotion.config.command_line import check_overrides
from gaussianmotion.config.file import read_layer
from gaussianmotion.errors import UserError
from gaussianmotion.pipeline.experiment import load_experiment
from gaussianmotion.pipeline.experiment_files import motion_inputs
from gaussianmotion.figures.grid import FIGURES, figure_inputs, figure_rows
from gaussianmotion.pipeline.ownership import (
    refuse_old_results,
    refuse_other_experiment,
    remember_experiment,
)
from gaussianmotion.models.sources import MODELS_FOLDER, share_hub_cache
from gaussianmotion.pipeline import stages
from gaussianmotion.pipeline.replan import plan_missing_outputs
from gaussianmotion.scores import registry
from gaussianmotion.tracking.logged import failures_of
from gaussianmotion.tracking.store import sqlite_path, store_uri

try:
    FILES = [Path(path) for path in workflow.configfiles]
    FILES = [
        path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        for path in FILES
    ]
    for path in FILES:
        read_layer(path)  # stricter than Snakemake, and by the file's name
    if workflow.is_main_process:
        check_overrides(sys.argv)
    OVERRIDES = workflow.config_settings.config
    KEYS = [f"--config {key}" for key in OVERRIDES]
    EXPERIMENT = load_experiment(
        config, ", ".join([*map(str, FILES), *KEYS]), opened=workflow.is_main_process
    )
    if workflow.is_main_process:
        refuse_other_experiment(EXPERIMENT, workflow.configfiles, OVERRIDES)
        refuse_old_results(EXPERIMENT)
        plan_missing_outputs()
except UserError as error:
    print(f"gaussianmotion: {error}", file=sys.stderr)
    sys.exit(2)

STAGES = {**stages.STAGES, **registry.score_stages()}
CONFIG = EXPERIMENT.config
GRID = EXPERIMENT.grid
TWINS = EXPERIMENT.twins
ROOT = f"{CONFIG.results}/{CONFIG.experiment}"
RUN = f"{ROOT}/{{variant}}/{{prompt}}/{{seed}}"
MOTIONS = EXPERIMENT.motions
POOL = gpu.device_pool()
POOLED = tuple(registry.pooled_scores())  # of all prompts of a variant and seed
PICTURE_SCORES = tuple(  # of one front view: other systems have them, too
    name for name, score in registry.run_scores().items() if score.of_pictures
)
SPLAT_FORMATS = ("ply", "spz", "splat_glb")
EXPORTS = {
    "viewer": "avatar.html",
    "ply": "avatar.ply",
    "spz": "avatar.spz",
    "splat_glb": "avatar_splats.glb",
    "mesh_glb": "avatar.glb",
}
ALONE = [name for name in CONFIG.scores.names if name not in POOLED]
SCORE_TABLES = ["table1", "ablations", "win_rate", "verdicts"]
TABLES = [*SCORE_TABLES, "table2"]
OWN_PRIORS = [f"{variant}/prior" for variant in EXPERIMENT.own_priors]
MODELS = [
    "prior",
    *OWN_PRIORS,
    *registry.weights_of(CONFIG.scores.names),
]
VIEW_FILES = [f"views/{index:02d}.png" for index in range(CONFIG.render.views)]
ENVIRONMENT = "../envs/gaussianmotion.yaml"
STORE = f"{CONFIG.results}/mlflow/created.json"
# SQLite is for the processes of one computer: where jobs run on others, this one writes it alone.
SQLITE = sqlite_path(store_uri(CONFIG.tracking)) is not None
TRACKING = CONFIG.tracking.model_copy(
    update={"live": CONFIG.tracking.live and not (SQLITE and workflow.remote_exec)}
)
KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "100000000000"}

os.environ.update(
    # Where a run is logged does not change its results, so it is no parameter.
    GAUSSIANMOTION_TRACKING=TRACKING.model_dump_json(),
    # Training on a CPU takes and returns the same large buffers at every step; glibc would give each
    # back to the kernel and have it cleared again, a tenth of the time.
    **{name: os.environ.get(name, value) for name, value in KEEP_MEMORY.items()},
    # Progress bars of jobs that run side by side would overwrite each other.
    GAUSSIANMOTION_BARS="0" if (workflow.cores or 1) >= 2 * CONFIG.threads else "1",
)
share_hub_cache(CONFIG)  # Nor does where models are kept.
if CONFIG.models.folder is not None:
    os.environ[MODELS_FOLDER] = str(CONFIG.models.folder.expanduser().absolute())


def folder_of(run):
    """The results folder of a run."""
    return f"{ROOT}/{run.variant}/{run.prompt}/{run.seed}"


def finished_runs():
    """The last file of every run of the experiment."""
    last = "logged.json" if CONFIG.tracking.enabled else "sheet.png"
    return [f"{folder_of(run)}/{last}" for run in GRID.runs]


def main_sheets():
    """The contact sheets of the main grid; of the ablations many would look alike in a row."""
    return [f"{folder_of(run)}/sheet.png" for run in GRID.main]


def run_scores(folder):
    """The scores of one run."""
    return [f"{folder}/scores/{name}.json" for name in ALONE]


def pooled_scores():
    """The scores of each variant and seed, pooled over its prompts."""
    return [
        f"{ROOT}/scores/{variant}/{seed}/{name}.json"
        for variant, seed in GRID.pools
        for name in CONFIG.scores.names
        if name in POOLED
    ]


def prior_models_of(wildcards):
    """The check of the models that a variant is trained with."""
    own = f"{wildcards.variant}/prior"
    return f"{ROOT}/models/{own if own in OWN_PRIORS else 'prior'}.json"


def models_settings(wildcards):
    """What the check of a model reads; that of a variant's own prior, its own keys."""
    variant, _, part = wildcards.part.rpartition("/")
    return STAGES[f"models_{part}"].text(
        EXPERIMENT.variant(variant) if variant else CONFIG
    )


def models_part(wildcards):
    """Which models a check is of: those of a prior, or of a score."""
    return wildcards.part.rpartition("/")[2]


def models_of(score):
    """The check of a score's weights, as inputs of its job."""
    return [f"{ROOT}/models/{name}.json" for name in registry.scores()[score].weights]


def score_files():
    """Every score of the experiment."""
    alone = [path for run in GRID.runs for path in run_scores(folder_of(run))]
    return alone + pooled_scores()


def baseline_files(wildcards):
    """The files that the user brought of another system, as far as they are there."""
    folder = CONFIG.baselines[wildcards.system]
    return sorted(str(path) for path in folder.glob("**/*") if path.is_file())


def baseline_score_files():
    """The scores of other systems' pictures, of each prompt and pooled."""
    names = CONFIG.scores.names
    return [
        f"{ROOT}/baselines/{system}/scores/{name}.json"
        for system in CONFIG.baselines
        for score in names
        if score in (*PICTURE_SCORES, *POOLED)
        for name in (
            [score]
            if score in POOLED
            else [f"{prompt}/{score}" for prompt in EXPERIMENT.prompts]
        )
    ]


def study_clips():
    """What the user study's pairs are chosen from: the first seed of each system's prompts."""
    wanted = {CONFIG.study.compared, *CONFIG.study.against}
    seeds = {}
    for run in GRID.runs:
        if run.variant in wanted:
            key = (run.variant, run.prompt)
            seeds[key] = min(run, seeds.get(key, run))
    imported = [
        f"{ROOT}/baselines/{system}/imported.json"
        for system in CONFIG.baselines
        if not CONFIG.study.against or system in CONFIG.study.against
    ]
    names = [
        "run.json",
        "views.json",
        *(f"motions/{motion}.json" for motion in MOTIONS),
    ]
    return imported + [
        f"{folder_of(run)}/{name}" for run in seeds.values() for name in names
    ]


def existing(path):
    """A file that the user may have put there, as an input."""
    return [path] if Path(path).exists() else []


def table_files(kind):
    """The tables of the experiment, all in one format: csv, md or tex."""
    return [f"{ROOT}/tables/{name}.{kind}" for name in TABLES]


def pooled_runs(wildcards):
    """The runs that a pooled score is of."""
    runs = GRID.pooled_runs(wildcards.variant, int(wildcards.seed))
    if not runs:
        raise WorkflowError(
            f"no runs of {wildcards.variant} with seed {wildcards.seed}; name both in the "
            "configuration"
        )
    return runs


def settings(stage):
    """The keys that a stage reads, those of the job's variant, as JSON."""

    def of_job(wildcards):
        variant = getattr(wildcards, "variant", None)
        return STAGES[stage].text(EXPERIMENT.variant(variant) if variant else CONFIG)

    return of_job


def joint_settings(names):
    """The keys that several scores of one avatar read."""

    def of_job(wildcards):
        return registry.joint_settings(names, EXPERIMENT.variant(wildcards.variant))

    return of_job


def code(stage):
    """The digest of the code that a stage runs, so that editing it runs it again."""
    return STAGES[stage].code()


def prompt_text(wildcards):
    """The sentence of a job's prompt id."""
    if wildcards.prompt not in EXPERIMENT.prompts:
        raise WorkflowError(
            f"no prompt has the id {wildcards.prompt!r}; choose one of "
            f"{', '.join(EXPERIMENT.prompts)}"
        )
    return EXPERIMENT.prompts[wildcards.prompt].text


def same_training(wildcards):
    """The run that a variant's training is a copy of."""
    return f"{ROOT}/{TWINS[wildcards.variant]}/{wildcards.prompt}/{wildcards.seed}"


def noised_avatar(wildcards):
    """The avatar of Fig. 5's row: the method's, with the seed that the figure shows."""
    rows = {row.prompt: row.runs[0] for row in figure_rows("fig5", GRID)}
    run = rows.get(wildcards.prompt)
    if run is None:
        chosen = [prompt for prompt, row in rows.items() if row is not None]
        raise WorkflowError(
            f"Fig. 5 does not show the prompt {wildcards.prompt!r}; choose one of "
            f"{', '.join(chosen) or 'none: the experiment has no such variants'}"
        )
    return f"{folder_of(run)}/avatar.safetensors"


def exports():
    """The files for other programs that the configuration asks for."""
    files = [
        f"{folder_of(run)}/{EXPORTS[kind]}"
        for run in GRID.runs
        for kind in CONFIG.export
    ]
    return files + [f"{ROOT}/gallery.html"] * ("viewer" in CONFIG.export)


def format_of(file):
    """The command's word for the format of an exported file."""
    kind = next(kind for kind, name in EXPORTS.items() if name == file)
    return kind.replace("_", "-")


def failures(wildcards, output):
    """How often a record's logging failed; another number, and the rule runs again."""
    return failures_of(Path(output[0]))


def experiment_folder(wildcards):
    """The folder of the experiment, for commands that read all of it."""
    return ROOT


def run_folder(wildcards, output):
    """The folder that holds a job's last output: that of its run."""
    return str(Path(output[-1]).parent)


def figure_files(wildcards):
    """What one of the figures 3-7 is drawn from."""
    return figure_inputs(wildcards.figure, GRID, ROOT)


def gpus(wildcards):
    """GPUs of one job: one where the job would use it."""
    return int(CONFIG.device == "cuda" or (CONFIG.device == "auto" and bool(POOL)))


def gpus_of(stage):
    """GPUs of a stage's jobs."""
    return 0 if STAGES[stage].on_cpu else gpus(None)


def start_no_more_jobs_than_gpus():
    """Lower ``--resources gpu=N`` to the GPUs of this computer: more jobs would only wait."""
    wanted = workflow.global_resources.get("gpu")
    # Which executor runs is not known yet; jobs on other computers are counted by nodes. A single
    # job's own Snakemake has no number.
    elsewhere = workflow.global_resources["_nodes"].value is not None
    if wanted is not None and wanted.value is not None and gpus(None) and not elsewhere:
        count, said = gpu.slots(int(wanted.value), POOL)
        workflow.global_resources["gpu"] = count
        if said and workflow.is_main_process:
            print(f"gaussianmotion: {said}", file=sys.stderr)


def more_memory_each_try(mem_mb):
    """Memory of a job; twice as much where a cluster stopped its first try."""
    return lambda wildcards, attempt: mem_mb * attempt


def draws_with_gsplat():
    """Whether jobs draw with gsplat, which must have been compiled before they start."""
    return bool(gpus(None)) and CONFIG.rasteriser in ("auto", "gsplat")


def one_of(names):
    """A wildcard constraint: exactly one of some names; nothing where there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"
