"""Every bad input that anybody thought of, tried on a small experiment: ``python bad_input.py``.

Prints a table: the input, the exit code, how many lines were said, what was lost of the results,
and whether that is right. Right means: the expected exit code, a message that says what is wrong,
no traceback, no exit code 0 without the files that it stands for, and nothing lost. Outcomes gather
in ``results/bad_input``, so that parts may be run one after the other; with ``--page`` they become
docs/bad-input.md. Cases are declared in ``bad_inputs/``, a few lines each.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "tests"), str(Path(__file__).parent)]

from bad_inputs import KINDS  # noqa: E402
from bad_inputs.case import AVATAR, RUN, Case  # noqa: E402
from bad_inputs.page import Row, page, rows_of  # noqa: E402
from forked import end_with  # noqa: E402

PAGE = REPOSITORY / "docs/bad-input.md"
RESULTS = REPOSITORY / "results/bad_input/bad_input.json"

SETTINGS = """
experiment: tiny
prompts: prompts.tsv
motions: [walk]
ablation: {variants: [], prompts: []}
study: {against: []}
scores: {names: [geometry]}
reference: {count: 2, steps: 2}
device: cpu
threads: 1
tracking: {enabled: false}
prior: {model: prior, controlnet: prior/controlnet, dtype: float32}
train: {steps: 3, batch: 1, size: 64, gaussians: 400, preview_every: 3, checkpoint_every: 2}
render:
  {size: 64, views: 4, turntable_frames: 2, fps: 5, motion_seconds: 0.4, motion_seconds_max: 0.4}
"""
# A case that takes so long hangs, on a busy computer, too. Seconds.
PATIENCE = 300


@dataclass(frozen=True)
class Outcome:
    """What came of a case: exit code, everything that was printed, lost files, what is wrong."""

    code: int
    output: str
    lost: list[str]
    wrong: list[str]


def main() -> int:
    """Run the cases; returns 1 where one is not right."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--only", default="", metavar="REGEX", help="cases whose name it matches")
    parser.add_argument("--show", action="store_true", help="print what each case said")
    parser.add_argument("--page", action="store_true", help=f"write {PAGE.name}")
    options = parser.parse_args()
    began, rows = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="bad-input-") as folder:
        template = make_experiment(Path(folder) / "template")
        print(f"{'input':58} {'code':>4} {'lines':>5}  {'lost':12} right")
        for kind in options.kinds:
            for case in KINDS[kind]:
                if not re.search(options.only, case.name):
                    continue
                outcome = try_case(case, template, Path(folder) / "copy")
                rows.append(tell(kind, case, outcome, Path(folder), options.show))
                remembered(rows)
    minutes, wrong = (time.monotonic() - began) / 60, sum(bool(row.wrong) for row in rows)
    print(f"{len(rows)} inputs, {wrong} not right, {minutes:.1f} minutes")
    rows = remembered(rows)
    if options.page:
        PAGE.write_text(page(rows), encoding="utf-8")
    return int(wrong > 0)


def tell(kind: str, case: Case, outcome: Outcome, folder: Path, show: bool) -> Row:
    """Print what came of a case, and return it without this computer's places."""
    lost = ", ".join(outcome.lost) or "nothing"
    said = [line for line in outcome.output.splitlines() if line.strip()]
    right = "; ".join(outcome.wrong) or "yes"
    print(f"{case.name[:58]:58} {outcome.code:4} {len(said):5}  {lost:12.40} {right}", flush=True)
    if show or outcome.wrong:
        print("    " + "\n    ".join(said[-6:])[:1500])
    last = said[-1] if said else ""
    for place, name in ((str(folder), "/folder"), (str(REPOSITORY), "/checkout")):
        last = last.replace(place, name)
    return Row(kind, case.name, outcome.code, len(said), last, outcome.lost, outcome.wrong)


def remembered(rows: list[Row]) -> list[Row]:
    """Outcomes with those of earlier, partial runs for the other cases; kept in a file.

    Where that file is not, the page tells what came of the others.
    """
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(RESULTS.with_suffix(".lock")):  # kinds may be tried side by side
        if RESULTS.exists():
            kept = [Row(**row) for row in json.loads(RESULTS.read_text())]
        else:
            kept = rows_of(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else []
        found = {(row.kind, row.name): row for row in kept}
        found |= {(row.kind, row.name): row for row in rows}
        known = [(kind, case.name) for kind, cases in KINDS.items() for case in cases]
        all_of_them = [found[key] for key in known if key in found]
        RESULTS.write_text(json.dumps([asdict(row) for row in all_of_them], indent=1))
    return all_of_them


def make_experiment(folder: Path, pictures: bool = True) -> Path:
    """A finished run of a small experiment with a random prior, with or without its pictures."""
    from tiny_priors import write_embedded

    (folder / "elsewhere").mkdir(parents=True)
    for name in ("config", "config.yaml", "notebooks", "resources"):
        (folder / name).symlink_to(REPOSITORY / name)
    write_embedded(folder / "prior")
    (folder / "tiny.yaml").write_text(SETTINGS)
    (folder / "prompts.tsv").write_text("id\tprompt\nann\ta woman in a sparkling dress\n")
    words = ("--prompt", "a woman in a sparkling dress", "--prompt-id", "ann")
    config = ("--config", "tiny.yaml")
    commands: list[tuple[str, ...]] = [("train", *config, *words, "--out", RUN)]
    commands += [
        ("views", *config, "--avatar", AVATAR),
        ("animate", *config, "--avatar", AVATAR, "--motion", "walk"),
        ("sheet", RUN, "--out", f"{RUN}/sheet.png"),
    ]
    for arguments in commands if pictures else commands[:1]:
        code, output = call(arguments, folder, {})
        if code != 0:
            raise SystemExit(f"the small experiment itself failed: {output}")
    return folder


def try_case(case: Case, template: Path, folder: Path) -> Outcome:
    """Run a case in a fresh copy of the experiment, and look at what it did."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder, symlinks=True)
    case.change(folder)
    before = digests(folder)
    code, output = call(case.run, folder / case.folder, dict(case.environment))
    after = digests(folder)
    lost = [name for name, digest in before.items() if after.get(name) != digest]
    wrong = [f"exit code {case.code} is right"] if code != case.code else []
    if "Traceback (most recent call last)" in output:
        wrong.append("a traceback")
    if not re.search(case.says, output, re.DOTALL):
        wrong.append(f"does not say {case.says!r}")
    missing = [name for name in case.makes if not (folder / case.folder / name).exists()]
    if code == 0 and missing:
        wrong.append(f"{missing[0]} is missing")
    made = [name for name in ("new/avatar.safetensors", "pwned") if name in after]
    if "pwned" in made or (made and case.code != 0):
        wrong.append(f"{made[0]} was made")
    if lost:
        wrong.append("lost results")
    return Outcome(code, output, lost, wrong)


def digests(folder: Path) -> dict[str, str]:
    """Of all files that are results, by their path."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.name != ".lock" and ".snakemake" not in path.parts
    }


def call(arguments: tuple[str, ...], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Run a command in a folder; returns its exit code and what it printed.

    The campaign runs ``gaussianmotion`` in a copy of its process, which has the libraries loaded
    and one thread. A copy of a test's process would wait for threads that were not copied.
    """
    workflow = arguments[0] == "snakemake"
    if workflow or __name__ != "__main__":
        snakemake = ["snakemake", "-s", str(REPOSITORY / "Snakefile"), *arguments[1:]]
        words = (
            [*snakemake, "--logger", "gaussianmotion"]
            if workflow
            else ["gaussianmotion", *arguments]
        )
        try:
            done = subprocess.run(
                [sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True,
                check=False, timeout=PATIENCE, env={**os.environ, **environment},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return -9, f"nothing after {PATIENCE} s"
        return done.returncode, done.stdout + done.stderr
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        sys.stdout.flush()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads
            child = os.fork()
        if child == 0:
            end_with(lambda: _run(arguments, folder, environment, said.fileno()))
        code = _wait(child)
        said.seek(0)
        return code, said.read()


def _run(arguments: tuple[str, ...], folder: Path, environment: dict[str, str], out: int) -> int:
    os.dup2(out, 1)
    os.dup2(out, 2)
    sys.stdout, sys.stderr = open(1, "w"), open(2, "w")  # noqa: SIM115
    os.environ.update(environment)
    os.chdir(folder)
    from gaussianmotion.cli import main as command

    try:
        code = command(list(arguments))
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _wait(child: int) -> int:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return -9


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    import gaussianmotion.comparisons.references
    import gaussianmotion.rendering.animate
    import gaussianmotion.rendering.views
    import gaussianmotion.training.loop  # noqa: F401

    sys.exit(main())
