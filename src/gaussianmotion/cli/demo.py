"""``gaussianmotion demo``: the laptop's pipeline on a few prompts, and where its results are."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from gaussianmotion.cli.arguments import Commands, add_command
from gaussianmotion.pipeline.prompts import clean
from gaussianmotion.records.run_folder import AVATAR, SHEET, VIDEO
from gaussianmotion.runtime.atomic import write_text
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.file_lock import try_hold

# Make cannot pass every sentence safely through a shell's command line; the environment can.
PROMPT_VARIABLE = "GAUSSIANMOTION_PROMPT"


def add_commands(commands: Commands) -> None:
    """Add the command to the parser."""
    demo = add_command(
        commands, "demo", _demo, "from sentences to walking avatars on this computer"
    )
    demo.add_argument(
        "--prompt",
        metavar="TEXT",
        default=os.environ.get(PROMPT_VARIABLE),
        help=f"one sentence of your own (default: ${PROMPT_VARIABLE}, else three examples)",
    )


def _demo(options: argparse.Namespace) -> int:
    started = time.monotonic()
    overlay: dict[str, object] = {"experiment": "demo", "prompts": "config/prompts/demo.tsv"}
    if options.prompt is not None:  # an empty one is a mistake
        overlay = {"experiment": "own", "prompt": clean(options.prompt, "PROMPT")}
    overlay |= {
        "motions": ["walk", "dance"],
        "ablation": {"variants": []},
        "study": {"against": []},
        "scores": {"names": []},
    }
    root = Path("results") / str(overlay["experiment"])
    config = root / "config.yaml"
    if not Path("Snakefile").exists():
        raise UserError("there is no Snakefile here; run this in the folder of the repository")
    write_text(config, yaml.safe_dump(overlay, allow_unicode=True, sort_keys=False))
    files = ["config/laptop.yaml", "config/people.yaml", str(config)]
    with _alone():
        code = _snakemake(["avatars", "--configfile", *files])
    if code == 0:
        _print_results(root, time.monotonic() - started)
    return code


@contextmanager
def _alone() -> Iterator[None]:
    """Hold this folder; where an earlier demo was killed in it, take Snakemake's lock away."""
    path = Path(".snakemake/demo.lock")
    path.parent.mkdir(exist_ok=True)
    with path.open("a+", encoding="utf-8") as handle:
        if not try_hold(handle.fileno()):
            raise UserError("another demo is running in this folder: wait for it to end")
        handle.seek(0)
        if handle.read():
            _snakemake(["--unlock"])
        handle.write("running\n")
        handle.flush()
        yield
        handle.truncate(0)


def _snakemake(arguments: list[str]) -> int:
    """Run the workflow; 0, 2 where it failed, 130 where it was interrupted."""
    command = [sys.executable, "-m", "snakemake", "--profile", "profiles/laptop", *arguments]
    process = subprocess.Popen(command)
    interrupted = False
    while True:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            # The terminal told Snakemake too: it waits for its jobs, which save their state.
            interrupted = True
            continue
        if interrupted:
            return 130
        return 0 if code == 0 else 2


def _print_results(root: Path, seconds: float) -> None:
    print(f"\nDone in {seconds / 60:.1f} minutes.\n")
    for title, pattern in (
        ("Contact sheet", SHEET),
        ("Pictures", f"*/*/*/{SHEET}"),
        ("Videos", f"*/*/*/**/*{VIDEO}"),
        ("Avatars", f"*/*/*/{AVATAR}"),
    ):
        print(f"{title}:")
        for path in sorted(root.glob(pattern)):
            print(f"  {path}")
    print("\nmake ui shows the training curves (MLflow); README.md says how to go on.")
