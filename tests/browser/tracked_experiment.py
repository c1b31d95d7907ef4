"""An experiment of two variants as the stages leave it, with previews that grow, in a store."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from gaussianmotion.config import TrackingConfig
from gaussianmotion.scores.score_file import ScoreFile, Value
from gaussianmotion.tracking import log_experiment, mirror

PROMPTS = {
    "ann": "a woman in a <b>red</b> \"dress\" & 'boots'",
    "bob": "a man in a blue suit",
}
TAU = {"ours": 2.0, "tau_100": 100.0}
STEPS = (100, 200, 300)


def write_experiment(results: Path, tracking: TrackingConfig, name: str = "compared") -> Path:
    """Write two prompts in two variants, and log them; returns the experiment's folder."""
    root = results / name
    root.mkdir(parents=True)
    lines = [f"{key}\t{text}" for key, text in PROMPTS.items()]
    (root / "prompts.tsv").write_text("\n".join(["id\tprompt", *lines]) + "\n")
    for variant in TAU:
        for prompt in PROMPTS:
            mirror(_write_run(root / variant / prompt / "0"), tracking)
    log_experiment(root, tracking)
    return root


def _write_run(folder: Path) -> Path:
    variant, prompt = folder.parts[-3:-1]
    (folder / "previews").mkdir(parents=True)
    for step in STEPS:
        shade = np.full((64, 64, 3), (200, 40, step // 2), np.uint8)
        shade[: step // 6] = 255 if variant == "ours" else 0
        Image.fromarray(shade).save(folder / f"previews/step_{step:05d}.png")
    rows = [f"{step},{1000 / step}" for step in range(10, 301, 10)]
    (folder / "curves.csv").write_text("step,loss\n" + "\n".join(rows) + "\n")
    (folder / "system.csv").write_text(
        "time,cpu_utilization_percentage,process_memory_megabytes\n"
        "1735787000.0,91.5,1200\n1735787010.0,93.0,1300\n"
    )
    (folder / "avatar.safetensors").write_bytes(b"avatar" * 50_000)
    facts = {
        "prompt": PROMPTS[prompt],
        "seconds": 95.0 if variant == "ours" else 120.0,
        "gaussians": 16_000,
        "steps": 300,
        "final": {"loss": 0.5},
        "finished_at": "2025-01-02T03:04:05+00:00",
        "config": {"train": {"steps": 300, "score": {"tau": TAU[variant]}}},
    }
    (folder / "run.json").write_text(json.dumps(facts))
    value = 0.75 if variant == "ours" else 0.5
    ScoreFile(
        score="alignment",
        title="Alignment with the text",
        protocol="alignment-1",
        n=1,
        values={"cosine": Value(value=value)},
    ).write(folder / "scores/alignment.json")
    return folder
