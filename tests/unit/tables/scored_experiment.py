"""Writes the score files of an experiment that never ran, with chosen numbers."""

from collections.abc import Callable
from pathlib import Path

from gaussianmotion.config.stages import TablesSettings
from gaussianmotion.scores.score_file import ScoreFile, Value

Number = Callable[[str, str, int], float]


def config_of(**keys: object) -> TablesSettings:
    """A configuration whose scores need no weights."""
    keys.setdefault("scores", {"names": ["alignment", "features", "geometry"]})
    return TablesSettings.model_validate(keys)


def write_prompts(root: Path, ids: list[str]) -> None:
    """The prompt list of the experiment."""
    root.mkdir(parents=True, exist_ok=True)
    lines = ["id\tprompt", *(f"{name}\ta person called {name}" for name in ids)]
    (root / "prompts.tsv").write_text("\n".join(lines) + "\n")


def write_alone(root: Path, score: str, variant: str, prompt: str, seed: int, **numbers: float):
    """One run's score."""
    path = root / variant / prompt / str(seed) / "scores" / f"{score}.json"
    _score(score, 1, numbers).write(path)


def write_pooled(root: Path, variant: str, seed: int, n: int, **numbers: float) -> None:
    """One variant's and seed's distance; without numbers it says that N is too small."""
    path = root / "scores" / variant / str(seed) / "features.json"
    _score("features", n, numbers).write(path)


def write_baseline(root: Path, system: str, prompt: str, score: str, **numbers: float) -> None:
    """One score of another system; of all prompts where ``prompt`` is empty."""
    _score(score, 1, numbers).write(
        root / "baselines" / system / "scores" / prompt / f"{score}.json"
    )


def _score(score: str, n: int, numbers: dict[str, float]) -> ScoreFile:
    lower = {"frechet", "kernel", "noise", "holes"}
    return ScoreFile(
        score=score,
        title=f"{score}, a model for tests",
        protocol=f"{score}-1",
        n=n,
        model="test",
        status="ok" if numbers else "too few",
        reason="" if numbers else f"{n} pictures; at least 20 are needed",
        values={
            name: Value(
                value=value,
                better="lower" if name in lower else "higher",
                low=value - 1.0 if score == "features" else None,
                high=value + 1.0 if score == "features" else None,
            )
            for name, value in numbers.items()
        },
    )
