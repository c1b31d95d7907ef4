"""A copy of the workflow in which stages are fast fakes, and a way to run commands in it."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from warm_snakemake import snakemake

REPOSITORY = Path(__file__).parents[2]
WORKFLOW = ("Snakefile", "config.yaml", "config", "rules", "profiles", "envs", "notebooks")


@dataclass(frozen=True)
class Workflow:
    """A folder with the workflow's files.

    Attributes:
        folder: Its root.
    """

    folder: Path

    def snakemake(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run Snakemake with the laptop's profile; returns what it printed and its exit code."""
        usual = ["--profile", "profiles/laptop", "--cores", "2"]
        return self.by_hand(*arguments, *usual, **environment)

    def by_hand(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run Snakemake with these arguments alone."""
        return snakemake(self.folder, list(arguments), clean_environment(environment))

    def jobs(self, *arguments: str) -> dict[str, int]:
        """How many jobs of each rule a dry run would do."""
        done = self.snakemake(*arguments, "-n")
        assert done.returncode == 0, done.stderr
        return listed_jobs(done.stdout + done.stderr)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text in a file of the copy."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def section(self, key: str, value: str) -> None:
        """Write a section of the laptop's configuration anew, in one line."""
        path = self.folder / "config/laptop.yaml"
        text = re.sub(
            rf"^{key}:.*?(?=^\S|\Z)", "", path.read_text(), flags=re.DOTALL | re.MULTILINE
        )
        path.write_text(f"{text.rstrip()}\n{key}: {value}\n", encoding="utf-8")


def listed_jobs(output: str) -> dict[str, int]:
    """The table of a dry run: how many jobs of each rule, without the targets."""
    lines = output.splitlines()
    if not any(line.startswith("job ") for line in lines):
        return {}
    start = max(index for index, line in enumerate(lines) if line.startswith("job "))
    counts: dict[str, int] = {}
    for line in lines[start + 2 :]:
        parts = line.split()
        if len(parts) != 2 or parts[0] == "total":
            break
        counts[parts[0]] = int(parts[1])
    return {rule: count for rule, count in counts.items() if rule not in ("all", "avatars")}


def clean_environment(changes: dict[str, str]) -> dict[str, str]:
    """This process's environment without what would change the outcome, and with ``changes``."""
    unset = ("PYTHONPATH", "MLFLOW_TRACKING_URI", "SNAKEMAKE_PROFILE")
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in unset and not key.startswith("GAUSSIANMOTION_")
    }
    return kept | {"OMP_NUM_THREADS": "1"} | changes


def run(
    folder: Path, command: list[str], environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command as a user would, in a folder."""
    return subprocess.run(
        command,
        cwd=folder,
        env=clean_environment(environment or {}),
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )


def copy_workflow(folder: Path) -> Workflow:
    """Copy the workflow, its package with fake stages, and stand-ins for resources."""
    for name in WORKFLOW:
        source = REPOSITORY / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / name)
    # With what Python and numba have compiled, which goes by the files' times and sizes; without
    # what another test is about to write there.
    unfinished = shutil.ignore_patterns("*.pyc.*", "*.tmp.*")
    shutil.copytree(REPOSITORY / "src", folder / "src", ignore=unfinished)
    shutil.copy(
        Path(__file__).with_name("fake_stages.py"), folder / "src/gaussianmotion/__main__.py"
    )
    body = folder / "resources/body/open_body.npz"
    body.parent.mkdir(parents=True)
    body.write_bytes(b"fake")
    motions = folder / "resources/motions"
    motions.mkdir()
    for clip in (REPOSITORY / "resources/motions").glob("*.npz"):
        (motions / clip.name).write_bytes(b"fake")
    return Workflow(folder)
