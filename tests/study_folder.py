"""A finished experiment with other systems beside it, as the user study finds it."""

import json
from pathlib import Path

from gaussianmotion.config import StudyConfig
from gaussianmotion.study.choice import choose_pairs
from gaussianmotion.study.pairs import PairSet

PROMPTS = {"green-suit": "a man in a green suit", "red-dress": "a woman in a red dress"}


def add_avatar(
    folder: Path,
    prompt: str | None,
    views: int = 4,
    motions: tuple[str, ...] = ("walk",),
    turntable: bool = True,
) -> None:
    """One avatar; every file has its own content, since its digest says which it is."""
    (folder / "views").mkdir(parents=True)
    (folder / "motions").mkdir()
    names = [f"views/{index:02d}.png" for index in range(views)]
    names += [f"motions/{motion}.mp4" for motion in motions]
    names += ["turntable.mp4"] if turntable else []
    for name in names:
        (folder / name).write_text(f"{folder.parts[-3:]} {name}")
    if prompt is not None:
        (folder / "run.json").write_text(json.dumps({"prompt": prompt}))


def make_experiment(root: Path, prompts: dict[str, str] | None = None) -> Path:
    """``ours`` and two other systems, of which one brought no turntable."""
    for name, text in (prompts or PROMPTS).items():
        add_avatar(root / "ours" / name / "0", text)
        add_avatar(root / "baselines/rival" / name, text)
        add_avatar(root / "baselines/stranger" / name, None, turntable=False)
    return root


def make_study(root: Path, count: int = 30, prompts: dict[str, str] | None = None) -> PairSet:
    """Choose pairs of such an experiment; ``root/study/pairs.json`` is theirs."""
    make_experiment(root, prompts)
    return choose_pairs(root, root / "study/pairs.json", StudyConfig(pairs=count))
