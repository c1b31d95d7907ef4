"""The experiment's configuration: the single source of keys, types, units and defaults.

``config.yaml`` holds the paper's experiment, overlays (``config/laptop.yaml``, a variant of
``config/variants.yaml``) change single keys. The JSON schema is generated from these models.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
Count = Annotated[int, Field(ge=1)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,79}$")]
# Other systems keep their published names.
SystemName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")]


class Section(BaseModel):
    """Base of all sections: frozen, and a key that does not exist is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FramingWords(Section):
    """Words that tell the prior how much of the person is in the picture.

    The embedded prior's captions say "head", photographers "head shot".
    """

    full_body: str = "full body"
    upper_body: str = "upper body"
    head: str = "head shot"


class PriorConfig(Section):
    """The text-to-image model with pose control, in diffusers layout."""

    model: str = Field(
        "stable-diffusion-v1-5/stable-diffusion-v1-5",
        description="Hub id or folder of the diffusion model (vae, unet, scheduler, text encoder).",
    )
    revision: str | None = Field(
        "451f4fe16113bff5a5d2269ed5ad43b0592e9a14",
        description="Pinned revision of a hub model; ignored for a folder.",
    )
    controlnet: str = Field(
        "lllyasviel/control_v11p_sd15_openpose",
        description="Hub id or folder of the OpenPose ControlNet.",
    )
    controlnet_revision: str | None = Field(
        "9ae9f970358db89e211b87c915f9535c6686d5ba",
        description="Pinned revision of a hub ControlNet; ignored for a folder.",
    )
    dtype: Literal["float32", "bfloat16", "float16"] = Field(
        "float16", description="Precision of the networks; differences of scores stay in float32."
    )
    prompt_suffix: str = Field(
        "", description="Words added to every prompt, before the view and framing words."
    )
    negative_prompt: str = Field(
        "low quality, blurry, deformed, extra limbs, cropped",
        description="Prompt of the unwanted, used by nfsd.",
    )
    framing_words: FramingWords = FramingWords()


class BodyConfig(Section):
    """The posable human that the Gaussians are skinned to."""

    path: Path = Field(
        Path("resources/body/open_body.npz"),
        description="SMPL-layout file: the shipped open body, or your licensed SMPL .npz or .pkl.",
    )
    betas: list[float] = Field(
        default_factory=list, max_length=10, description="Shape coefficients, at most 10."
    )


class ScoreConfig(Section):
    """Score distillation (eq. 5 and 6)."""

    method: Literal["asd", "sds", "csd", "nfsd"] = "asd"
    guidance_scale: Positive = Field(50.0, description="s of eq. 5.")
    tau: Annotated[int, Field(ge=0, le=1000)] = Field(
        400, description="Timestep below which ASD uses the classifier score alone (eq. 6)."
    )
    low_t_scale: Literal["s", "1"] = Field(
        "s", description="Factor of delta_c below tau: s, or 1 (eq. 6 as printed)."
    )
    weighting: Literal["one", "one_minus_alpha_bar"] = Field("one", description="w(t) of eq. 2.")
    t_min: Annotated[int, Field(ge=0, le=999)] = 20
    t_max: Annotated[int, Field(ge=1, le=1000)] = Field(
        980, description="Largest timestep before annealing."
    )
    t_max_late: Annotated[int, Field(ge=1, le=1000)] = Field(
        500, description="Largest timestep after annealing."
    )
    anneal_at: Share = Field(0.5, description="Share of the training after which t_max_late holds.")

    @model_validator(mode="after")
    def _ordered(self) -> "ScoreConfig":
        if not self.t_min < self.t_max_late <= self.t_max:
            raise ValueError(
                f"t_min < t_max_late <= t_max is needed, but they are "
                f"{self.t_min}, {self.t_max_late}, {self.t_max}"
            )
        return self


class LossConfig(Section):
    """Weights of eq. 8.

    Eq. 7 is a mean over N Gaussians, so lambda_scale reaches each of them divided by N, while the
    gradient of score distillation with respect to one splat depends on its size in latent cells, s
    and w(t), not on N. 3e4 was found at 12,000 Gaussians, 32 x 32 latents, s = 7.5 and
    w = 1 - alpha_bar (about 0.6 on average). The same balance at 50,000, 64 x 64, s = 50 and w = 1
    is 3e4 x 50/12 x (64/32)^2 x 50/7.5 / 0.6 = 5.6e6. Its exact size matters little: the loss is
    zero below r, and Adam bounds the step above it.
    """

    scale: Annotated[float, Field(ge=0)] = Field(
        5e6, description="lambda_scale; in proportion to the number of Gaussians, see LossConfig."
    )
    scale_threshold: Positive = Field(0.01, description="r of eq. 7, metres.")
    skin: Annotated[float, Field(ge=0)] = Field(1.0, description="lambda_skin.")


class LearningRates(Section):
    """Adam learning rates, one per group."""

    means: Positive = 1.6e-4
    means_decay: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        1.0,
        description="Share of its rate that the means' falls to, exponentially: surfaces move "
        "early and are smooth late.",
    )
    quats: Positive = 1e-3
    scales: Positive = 5e-3
    opacities: Positive = 1e-2
    colours: Positive = 1.25e-2
    skinning: Positive = 1e-4


class DensityConfig(Section):
    """Adaptive density control, for the magnitude of score-distillation gradients."""

    enabled: bool = True
    start: Share = Field(0.1, description="Share of the training before which nothing is cloned.")
    stop: Share = Field(0.7, description="Share of the training after which nothing is cloned.")
    every: Count = Field(300, description="Steps between two density updates.")
    grow_quantile: Share = Field(
        0.97, description="Gaussians above this quantile of the mean view gradient are grown."
    )
    grow_scale: Positive = Field(
        0.01, description="Metres; above it a Gaussian is split, below it cloned."
    )
    max_gaussians: Count = 200_000
    prune_opacity: Share = Field(0.005, description="Gaussians fainter than this are removed.")
    prune_scale: Positive = Field(
        0.1, description="Metres; Gaussians whose largest axis exceeds it are removed."
    )


class PoseConfig(Section):
    """Training poses: normal around the star pose, within human joint limits."""

    distribution: Literal["star_normal", "fixed"] = Field(
        "star_normal", description="fixed: every step uses the mean pose (the static ablation)."
    )
    mean: Literal["star", "a", "t"] = "star"
    std: Annotated[float, Field(ge=0)] = Field(
        20.0, description="Standard deviation of the large joints, degrees; the spine gets a third."
    )
    arms_down: Share = Field(
        0.0, description="Share of poses whose arms are lowered to the sides and legs closed."
    )


class CameraConfig(Section):
    """Random training views."""

    elevation: tuple[float, float] = Field((-15.0, 30.0), description="Degrees.")
    fov_y: tuple[float, float] = Field((40.0, 60.0), description="Degrees.")
    full_body: Share = 0.6
    upper_body: Share = 0.2
    head: Share = 0.2
    margin: tuple[float, float] = Field(
        (1.1, 1.4), description="Height of the framed part's picture over the part's own height."
    )

    @model_validator(mode="after")
    def _shares(self) -> "CameraConfig":
        total = self.full_body + self.upper_body + self.head
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"full_body + upper_body + head must be 1, but they sum to {total:g}")
        return self


class TrainConfig(Section):
    """One prompt's training."""

    steps: Count = 3600
    batch: Count = Field(4, description="Views per step.")
    size: Annotated[int, Field(ge=32, multiple_of=32)] = Field(512, description="Pixels.")
    gaussians: Count = Field(50_000, description="Points on the body at the start.")
    opacity: Share = Field(0.1, description="Opacity at the start.")
    pose_guidance: bool = Field(True, description="Give the pose image to the ControlNet.")
    pose_per_view: bool = Field(True, description="A pose for each view, not one for each step.")
    residual_skinning: bool = Field(True, description="Learn f_theta of eq. 4.")
    backgrounds: list[tuple[float, float, float]] = Field(
        default_factory=lambda: [(1.0, 1.0, 1.0), (0.5, 0.5, 0.5), (0.0, 0.0, 0.0)],
        description="RGB in [0, 1]; each view draws one.",
        min_length=1,
    )
    score: ScoreConfig = ScoreConfig()
    loss: LossConfig = LossConfig()
    lr: LearningRates = LearningRates()
    density: DensityConfig = DensityConfig()
    poses: PoseConfig = PoseConfig()
    cameras: CameraConfig = CameraConfig()
    preview_every: Count = Field(200, description="Steps between two preview images.")
    checkpoint_every: Count = Field(200, description="Steps between two checkpoints.")


class RenderConfig(Section):
    """Pictures and videos of a finished avatar."""

    size: Annotated[int, Field(ge=32, multiple_of=16)] = Field(512, description="Pixels.")
    views: Count = Field(10, description="Azimuths of the multi-view set (Table 1's protocol).")
    turntable_frames: Count = 120
    fps: Count = 30
    background: tuple[float, float, float] = (1.0, 1.0, 1.0)
    pose: Literal["star", "a", "t", "arms_down"] = Field(
        "a", description="Pose of the still views."
    )
    fov_y: Annotated[float, Field(ge=5.0, le=90.0)] = Field(
        30.0, description="Degrees; a long lens keeps heads and feet in proportion."
    )
    elevation: Annotated[float, Field(ge=-60.0, le=60.0)] = Field(
        0.0, description="Degrees above the horizon of the still views."
    )
    video_elevation: Annotated[float, Field(ge=-60.0, le=60.0)] = Field(
        8.0, description="Degrees above the horizon of the videos; above 0 the floor is seen."
    )
    motion_azimuth: Annotated[float, Field(ge=-180.0, le=180.0)] = Field(
        30.0, description="Degrees from the clip's mean heading: both arms and legs are seen."
    )
    margin: Annotated[float, Field(ge=0.0, lt=0.4)] = Field(
        0.04, description="Share of the picture kept free on each side of the person."
    )
    room: Annotated[float, Field(ge=0.0, le=1.0)] = Field(
        0.08, description="Metres around the body that hair, hats and skirts may take."
    )
    motion_seconds: Positive = Field(
        4.0, description="Cyclic clips are repeated until they last this long."
    )
    motion_seconds_max: Positive = Field(12.0, description="Longer clips are cut here.")
    ground: bool = Field(True, description="Videos have a soft shadow and faint floor lines.")
    anti_alias: Share = Field(
        0.6,
        description="Splats are widened by this share of the blur that they were trained with, so "
        "that pictures larger than the training's show no needles and gaps; at 1 hands turn to "
        "mittens, since close-ups were trained with less.",
    )


class AblationConfig(Section):
    """The ablations' grid: every variant on some prompts with some seeds, beside the main grid."""

    variants: list[Slug] = Field(
        default_factory=list, description="Names of the variants file; none: no ablations."
    )
    prompts: list[str] = Field(
        default_factory=list, description="Ids of the prompt list; none: its first three."
    )
    seeds: list[Annotated[int, Field(ge=0)]] = Field(default_factory=lambda: [0], min_length=1)


class ReferenceConfig(Section):
    """Samples of the text-to-image model, which the renders' distribution is compared with."""

    count: Count = Field(10, description="Samples of each prompt.")
    suffix: str = Field(
        "",
        description="Words added to the prompt, after the prior's own; the paper's are none. The "
        "embedded prior's name the framing and ground of the renders.",
    )
    pose: Literal["none", "star", "a", "t", "arms_down"] = Field(
        "none",
        description="none: text alone, the paper's protocol. A pose: sample i shows it from "
        "azimuth i of as many, for a prior that draws no whole person without one.",
    )
    steps: Count = Field(50, description="DDIM steps.")
    guidance_scale: Positive = 7.5
    batch: Count = Field(5, description="Samples at once.")
    seed: Annotated[int, Field(ge=0)] = 0


class NoisedConfig(Section):
    """Fig. 5's samples: the front render, noised, denoised with and without the pose."""

    timestep: Annotated[int, Field(ge=1, le=999)] = Field(600, description="Noise level, of 1000.")
    steps: Count = Field(30, description="DDIM steps from there.")
    guidance_scale: Positive = 7.5
    seed: Annotated[int, Field(ge=0)] = 0


ScoreName = Literal["clip", "hps", "fid", "alignment", "features", "geometry", "pose"]
PAPER_SCORES: tuple[ScoreName, ...] = ("clip", "fid", "hps", "geometry", "pose")


class ScoresConfig(Section):
    """Which scores an experiment reports, and with which models."""

    names: list[ScoreName] = Field(
        default_factory=lambda: list(PAPER_SCORES),
        description="clip, hps: of the front view. fid: FID and KID. alignment, features: the "
        "small models that ship, under their own names. geometry, pose: need no weights.",
    )
    alignment_model: Path = Field(
        Path("resources/alignment"),
        description="Folder of the small text alignment model, in open_clip's format.",
    )


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
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="Digest that the file of weights must have; null: what is found is noted."
    )
    architecture: str = Field("", description="Name of the network in open_clip, where it has one.")
    gib: Positive = Field(1.0, description="Size of the download, GiB.")


class ModelsConfig(Section):
    """Where models are kept, and which weights the scores use.

    CLIP is LAION's ViT-L/14, not OpenAI's: that one's text encoder is Stable Diffusion's own, so
    that score distillation would be judged by what it optimises.
    """

    folder: Path | None = Field(
        None,
        description="Folder of downloads that several users may share; null: HF_HOME, else "
        "~/.cache/huggingface.",
    )
    clip: WeightsConfig = WeightsConfig(
        source="laion/CLIP-ViT-L-14-laion2B-s32B-b82K",
        revision="1627032197142fbe2a7cfec626f4ced3ae60d07a",
        file="open_clip_pytorch_model.safetensors",
        companions=["open_clip_config.json"],
        sha256="7d129ed747e0ed53e82dfcc140382b51be66b56e6a9bdc3258afd2846e3bb019",
        architecture="ViT-L-14",
        gib=1.6,
    )
    inception: WeightsConfig = WeightsConfig(
        source="https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/"
        "weights-inception-2015-12-05-6726825d.pth",
        file="weights-inception-2015-12-05-6726825d.pth",
        sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        gib=0.1,
    )
    hps: WeightsConfig = WeightsConfig(
        source="xswu/HPSv2",
        revision="697403c78157020a1ae59d23f111aa58ced35b0a",
        file="HPS_v2.1_compressed.pt",
        sha256="c57a38fb4a2f7e7c15bf00da2ea377cdf165448b4dd1052a484c215a998c9837",
        architecture="ViT-H-14",
        gib=3.7,
    )

    @model_validator(mode="before")
    @classmethod
    def _keep_other_keys(cls, data: Any) -> Any:
        """``clip: {source: /my/copy}`` changes the source only, as in every other section."""
        if not isinstance(data, dict):
            return data
        completed = dict(data)
        for name in ("clip", "inception", "hps"):
            if isinstance(data.get(name), dict):
                default = cls.model_fields[name].get_default().model_dump()
                completed[name] = {**default, **data[name]}
        return completed


class StudyConfig(Section):
    """The user study (Table 2): which systems are compared, in how many A/B pairs."""

    compared: Slug = Field("ours", description="The variant that the others are compared with.")
    against: list[SystemName] = Field(
        default_factory=list,
        description="Variants and imported baselines; none: every imported baseline.",
    )
    pairs: Count = Field(30, description="A/B pairs that each person judges.")
    seed: Annotated[int, Field(ge=0)] = Field(0, description="Of the choice of pairs.")


class TrackingConfig(Section):
    """MLflow: a projection of the result files, which can be rebuilt."""

    enabled: bool = True
    uri: str = Field(
        "sqlite:///results/mlflow/mlflow.db",
        description="Overridden by the environment's MLFLOW_TRACKING_URI.",
    )
    artifacts: str = Field("results/mlflow/artifacts", description="Where artifacts are kept.")


class Config(Section):
    """A whole experiment."""

    experiment: Slug = "paper"
    results: Path = Path("results")
    prompts: Path = Field(Path("config/prompts/paper.tsv"), description="TSV: id, prompt.")
    prompt: str | None = Field(
        None, max_length=2000, description="One sentence, in place of the prompt list."
    )
    variants: list[Slug] = Field(default_factory=lambda: ["ours"], min_length=1)
    variants_file: Path = Path("config/variants.yaml")
    seeds: list[Annotated[int, Field(ge=0)]] = Field(default_factory=lambda: [0], min_length=1)
    ablation: AblationConfig = AblationConfig()
    baselines: dict[SystemName, Path] = Field(
        default_factory=dict,
        description="Folders of other systems' renders, by the system's name (docs/baselines.md).",
    )
    scale: str = Field(
        "full", description="full, or the name of one of `scales`: a smaller version of it all."
    )
    scales: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Named overlays of these keys, for `--config scale=NAME`."
    )
    motions: list[str] = Field(
        default_factory=lambda: ["walk", "run", "dance", "kick"],
        description="Bundled clips by name, or paths to AMASS / SMPL .npz files.",
    )
    device: Literal["auto", "cpu", "cuda"] = "auto"
    rasteriser: Literal["auto", "gsplat", "numba", "torch"] = Field(
        "auto", description="auto: gsplat on CUDA, numba on the CPU."
    )
    threads: Count = Field(2, description="CPU threads of one training or rendering job.")
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
