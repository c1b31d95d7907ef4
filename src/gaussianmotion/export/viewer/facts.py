"""How an avatar was made, in words that the page and other files carry."""

from pathlib import Path

from gaussianmotion.avatar.file import AvatarMetadata
from gaussianmotion.config import DistillationConfig, TrainConfig
from gaussianmotion.rendering.subject import Subject

NAMES = {"sdedit": "SDEdit"}


def variant_of(avatar_path: Path, metadata: AvatarMetadata) -> str | None:
    """The variant by the avatar's place, ``.../VARIANT/PROMPT/SEED/avatar.safetensors``.

    None where the avatar does not lie in a folder of its prompt and seed.
    """
    folder = Path(avatar_path).absolute().parent
    if folder.name != str(metadata.seed) or folder.parent.name != metadata.prompt_id:
        return None
    return folder.parent.parent.name or None


def subtitle(metadata: AvatarMetadata, variant: str | None) -> str:
    """What tells the avatar from others of its prompt."""
    return f"{variant} · seed {metadata.seed}" if variant else f"seed {metadata.seed}"


def made_by(subject: Subject, variant: str | None) -> list[tuple[str, str]]:
    """Labels and texts, the most important first."""
    metadata = subject.metadata
    train = TrainConfig.model_validate(metadata.config.get("train", {}))
    prior = metadata.config.get("prior", {})
    return [
        ("Prompt", metadata.prompt),
        ("Variant", variant or "not known"),
        ("Seed", str(metadata.seed)),
        ("Gaussians", f"{len(subject.avatar):,}"),
        ("Training", _training(metadata.steps, train)),
        ("Score", _score(train.score)),
        ("Prior", str(prior.get("model", "not known"))),
        ("Body", metadata.body_id),
        ("Avatar file", f"sha256 {subject.digest}"),
        ("Written by", f"gaussianmotion {metadata.version}"),
    ]


def _training(steps: int, train: TrainConfig) -> str:
    if steps == 0:
        return "none: painted by hand"
    return f"{steps:,} steps of {train.batch} views, {train.size} x {train.size} pixels"


def _score(score: DistillationConfig) -> str:
    first = f"{score.method.upper()}, guidance scale {score.guidance_scale:g}, tau {score.tau}"
    if score.late_method is None:
        return first
    later = f"{NAMES[score.late_method]}, guidance scale {score.late_scale:g}"
    return f"{first}; after {100 * score.anneal_at:.0f} % of the steps {later}"
