"""Stands in for ``gaussianmotion/__main__.py``: writes what each stage would write, in no time.

The workflow's own questions (which job runs, when, with what) do not need real avatars.
"""

import itertools
import json
import os
import sys
import time
from pathlib import Path

arguments = sys.argv[1:]


def option(name: str) -> str | None:
    for index, argument in enumerate(arguments):
        if argument == name:
            return arguments[index + 1]
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
    return None


def listed(name: str) -> list[str]:
    """All that follows an argument, up to the next option."""
    if name not in arguments:
        return []
    rest = arguments[arguments.index(name) + 1 :]
    return list(itertools.takewhile(lambda argument: not argument.startswith("--"), rest))


def write(path: Path, text: str = "fake") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


STAGES = (
    "gsplat",
    *("prompts", "models", "train", "reuse", "render", "sheet", "reference", "noised"),
    *("score", "score-pooled", "collect", "table", "baseline", "study", "figure"),
    *("report", "notebook", "tracking-init", "log", "log-parents", "log-experiment"),
)
stage = next(argument for argument in arguments if argument in STAGES)
failing = os.environ.get("FAKE_FAILURE", "")
if failing and failing in " ".join(arguments):
    print("gaussianmotion: what went wrong and what to do", file=sys.stderr)
    write(Path(option("--log") or "log"), "gaussianmotion: what went wrong and what to do\n")
    sys.exit(2)
try:
    time.sleep(float(os.environ.get("FAKE_SECONDS", "0")))
except KeyboardInterrupt:  # as the stages themselves end
    sys.exit(130)
awaited = os.environ.get("FAKE_UNTIL")
while awaited and not Path(awaited).exists():
    time.sleep(0.1)
words, _, megabytes = os.environ.get("FAKE_MEMORY", "").rpartition("=")
if words and words in " ".join(arguments):
    taken = b"x" * (int(megabytes) << 20)  # longer than a cluster needs to see it
    time.sleep(6)
settings = json.loads(option("--settings") or "{}")
out = Path(option("--out") or "")
if stage == "train":
    write(out / "tracking.json", os.environ["GAUSSIANMOTION_TRACKING"])
    write(out / "avatar.safetensors", option("--prompt") or "")
    write(out / "curves.csv")
    write(out / "run.json", json.dumps({"prompt": option("--prompt"), "settings": settings}))
elif stage == "reuse":
    for name in ("avatar.safetensors", "curves.csv", "run.json"):
        write(out / name, (Path(option("--run") or "") / name).read_text())
elif stage == "render":
    for index in range(settings["render"]["views"]):
        write(out / "views" / f"{index:02d}.png")
    for name in ("front.png", "turntable.mp4", "views.json", "sheet.png"):
        write(out / name)
    for motion in settings["motions"]:
        name = Path(motion if isinstance(motion, str) else motion["name"] or motion["path"]).stem
        for suffix in (".mp4", ".json"):
            write(out / "motions" / f"{name}{suffix}")
elif stage == "reference":
    for index in range(settings["reference"]["count"]):
        write(out / f"{index:02d}.png")
    write(out / "reference.json")
elif stage == "noised":
    for name in ("render.png", "pose.png", "with.png", "without.png", "noised.json"):
        write(out / name)
elif stage == "score":
    default = [f"{run}/scores/{name}.json" for run in listed("--run") for name in listed("score")]
    for name in listed("--out") or default:
        write(Path(name))
elif stage == "log":
    for folder in listed("log"):
        write(Path(folder) / "logged.json")
elif stage == "figure":
    write(out.with_name(out.name + ".png"))
    write(out.with_name(out.name + ".pdf"))
elif stage == "table" or "table" in arguments:  # of the scores, of the study
    for suffix in (".csv", ".md", ".tex", ".json"):
        write(out.with_suffix(suffix))
else:
    write(out)
