"""The settings of each stage: the keys that it may read, and no others.

They are made of the configuration's own classes, so that types, units and defaults are written
once. ``pipeline/stages.py`` says which stage has which; the scores' are with the scores.
"""

from gaussianmotion.config.evaluation import (
    ClipModel,
    HpsModel,
    InceptionModel,
    NoisedConfig,
    ReferenceConfig,
    ReferenceKind,
    ScoreNames,
    StudyConfig,
)
from gaussianmotion.config.experiment import (
    DeviceKeys,
    DrawingKeys,
    ExperimentKeys,
    GridKeys,
    MotionKeys,
    PromptKeys,
    TrackingSwitch,
)
from gaussianmotion.config.prior import BodyConfig, PriorConfig, PriorName
from gaussianmotion.config.rendering import (
    Background,
    Drawn,
    Framing,
    MovingAvatar,
    Multiview,
    PictureSize,
    RenderConfig,
    Standing,
    StandingAvatar,
)
from gaussianmotion.config.section import Section
from gaussianmotion.config.training import TrainConfig, TrainingScale


class NoSettings(Section):
    """Those of a stage that reads no key."""


class PromptsSettings(PromptKeys):
    """Of the checked prompt list."""


class PriorSettings(Section):
    """Of the check of a prior."""

    prior: PriorConfig = PriorConfig()


class ClipModelSettings(Section):
    """Of the check of CLIP's weights."""

    models: ClipModel = ClipModel()


class HpsModelSettings(Section):
    """Of the check of HPSv2's weights."""

    models: HpsModel = HpsModel()


class InceptionModelSettings(Section):
    """Of the check of Inception's weights."""

    models: InceptionModel = InceptionModel()


class TrainSettings(DrawingKeys):
    """Of one prompt's training."""

    prior: PriorConfig = PriorConfig()
    body: BodyConfig = BodyConfig()
    train: TrainConfig = TrainConfig()


class ViewsSettings(DrawingKeys):
    """Of an avatar's still views and turntable."""

    render: StandingAvatar = StandingAvatar()


class AnimateSettings(DrawingKeys):
    """Of an avatar's video of a motion."""

    render: MovingAvatar = MovingAvatar()


class RenderSettings(DrawingKeys, MotionKeys):
    """Of all of an avatar's pictures and videos."""

    render: RenderConfig = RenderConfig()


class ViewerSettings(MotionKeys):
    """Of an avatar's page: its motions, and how it is first seen."""

    render: RenderConfig = RenderConfig()


class ReferenceSettings(DeviceKeys):
    """Of the samples of the text-to-image model; the body is that of a posed reference."""

    prior: PriorConfig = PriorConfig()
    body: BodyConfig = BodyConfig()
    reference: ReferenceConfig = ReferenceConfig()


class StandingRender(Standing, Framing, Drawn, PictureSize):
    """How a standing avatar is drawn."""


class NoisedSettings(DrawingKeys):
    """Of Fig. 5's samples."""

    render: StandingRender = StandingRender()
    noised: NoisedConfig = NoisedConfig()


class FigureSettings(DrawingKeys, MotionKeys, GridKeys):
    """Of the paper's figures."""

    render: RenderConfig = RenderConfig()


class BaselineRender(Background, Multiview, PictureSize):
    """What other systems' renders must be like."""


class BaselineSettings(Section):
    """Of the import of other systems' renders."""

    render: BaselineRender = BaselineRender()


class CollectSettings(GridKeys):
    """Of the table of all scores."""

    scores: ScoreNames = ScoreNames()


class TablesSettings(CollectSettings):
    """Of the tables that are made of it."""

    prior: PriorName = PriorName()
    train: TrainingScale = TrainingScale()
    reference: ReferenceKind = ReferenceKind()


class StudySettings(GridKeys):
    """Of the choice of the user study's pairs."""

    study: StudyConfig = StudyConfig()


class ReportSettings(GridKeys, ExperimentKeys):
    """Of the page of results."""

    scores: ScoreNames = ScoreNames()
    tracking: TrackingSwitch = TrackingSwitch()
