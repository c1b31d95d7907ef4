"""A whole experiment: its grids of runs, and the sections of all stages."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from gaussianmotion.config.evaluation import (
    ModelsConfig,
    NoisedConfig,
    ReferenceConfig,
    ScoresConfig,
    StudyConfig,
)
from gaussianmotion.config.motion import Motions
from gaussianmotion.config.prior import BodyConfig, PriorConfig
from gaussianmotion.config.rendering import RenderConfig
from gaussianmotion.config.section import Section, Seed, Slug, SystemName, UserPath
from gaussianmotion.config.training import TrainConfig

#: avatar.html, avatar.ply, avatar.spz, avatar_splats.glb, avatar.glb.
ExportFormat = Literal["viewer", "ply", "spz", "splat_glb", "mesh_glb"]


class AblationConfig(Section):
    """The ablations' grid: every variant on some prompts with some seeds, beside the main grid."""

    variants: list[Slug] = Field(
        default_factory=list, description="Names of the variants file; none: no ablations."
    )
    prompts: list[str] = Field(
        default_factory=list, description="Ids of the prompt list; none: its first three."
    )
    seeds: list[Seed] = Field(
        default_factory=lambda: [0], min_length=1, description="Each variant is trained with each."
    )


class TrackingSwitch(Section):
    """Whether there is MLflow."""

    enabled: bool = Field(True, description="Log runs to MLflow.")


class TrackingConfig(TrackingSwitch):
    """MLflow: a projection of the result files, which can be rebuilt."""

    uri: str = Field(
        "sqlite:///results/mlflow/mlflow.db",
        description="Overridden by the environment's MLFLOW_TRACKING_URI.",
    )
    artifacts: str = Field("results/mlflow/artifacts", description="Where artifacts are kept.")
    live: bool = Field(
        True,
        description="Log trainings while they run, not only when they are done. Never into a "
        "SQLite store from a cluster's nodes.",
    )


def _walk_run_dance_kick() -> Motions:
    return ["walk", "run", "dance", "kick"]


class ExperimentKeys(Section):
    """What the experiment is called."""

    experiment: Slug = Field(
        "paper", description="Name of the experiment and of its folder in `results`."
    )


class PromptKeys(Section):
    """What people look like."""

    prompts: UserPath = Field(Path("config/prompts/paper.tsv"), description="TSV: id, prompt.")
    prompt: str | None = Field(
        None, max_length=2000, description="One sentence, in place of the prompt list."
    )


class BaselineKeys(Section):
    """Other systems."""

    baselines: dict[SystemName, UserPath] = Field(
        default_factory=dict,
        description="Folders of other systems' renders, by the system's name "
        "(docs/how-to/baselines.md).",
    )


class GridKeys(BaselineKeys):
    """Which avatars there are: the main grid, and that of the ablations."""

    variants: list[Slug] = Field(
        default_factory=lambda: ["ours"],
        min_length=1,
        description="Names of the variants file that are trained for every prompt; figures show "
        "`ours` if it is among them, else the first.",
    )
    seeds: list[Seed] = Field(
        default_factory=lambda: [0], min_length=1, description="Each prompt is trained with each."
    )
    ablation: AblationConfig = AblationConfig()


class MotionKeys(Section):
    """What avatars are filmed in."""

    motions: Motions = Field(
        default_factory=_walk_run_dance_kick,
        min_length=1,
        description="Bundled clips by name, paths of motion files, or mappings of a path and what "
        "the file does not say (docs/how-to/motions.md).",
    )


class DeviceKeys(Section):
    """Where networks run."""

    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="auto: a GPU where there is one, else the CPU."
    )


class DrawingKeys(DeviceKeys):
    """Where and by what avatars are drawn."""

    rasteriser: Literal["auto", "gsplat", "numba", "torch"] = Field(
        "auto", description="auto: gsplat on CUDA where it can be compiled, else numba, on the CPU."
    )


class Config(DrawingKeys, MotionKeys, GridKeys, PromptKeys, ExperimentKeys):
    """A whole experiment."""

    results: UserPath = Field(Path("results"), description="Folder of all experiments.")
    variants_file: UserPath = Field(
        Path("config/variants.yaml"), description="Overlays of training keys, by variant's name."
    )
    scale: str = Field(
        "full", description="full, or the name of one of `scales`: a smaller version of it all."
    )
    scales: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Named overlays of these keys, for `--config scale=NAME`."
    )
    threads: Annotated[int, Field(ge=1, le=1024)] = Field(
        2, description="CPU threads of one training or rendering job."
    )
    export: list[ExportFormat] = Field(
        default_factory=list,
        description="Files of every avatar for other programs, and the experiment's gallery.html "
        "with viewer (docs/how-to/export.md); each can be asked for by its name, too.",
    )
    prior: PriorConfig = PriorConfig()
    body: BodyConfig = BodyConfig()
    train: TrainConfig = TrainConfig()
    render: RenderConfig = RenderConfig()
    reference: ReferenceConfig = ReferenceConfig()
    noised: NoisedConfig = NoisedConfig()
    scores: ScoresConfig = ScoresConfig()
    models: ModelsConfig = ModelsConfig()
    study: StudyConfig = StudyConfig()
    tracking: TrackingConfig = TrackingConfig()

    @model_validator(mode="after")
    def _scales_apart(self) -> "Config":
        for name, overlay in self.scales.items():
            if name == "full":
                raise ValueError("scales: full stands for no overlay; give this one another name")
            for key in ("scale", "scales"):
                if key in overlay:
                    raise ValueError(f"scales: {name} must not hold {key!r}; remove it")
        return self
