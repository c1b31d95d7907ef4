"""Which settings of ``config/people.yaml`` give the better people: ``python people_settings.py``.

Each setting of ``people_settings.yaml`` trains the same prompts with the same seeds, and every
avatar is scored: faces found in front of and behind its head, alignment (the embedded model's),
outline, holes, noise. The table has each setting's mean over its avatars, and below it how far it
lies from the first setting, avatar by avatar, with the standard error of that difference. What is
finished is not made again; ``--only`` names the settings of one sitting.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
from pathlib import Path

import yaml

from gaussianmotion.pipeline.prompts import read_prompts

REPOSITORY = Path(__file__).resolve().parents[1]
AVATAR = "avatar.safetensors"
PROMPTS = {
    prompt.id: prompt.text for prompt in read_prompts(REPOSITORY / "config/prompts/laptop.tsv")
}
#: Of them, for a search: short and long hair, a hat, trousers, a dress, a skirt.
CHOSEN = ["man-jeans", "woman-red-dress", "old-man-hat", "woman-purple-skirt"]
SCORES = {
    "face": ("face_front", "face_presence", "face_back"),
    "alignment": ("alignment", "rank", "contrast"),
    "geometry": ("silhouette_iou", "spill", "holes", "noise", "edge_width", "splats"),
}


def main() -> int:
    """Train, score and compare; returns 1 where a training or a score failed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", metavar="SETTING", help="in place of all")
    parser.add_argument("--prompts", nargs="+", default=CHOSEN, choices=list(PROMPTS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "results/people_settings")
    parser.add_argument("--table", action="store_true", help="of what is there; trains nothing")
    options = parser.parse_args()
    settings = yaml.safe_load((Path(__file__).with_suffix(".yaml")).read_text(encoding="utf-8"))
    if unknown := set(options.only or []) - set(settings):
        parser.error(f"no such setting: {', '.join(sorted(unknown))}; there are {list(settings)}")
    failed = 0
    for seed in options.seeds:
        for prompt in options.prompts:
            for name in options.only or settings:
                run = options.out / name / prompt / str(seed)
                kept = run / "setting.yaml"
                if kept.exists() and yaml.safe_load(kept.read_text()) != settings[name]:
                    parser.error(f"{run} is of another setting of that name: move it, or rename it")
                if not options.table and not (run / "scores/geometry.json").exists():
                    failed += not make(run, settings[name], prompt, seed, options.threads)
    print(table(options.out, list(settings)))
    return 1 if failed else 0


def make(run: Path, setting: dict[str, object], prompt: str, seed: int, threads: int) -> bool:
    """Train an avatar and score it; whether that went well."""
    run.mkdir(parents=True, exist_ok=True)
    overlay = run / "setting.yaml"
    overlay.write_text(yaml.safe_dump(setting), encoding="utf-8")
    files = [REPOSITORY / name for name in ("config.yaml", "config/laptop.yaml")]
    config = ["--config", *files, REPOSITORY / "config/people.yaml", overlay]
    program = [sys.executable, "-m", "gaussianmotion", "--threads", str(threads)]
    avatar = ["--prompt", PROMPTS[prompt], "--prompt-id", prompt, "--seed", str(seed)]
    for command in (
        ["train", *config, *avatar, "--out", run],
        ["views", *config, "--set", "render.turntable_frames=2", "--avatar", run / AVATAR],
        ["score", *SCORES, *config, "--run", run],
    ):
        if subprocess.run([*program, *command], cwd=REPOSITORY, check=False).returncode:
            return False
    return True


def table(folder: Path, settings: list[str]) -> str:
    """Means of each setting, and their differences to the first, as Markdown."""
    measures = ["seconds", *(name for names in SCORES.values() for name in names)]
    found = {name: values_of(folder / name) for name in settings}
    found = {name: runs for name, runs in found.items() if runs}
    lines = ["| setting | N | " + " | ".join(measures) + " |", "|---" * (len(measures) + 2) + "|"]
    base = next(iter(found.values()), {})
    for name, runs in found.items():
        means = [f"{statistics.mean(run[m] for run in runs.values()):.4g}" for m in measures]
        lines.append(f"| {name} | {len(runs)} | " + " | ".join(means) + " |")
    for name, runs in list(found.items())[1:]:
        both = sorted(runs.keys() & base.keys())
        cells = [difference([runs[key][m] - base[key][m] for key in both]) for m in measures]
        lines.append(f"| {name}, difference | {len(both)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def values_of(folder: Path) -> dict[str, dict[str, float]]:
    """Numbers of a setting's finished avatars, by PROMPT/SEED."""
    found = {}
    for path in sorted(folder.glob("*/*/scores/geometry.json")):
        run = path.parents[1]
        values = {"seconds": json.loads((run / "run.json").read_text())["seconds"]}
        for score, names in SCORES.items():
            told = json.loads((run / f"scores/{score}.json").read_text())["values"]
            for name in names:  # a number, or one with its interval
                value = told[name]
                values[name] = value["value"] if isinstance(value, dict) else value
        found[str(run.relative_to(folder))] = values
    return found


def difference(values: list[float]) -> str:
    """Mean and its standard error."""
    if len(values) < 2:
        return ""
    error = statistics.stdev(values) / math.sqrt(len(values))
    return f"{statistics.mean(values):+.3g} ± {error:.2g}"


if __name__ == "__main__":
    sys.exit(main())
