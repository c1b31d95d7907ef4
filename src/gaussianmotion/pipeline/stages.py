"""What each stage of the pipeline depends on: configuration keys and source files.

Snakemake reruns a job when its parameters or inputs change. A stage's rule therefore gets exactly
the keys that the stage reads and the sources that it runs: changing a video's frame rate
must not train anything again, and editing a renderer must render again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaussianmotion.config import Config

_PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Stage:
    """One stage's dependencies.

    Attributes:
        keys: Dotted configuration keys; a section stands for all its keys.
        sources: Modules and packages below ``gaussianmotion``.
    """

    keys: tuple[str, ...]
    sources: tuple[str, ...]


_STILL = ("size", "background", "fov_y", "margin", "room", "anti_alias")
_VIDEO = ("fps", "video_elevation", "ground")
_VIEWS = ("views", "turntable_frames", "pose", "elevation")
_MOTION = ("motion_azimuth", "motion_seconds", "motion_seconds_max")
_DRAWING = ("camera.py", "body", "splat", "avatar", "rendering")
_SAMPLING = tuple(f"guidance/{name}.py" for name in ("load", "prior", "sampling", "text"))
# What all scores share.
_SCORING = ("scores/score_file.py", "scores/pictures/pictures.py")


def _render(*keys: str) -> tuple[str, ...]:
    return tuple(f"render.{key}" for key in keys)


def _score(keys: tuple[str, ...], *sources: str) -> Stage:
    return Stage(
        ("device", *keys),
        (*_SCORING, *(f"scores/{name}.py" for name in sources)),
    )


def _avatar_score(keys: tuple[str, ...], *modules: str) -> Stage:
    """A score that draws the avatar itself."""
    drawing = _render("fov_y", "margin", "room", "anti_alias", *keys)
    score = _score(("rasteriser", *drawing), *modules)
    return Stage(score.keys, (*score.sources, *_DRAWING, "pose"))


def _study(*modules: str) -> tuple[str, ...]:
    return tuple(f"study/{module}.py" for module in modules)


def _evaluation(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}.py" for name in names)


_CLIP = tuple(
    f"pictures/{name}" for name in ("prompt_scorers", "open_clip_model", "checkpoint_file")
)
_POOLED = ("distances/pooled", "distances/frechet", "pictures/checkpoint_file")
_SCORES = {
    "score_clip": _score(("models.folder", "models.clip"), "pictures/clip_score", *_CLIP),
    "score_hps": _score(("models.folder", "models.hps"), "pictures/hps_score", *_CLIP),
    "score_alignment": _score(
        ("scores.alignment_model",),
        *(
            f"pictures/{name}"
            for name in (
                *("alignment_score", "alignment_model", "descriptions"),
                *("open_clip_model", "checkpoint_file"),
            )
        ),
    ),
    "score_geometry": _avatar_score(
        ("size",),
        *(
            f"geometry/{name}"
            for name in (
                *(
                    "geometry_score",
                    "measurements",
                    "judged_views",
                    "colour",
                    "silhouette",
                    "holes",
                    "splat_cloud",
                ),
                *("consistency", "appearance", "render_speed"),
            )
        ),
    ),
    "score_pose": _avatar_score(
        ("background",),
        *(
            f"pose/{name}"
            for name in (
                "pose_score",
                "posed_frames",
                "orientation",
                "pose_agreement",
                "detector",
                "mannequin",
            )
        ),
    ),
    "pooled_fid": _score(
        ("models.folder", "models.inception"),
        "distances/fid_score",
        "distances/inception",
        *_POOLED,
    ),
    "pooled_features": _score((), "distances/features_score", "distances/efficientnet", *_POOLED),
}
STAGES = {
    "prompts": Stage(("prompts", "prompt"), ("pipeline/prompts.py",)),
    "models_prior": Stage(("prior",), ()),
    "models_clip": Stage(("models.folder", "models.clip"), ()),
    "models_hps": Stage(("models.folder", "models.hps"), ()),
    "models_inception": Stage(("models.folder", "models.inception"), ()),
    "train": Stage(
        ("device", "rasteriser", "prior", "body", "train"),
        ("camera.py", "body", "splat", "pose", "avatar", "guidance", "training"),
    ),
    "reuse": Stage((), ("pipeline/same_training.py",)),
    "views": Stage(("device", "rasteriser", *_render(*_STILL, *_VIDEO, *_VIEWS)), _DRAWING),
    "animate": Stage(
        ("device", "rasteriser", *_render(*_STILL, *_VIDEO, *_MOTION)),
        (*_DRAWING, "pose/motion.py", "pose/floor.py", "pose/files"),
    ),
    "reference": Stage(("device", "prior", "reference"), ("samples/references.py", *_SAMPLING)),
    "noised": Stage(
        ("device", "rasteriser", "noised", *_render(*_STILL, "pose", "elevation")),
        ("samples/noised.py", "pose/openpose.py", *_DRAWING, *_SAMPLING),
    ),
    "sheet": Stage(
        (),
        tuple(f"rendering/{name}.py" for name in ("sheet", "run_files", "typography", "video")),
    ),
    "figures": Stage(
        (
            *("variants", "seeds", "ablation", "baselines", "motions", "device", "rasteriser"),
            *_render(*_STILL, *_VIDEO, *_VIEWS, *_MOTION),
        ),
        ("figures", *_DRAWING, "pose"),
    ),
    "report": Stage(
        ("experiment", "variants", "seeds", "ablation", "scores.names", "tracking.enabled"),
        (
            "report",
            *(f"report/templates/report.{kind}" for kind in ("html.j2", "css", "js")),
            *("figures/grid.py", "figures/facts.py"),
        ),
    ),
    **_SCORES,
    "baseline": Stage(
        ("render.size", "render.views", "render.background"),
        _evaluation("baselines/imports", "baselines/check", "baselines/framing"),
    ),
    "collect": Stage(
        ("variants", "seeds", "ablation", "baselines", "scores"), _evaluation("tables/collect")
    ),
    "tables": Stage(
        (
            *("variants", "seeds", "ablation", "baselines", "scores", "prior.model"),
            *("train.steps", "train.batch", "train.size"),
            *("reference.count", "reference.pose", "reference.suffix"),
        ),
        _evaluation(
            *(
                f"tables/{name}"
                for name in (
                    *("columns", "intervals", "files", "notes", "table1", "ablations"),
                    *("win_rate", "contrasts", "trained"),
                    *(
                        f"verdicts/{part}"
                        for part in ("rule", "table", "experiment", "cautions", "paper_claims")
                    ),
                )
            ),
        ),
    ),
    "study": Stage(("study", "baselines"), _study("avatars", "choice", "pairs", "questions")),
    "table2": Stage(
        (),
        (
            *_study("table2", "votes", "pairs", "questions"),
            *_evaluation("tables/intervals", "tables/files"),
        ),
    ),
}


def stage_settings(config: Config, stage: str) -> str:
    """The keys that a stage reads, as JSON for its ``--settings``; the same keys, the same text."""
    return json.dumps(
        pick(config.model_dump(mode="json"), STAGES[stage].keys), sort_keys=True, ensure_ascii=False
    )


def stage_sources(stage: str, root: Path = _PACKAGE) -> list[Path]:
    """The source files that a stage runs, sorted."""
    files: list[Path] = []
    for name in STAGES[stage].sources:
        path = root / name
        files.extend(sorted(path.rglob("*.py")) if path.is_dir() else [path])
    return files


def pick(data: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """The part of nested mappings that dotted keys name."""
    picked: dict[str, Any] = {}
    for key in keys:
        source: Any = data
        target = picked
        *sections, last = key.split(".")
        for section in sections:
            source = source[section]
            target = target.setdefault(section, {})
        target[last] = source[last]
    return picked
