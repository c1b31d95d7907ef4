"""What avatars are judged by: references, scores and their weights, the user study."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from gaussianmotion.config.rendering import PoseName
from gaussianmotion.config.score_names import declared_scores
from gaussianmotion.config.section import (
    SHA256_PATTERN,
    Count,
    Positive,
    Section,
    Seed,
    Slug,
    SystemName,
    UserPath,
    Words,
)


class ReferenceKind(Section):
    """What references are, as far as a table must say it."""

    count: Count = Field(10, description="Samples of each prompt.")
    suffix: Words = Field(
        "",
        description="Words added to the prompt, after the prior's own; the paper's are none. The "
        "embedded prior's name the framing and ground of the renders.",
    )
    pose: Literal["none", PoseName] = Field(
        "none",
        description="none: text alone, the paper's protocol. A pose: sample i shows it from "
        "azimuth i of as many, for a prior that draws no whole person without one.",
    )


class ReferenceConfig(ReferenceKind):
    """Samples of the text-to-image model, which the renders' distribution is compared with."""

    steps: Count = Field(50, description="DDIM steps.")
    guidance_scale: Positive = Field(7.5, description="s of classifier-free guidance.")
    batch: Count = Field(5, description="Samples at once.")
    seed: Seed = Field(0, description="Of the noise that samples begin with.")


class NoisedConfig(Section):
    """Fig. 5's samples: the front render, noised, denoised with and without the pose."""

    timestep: Annotated[int, Field(ge=1, le=999)] = Field(600, description="Noise level, of 1000.")
    steps: Count = Field(30, description="DDIM steps from there.")
    guidance_scale: Positive = Field(7.5, description="s of classifier-free guidance.")
    seed: Seed = Field(0, description="Of the noise that is added.")


# Each declared score; the type checker cannot know them.
if TYPE_CHECKING:
    ScoreName = str
else:
    ScoreName = Literal[tuple(declared_scores())]
PAPER_SCORES: tuple[ScoreName, ...] = ("clip", "fid", "hps", "geometry", "pose")


class ScoreNames(Section):
    """Which scores an experiment reports."""

    names: list[ScoreName] = Field(
        default_factory=lambda: list(PAPER_SCORES),
        description="What each of them measures, reads and needs is in docs/reference/scores.md.",
    )


class AlignmentWeights(Section):
    """The small text alignment model."""

    alignment_model: UserPath = Field(
        Path("resources/alignment"),
        description="Folder of the small text alignment model, in open_clip's format.",
    )


class ScoresConfig(AlignmentWeights, ScoreNames):
    """Which scores an experiment reports, and with which models."""


class WeightsConfig(Section):
    """Weights of one score: a file or folder of yours, or where they are fetched from."""

    source: str = Field(
        "",
        description="Hub id (owner/name), https:// address of the file, or path of your own copy: "
        "the file, or a folder that holds it.",
    )
    revision: str | None = Field(
        None, description="Pinned commit of a hub source; ignored for others."
    )
    file: str = Field("", description="Name of the file of weights.")
    companions: list[str] = Field(
        default_factory=list, description="Small files that belong to it, of the same hub source."
    )
    sha256: Annotated[str, Field(pattern=SHA256_PATTERN)] | None = Field(
        None, description="Digest that the file of weights must have; null: what is found is noted."
    )
    architecture: str = Field("", description="Name of the network in open_clip, where it has one.")
    gib: Positive = Field(1.0, description="Size of the download, GiB.")


class ModelsFolder(Section):
    """Where models are kept."""

    folder: UserPath | None = Field(
        None,
        description="Folder of downloads that several users may share; null: HF_HOME, else "
        "~/.cache/huggingface.",
    )

    @model_validator(mode="before")
    @classmethod
    def _keep_other_keys(cls, data: Any) -> Any:
        """``clip: {source: /my/copy}`` changes the source only, as in every other section."""
        if not isinstance(data, dict):
            return data
        completed = dict(data)
        for name, field in cls.model_fields.items():
            if field.annotation is WeightsConfig and isinstance(data.get(name), dict):
                completed[name] = {**field.get_default().model_dump(), **data[name]}
        return completed


class ClipModel(ModelsFolder):
    """The weights of the CLIP score.

    LAION's ViT-L/14, not OpenAI's: that one's text encoder is Stable Diffusion's own, so that score
    distillation would be judged by what it optimises.
    """

    clip: WeightsConfig = WeightsConfig(
        source="laion/CLIP-ViT-L-14-laion2B-s32B-b82K",
        revision="1627032197142fbe2a7cfec626f4ced3ae60d07a",
        file="open_clip_pytorch_model.safetensors",
        companions=["open_clip_config.json"],
        sha256="7d129ed747e0ed53e82dfcc140382b51be66b56e6a9bdc3258afd2846e3bb019",
        architecture="ViT-L-14",
        gib=1.6,
    )


class InceptionModel(ModelsFolder):
    """The weights of FID and KID."""

    inception: WeightsConfig = WeightsConfig(
        source="https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/"
        "weights-inception-2015-12-05-6726825d.pth",
        file="weights-inception-2015-12-05-6726825d.pth",
        sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        gib=0.1,
    )


class HpsModel(ModelsFolder):
    """The weights of HPSv2."""

    hps: WeightsConfig = WeightsConfig(
        source="xswu/HPSv2",
        revision="697403c78157020a1ae59d23f111aa58ced35b0a",
        file="HPS_v2.1_compressed.pt",
        sha256="c57a38fb4a2f7e7c15bf00da2ea377cdf165448b4dd1052a484c215a998c9837",
        architecture="ViT-H-14",
        gib=1.9,
    )


class ModelsConfig(HpsModel, InceptionModel, ClipModel):
    """Where models are kept, and which weights the scores use."""


class StudyConfig(Section):
    """The user study (Table 2): which systems are compared, in how many A/B pairs."""

    compared: Slug = Field("ours", description="The variant that the others are compared with.")
    against: list[SystemName] = Field(
        default_factory=list,
        description="Variants and imported baselines; none: every imported baseline.",
    )
    pairs: Count = Field(30, description="A/B pairs that each person judges.")
    seed: Seed = Field(0, description="Of the choice of pairs.")
