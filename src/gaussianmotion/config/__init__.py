"""The experiment's configuration: the single source of keys, types, units and defaults.

``config.yaml`` holds the paper's experiment, overlays (``config/laptop.yaml``, a variant of
``config/variants.yaml``) change single keys. The JSON schema is generated from these models.
"""

from gaussianmotion.config.evaluation import (
    PAPER_SCORES,
    ModelsConfig,
    NoisedConfig,
    ReferenceConfig,
    ScoreName,
    ScoresConfig,
    StudyConfig,
    WeightsConfig,
)
from gaussianmotion.config.experiment import AblationConfig, Config, TrackingConfig
from gaussianmotion.config.motion import MotionFile
from gaussianmotion.config.prior import BodyConfig, FramingWords, PriorConfig
from gaussianmotion.config.rendering import RenderConfig
from gaussianmotion.config.section import Count, Positive, Section, Seed, Share, Slug, SystemName
from gaussianmotion.config.training import (
    CameraConfig,
    DensityConfig,
    DistillationConfig,
    LearningRates,
    LossConfig,
    PoseConfig,
    TrainConfig,
)

__all__ = [
    "PAPER_SCORES",
    "AblationConfig",
    "BodyConfig",
    "CameraConfig",
    "Config",
    "Count",
    "DensityConfig",
    "DistillationConfig",
    "FramingWords",
    "LearningRates",
    "LossConfig",
    "ModelsConfig",
    "MotionFile",
    "NoisedConfig",
    "PoseConfig",
    "Positive",
    "PriorConfig",
    "ReferenceConfig",
    "RenderConfig",
    "ScoreName",
    "ScoresConfig",
    "Section",
    "Seed",
    "Share",
    "Slug",
    "StudyConfig",
    "SystemName",
    "TrackingConfig",
    "TrainConfig",
    "WeightsConfig",
]
