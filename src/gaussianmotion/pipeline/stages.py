"""The stages of the pipeline, each declared once; those of the scores follow from the scores.

To add one: its settings in ``config/stages.py``, a line here, a rule that takes ``settings`` and
``code`` from it, and a command that reads it by ``add_stage`` and ``resolve_stage``
(docs/how-to/add-a-stage.md).
"""

from typing import Any

from gaussianmotion.config import stages as of
from gaussianmotion.config.score_names import declared_scores
from gaussianmotion.pipeline.stage import COMPUTING, Stage

# Tables read what each score says of itself.
_DECLARED = tuple(f"scores.{room}.{name}_score" for name, room in declared_scores().items())
TRAIN = Stage("train", "training.loop:train", of.TrainSettings, COMPUTING)

_TABLES: tuple[Stage[Any], ...] = (
    Stage("collect", "tables.collect:collect", of.CollectSettings, _DECLARED),
    Stage("table1", "tables.table1:table1", of.TablesSettings, _DECLARED),
    Stage("ablations", "tables.ablations:ablations_table", of.TablesSettings, _DECLARED),
    Stage("win_rate", "tables.win_rate:win_rate_table", of.TablesSettings, _DECLARED),
    Stage("verdicts", "tables.verdicts.as_trained:verdicts_of", of.TablesSettings, _DECLARED),
    Stage("table2", "study.table2:table2", of.NoSettings),
)
_ALL: tuple[Stage[Any], ...] = (
    Stage("prompts", "pipeline.prompts:write_prompts", of.PromptsSettings),
    Stage("models_prior", "models.fetch:check_models", of.PriorSettings),
    Stage("models_clip", "models.fetch:check_models", of.ClipModelSettings),
    Stage("models_hps", "models.fetch:check_models", of.HpsModelSettings),
    Stage("models_inception", "models.fetch:check_models", of.InceptionModelSettings),
    Stage("gsplat", "splat.gsplat_build:build_gsplat", of.NoSettings),
    TRAIN,
    Stage("reuse", "pipeline.same_training:copy_training", of.NoSettings),
    Stage("render", "rendering.render:render_avatar", of.RenderSettings, COMPUTING, on_cpu=True),
    # Parts of it, for people who run one thing by hand.
    Stage("views", "rendering.views:render_views", of.ViewsSettings, COMPUTING, on_cpu=True),
    Stage("animate", "rendering.animate:render_motion", of.AnimateSettings, COMPUTING, on_cpu=True),
    Stage(
        "viewer",
        "export.viewer.document:write_viewer",
        of.ViewerSettings,
        COMPUTING,
        data=("export/viewer/page/*",),
    ),
    Stage("export_splats", "export.stills:write_still", of.NoSettings),
    Stage("export_mesh", "export.mesh.file:write_mesh", of.NoSettings),
    Stage(
        "gallery",
        "export.viewer.gallery:write_gallery",
        of.NoSettings,
        data=("export/viewer/page/gallery.*",),
    ),
    Stage("sheet", "rendering.sheet:experiment_sheet", of.NoSettings),
    Stage("reference", "comparisons.references:sample_references", of.ReferenceSettings, COMPUTING),
    Stage("noised", "comparisons.noised:sample_noised", of.NoisedSettings, COMPUTING),
    Stage("baseline", "comparisons.imports:import_baseline", of.BaselineSettings),
    *_TABLES,
    Stage("study", "study.choice:choose_pairs", of.StudySettings),
    Stage("figures", "figures.draw:draw_figure", of.FigureSettings, COMPUTING, on_cpu=True),
    Stage("report", "report.page:write_report", of.ReportSettings, data=("report/templates/*",)),
    Stage("notebook", "report.notebook:execute_notebook", of.NoSettings),
)
STAGES: dict[str, Stage[Any]] = {stage.name: stage for stage in _ALL}
#: Tables of scores; that of the user study is none.
SCORE_TABLES = tuple(stage.name for stage in _TABLES if stage.settings is of.TablesSettings)
