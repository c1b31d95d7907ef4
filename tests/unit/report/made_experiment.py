"""An experiment's result folder as its stages leave it, without a training: the real writers."""

from pathlib import Path

import numpy as np
from PIL import Image

from gaussianmotion.config.stages import ReportSettings, TablesSettings
from gaussianmotion.pipeline.grid import Grid, configured_grid
from gaussianmotion.pipeline.prompts import Prompt, write_prompts
from gaussianmotion.rendering.video import write_video
from gaussianmotion.runtime.atomic import write_json
from gaussianmotion.scores.score_file import ScoreFile, Value
from gaussianmotion.tables.collect import collect
from gaussianmotion.tables.files import write_table
from gaussianmotion.tables.table1 import table1
from gaussianmotion.tables.verdicts.table import verdicts_table
from gaussianmotion.tables.win_rate import win_rate_table

HOSTILE = "<script>alert('x')</script> a knight & a \"queen\" in $5 armour"
PROMPTS = (Prompt("ann", "a woman in a red dress"), Prompt("eve", HOSTILE), Prompt("bob", "a man"))
VARIANTS = ("ours", "tau_100", "tau_500")
SEEDS = (0, 1, 2)
_TABLE_KEYS = set(TablesSettings.model_fields)
VALUES = {"noise": "lower", "saturation": "lower", "sharpness": "higher", "splats": "none"}


def config() -> ReportSettings:
    """Two prompts' ablations with three seeds; one score of single avatars and one pooled."""
    return ReportSettings.model_validate(
        {
            "experiment": "made",
            "ablation": {
                "variants": list(VARIANTS),
                "prompts": [prompt.id for prompt in PROMPTS],
                "seeds": list(SEEDS),
            },
            "scores": {"names": ["features", "geometry"]},
        }
    )


def make_experiment(root: Path) -> Grid:
    """Write it; the first run is not in MLflow; pooled scores but ours have too few pictures."""
    write_prompts(root / "prompts.tsv", PROMPTS)
    grid = configured_grid(config(), root)
    for place, run in enumerate(grid.runs):
        folder = root / run.variant / run.prompt / str(run.seed)
        _run(folder, run.seed, logged=place > 0)
        _picture(folder / "sheet.png", (40 * run.seed, 90, 160), (400, 200))
        _score(folder / "scores/geometry.json", run.variant, run.seed)
        _benchmark(folder / "benchmarks/train.tsv", 60.0 + run.seed)
        _benchmark(folder / "benchmarks/motions/walk.tsv", 5.0)
    for variant in VARIANTS:
        for seed in SEEDS:
            path = root / "scores" / variant / str(seed) / "features.json"
            _pooled(path, enough=variant == "ours")
    parents = {variant: f"parent-of-{variant}" for variant in VARIANTS}
    write_json(root / "mlflow.json", {"run_id": "id-of-the-experiment", "parents": parents})
    _benchmark(root / "benchmarks/figure/fig3.tsv", 7.5)
    _picture(root / "sheet.png", (200, 200, 200), (600, 300))
    _tables(root)
    return grid


def film_turntables(root: Path, prompt: str, frames: dict[str, int], seed: int = 0) -> None:
    """Turntables of a prompt's variants: grey by the angle, and in one channel by the variant.

    Args:
        root: Of the experiment.
        prompt: Its id.
        frames: How many each variant's has.
        seed: Of the runs.
    """
    for place, (variant, count) in enumerate(frames.items()):
        grey = np.linspace(20, 235, count).astype(np.uint8)
        film = np.repeat(grey, 32 * 32 * 3).reshape(count, 32, 32, 3).copy()
        film[..., place] = 128
        folder = root / variant / prompt / str(seed)
        write_video(folder / "turntable.mp4", film, 12.0)


def _run(folder: Path, seed: int, logged: bool) -> None:
    facts = {
        "seed": seed,
        "steps": 250,
        "seconds": 130.2,
        "gaussians": 12000,
        "digest": "7c05b75374c4e4cf",
        "finished_at": "2026-11-22T20:50:16+00:00",
        "device": "cpu",
        "versions": {"torch": "2.13.0"},
        "unknown_words": ["sparkling"],
        "config": {"prior": {"model": "resources/prior", "controlnet": "resources/prior/control"}},
    }
    write_json(folder / "run.json", facts)
    write_json(folder / "logged.json", {"logged": logged, "run_id": f"id-of-{folder.name}"})
    rows = "".join(f"{step},{1 / step}\n" for step in range(1, 30))
    (folder / "curves.csv").write_text("step,grad_rms\n" + rows)


def _score(path: Path, variant: str, seed: int) -> None:
    base = 1.0 + VARIANTS.index(variant) + 0.01 * seed
    values = {
        name: Value(value=base * (1 + place), better=better)  # type: ignore[arg-type]
        for place, (name, better) in enumerate(VALUES.items())
    }
    ScoreFile(
        score="geometry", title="Geometry of the avatar", protocol="geometry-1", n=8, values=values
    ).write(path)


def _pooled(path: Path, enough: bool) -> None:
    ScoreFile(
        score="features",
        title="Distances on EfficientNet-Lite0 features",
        protocol="features-1",
        n=30 if enough else 2,
        status="ok" if enough else "too few",
        reason="" if enough else "2 pictures; at least 20 are needed",
        values={"frechet": Value(value=12.5, better="lower")} if enough else {},
    ).write(path)


def _tables(root: Path) -> None:
    known = {key: value for key, value in config().model_dump().items() if key in _TABLE_KEYS}
    settings = TablesSettings.model_validate(known)
    frame = collect(settings, root, root / "tables/scores.csv")
    tables = {
        "table1": table1(frame, settings),
        "verdicts": verdicts_table(frame),
        "win_rate": win_rate_table(frame, settings),
    }
    for name, table in tables.items():
        write_table(table, root / f"tables/{name}.csv")


def _benchmark(path: Path, seconds: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0:00:01\t512.5\n")


def _picture(path: Path, colour: tuple[int, int, int], size: tuple[int, int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
