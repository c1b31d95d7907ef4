"""What goes wrong around a pipeline, done to a small one: ``python fault_campaign.py``.

Commands are killed, asked to end and interrupted at random moments; disks are full or read-only;
files are damaged between two runs; MLflow's store is gone, locked or never answers; GPUs are lost;
Snakemake is killed, started twice, and the clock set back. After each fault the exit code and the
message must be right, every file must be whole (as before, or as an undisturbed run makes it), and
a second run must leave what an undisturbed one leaves, bit for bit, and nothing beside it.

Prints a table, writes the outcomes to ``results/faults/faults.json`` (or below ``--out``), and with
``--page`` the page docs/faults.md. Cases are declared in ``faults/``, a few lines each.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / name) for name in ("tests", "tests/workflow", "benchmarks")]

from faults import KINDS  # noqa: E402
from faults.case import Fault  # noqa: E402
from faults.contents import contents  # noqa: E402
from faults.experiment import make_experiment, make_store, make_workflow  # noqa: E402
from faults.page import Outcome, page, rows_of  # noqa: E402
from faults.places import may_mount, unmount_all  # noqa: E402
from faults.processes import PATIENCE, Running  # noqa: E402

PAGE = REPOSITORY / "docs/faults.md"
RESULTS = REPOSITORY / "results/faults"
# What an interrupted or damaged start may leave beside the results until the next one.
_ASIDE = r"partial|checkpoint-"


@dataclass(frozen=True)
class Usual:
    """An undisturbed run: seconds of the processor, and the files that it leaves."""

    seconds: float
    files: dict[str, str]


class Campaign:
    """The small experiment, and what undisturbed commands make of it."""

    def __init__(self, folder: Path, moments: int, seed: int = 0) -> None:
        self.folder, self.moments, self.random = folder, moments, random.Random(seed)
        self._usual: dict[tuple[Any, ...], Usual] = {}

    def template(self, fault: Fault) -> Path:
        """The folder that a fault begins with; made when it is first asked for."""
        if fault.run[0] == "snakemake":
            return self._made("workflow", make_workflow)
        plain = self._made("experiment", make_experiment)
        logs = fault.run[0] == "tracking-init" or "tracking.enabled=true" in fault.run
        if not logs:
            return plain
        if not (self.folder / "logged").exists():
            shutil.copytree(plain, self.folder / "logged", symlinks=True)
            make_store(self.folder / "logged")
        return self.folder / "logged"

    def _made(self, name: str, make: Callable[[Path], None]) -> Path:
        folder = self.folder / name
        if not folder.exists():
            try:
                make(folder)
            except BaseException:  # half a template would be taken for a whole one
                shutil.rmtree(folder, ignore_errors=True)
                raise
        return folder

    def usual(self, fault: Fault) -> Usual:
        """What the fault's command does undisturbed."""
        key = (fault.run, fault.environment)
        if key not in self._usual:
            copy = self.copy(fault, "usual")
            shutil.rmtree(copy / "new", ignore_errors=True)
            run = start(replace(fault, within=None), copy)
            code = run.end(fault.seconds)
            if code != 0:
                raise SystemExit(f"undisturbed, {' '.join(fault.run)} ends with {run.said()}")
            self._usual[key] = Usual(run.processor, contents(copy))
            shutil.rmtree(copy)
        return self._usual[key]

    def copy(self, fault: Fault, name: str) -> Path:
        """A fresh copy of the template."""
        copy = self.folder / name
        unmount_all(copy)
        shutil.rmtree(copy, ignore_errors=True)
        return Path(shutil.copytree(self.template(fault), copy, symlinks=True))

    def tried(self, kind: str, fault: Fault) -> Outcome:
        """The outcome of a fault, where this process may do what it needs."""
        mounts = fault.around.__qualname__.partition(".")[0] in ("room", "read_only")
        if mounts and not may_mount():
            return Outcome(kind, fault.name, [], 0.0, "", [], "needs root, to mount a tmpfs")
        return self.attempt(kind, fault)

    def attempt(self, kind: str, fault: Fault) -> Outcome:
        """Try a fault at its moments."""
        wrong: list[str] = []
        codes: list[int] = []
        slowest, said = 0.0, ""
        for _ in range(self.moments if fault.moments else 1):
            moment = self.random.random()
            first, found = self._once(fault, moment)
            codes.append(first.end(0))
            slowest = max(slowest, first.seconds)
            said = last_line(first.said())
            if found and os.environ.get("FAULTS_SHOW"):
                print(first.said())
            wrong += [f"{text} (at {moment:.2f})" if fault.moments else text for text in found]
        return Outcome(kind, fault.name, codes, slowest, said, wrong)

    def _once(self, fault: Fault, moment: float) -> tuple[Running, list[str]]:
        usual = self.usual(fault) if fault.makes or fault.moments else Usual(0.0, {})
        folder = self.copy(fault, "copy")
        fault.before(folder)
        before = contents(folder)
        with fault.around(folder):
            first = start(fault, folder, moment, usual.seconds)
            fault.strike(first)
            code = first.end(fault.seconds)
            wrong = judged(fault, code, first.said())
            if first.missed:
                wrong.append("what was to be struck never came")
            found = contents(folder)
            for name, digest in found.items() if fault.makes else ():
                right = (before.get(name), usual.files.get(name))
                if name in usual.files and digest not in right:
                    wrong.append(f"{name} is neither the old nor the new one")
                elif name not in usual.files and name not in before and not re.search(_ASIDE, name):
                    wrong.append(f"{name} was made")
            for name, digest in before.items():
                if name not in usual.files and found.get(name) != digest and fault.makes:
                    wrong.append(f"{name} was lost")
        if fault.again != ():
            wrong += self._again(fault, folder, usual, before)
        if fault.check is not None:
            fault_found = fault.check(folder)
            wrong += [fault_found] if fault_found else []
        unmount_all(folder)
        return first, wrong

    def _again(self, fault: Fault, folder: Path, usual: Usual, before: dict[str, str]) -> list[str]:
        within = fault.within if fault.stays else None
        second = replace(fault, run=fault.again or fault.run, within=within)
        run = start(replace(second, environment=()), folder)
        ended = run.end(PATIENCE)
        if "snakemake --unlock" in run.said():
            unlock = start(replace(second, run=(*second.run, "--unlock")), folder)
            unlock.end(PATIENCE)
            run = start(replace(second, environment=()), folder)
            ended = run.end(PATIENCE)
        wrong = [] if ended == 0 else [f"the second run ends with {ended}: {last_line(run.said())}"]
        if fault.makes and ended == 0:
            found = contents(folder)
            wrong += [f"{name} is missing" for name in usual.files.keys() - found.keys()]
            wrong += [
                f"{name} is another one"
                for name in usual.files.keys() & found.keys() if usual.files[name] != found[name]
            ]  # fmt: skip
            known = usual.files.keys()
            wrong += [
                f"{name} is left over"
                for name in found
                if name not in known and "checkpoint-" not in name and name not in before
            ]
        return wrong


def judged(fault: Fault, code: int, said: str) -> list[str]:
    """What is wrong with how a command ended."""
    wrong = [] if code in fault.codes else [f"exit code {code}"]
    if code == -1000:
        wrong = [f"hangs for more than {fault.seconds:.0f} s"]
    if "Traceback (most recent call last)" in said:
        wrong.append("a traceback")
    lines = [line for line in said.splitlines() if line.startswith("gaussianmotion:")]
    if code == 2 and len(lines) != 1:
        wrong.append(f"{len(lines)} lines of errors")
    if not re.search(fault.says, said, re.DOTALL):
        wrong.append(f"does not say {fault.says!r}")
    if fault.silent and re.search(fault.silent, said):
        wrong.append(f"says {fault.silent!r}")
    return wrong


def start(fault: Fault, folder: Path, moment: float = 0.5, usual: float = 0.0) -> Running:
    """Start a fault's command."""
    run = Running(folder, moment, usual)
    if fault.run[0] == "snakemake":
        run.snakemake(fault.run[1:], dict(fault.environment))
    else:
        run.fork(fault.run, dict(fault.environment), fault.within)
    return run


def last_line(said: str) -> str:
    """The last line that is not empty."""
    return next((line for line in reversed(said.splitlines()) if line.strip()), "")


def main() -> int:
    """Run the campaign; returns 1 where something is not right."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--only", default="", metavar="REGEX", help="faults whose name it matches")
    parser.add_argument("--moments", type=int, default=20, help="of what is ended (default: 20)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--out", type=Path, default=RESULTS, metavar="FOLDER")
    parser.add_argument("--page", action="store_true", help=f"write {PAGE.name}")
    options = parser.parse_args()
    # A shell that starts this in the background has it, and its commands, ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    began = time.monotonic()
    outcomes = []
    print(f"{'fault':58} {'times':>5} {'codes':12} {'seconds':>7}  right")
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        campaign = Campaign(Path(folder), options.moments, options.seed)
        for kind in options.kinds:
            for fault in KINDS[kind]:
                if re.search(options.only, fault.name):
                    outcomes.append(tell(campaign.tried(kind, fault)))
                    remembered(outcomes, options.out)
        unmount_all(Path(folder))
    minutes = (time.monotonic() - began) / 60
    wrong = sum(bool(outcome.wrong) for outcome in outcomes)
    print(f"{len(outcomes)} faults, {wrong} not right, {minutes:.1f} minutes")
    outcomes = remembered(outcomes, options.out)
    if options.page:
        tried = {outcome.name for outcome in outcomes}
        names = [fault.name for faults in KINDS.values() for fault in faults]
        untried = [name for name in names if name not in tried]
        PAGE.write_text(page(outcomes, untried), encoding="utf-8")
    return int(wrong > 0)


def remembered(outcomes: list[Outcome], folder: Path) -> list[Outcome]:
    """Outcomes with those of earlier, partial runs for the other faults; kept in a file.

    Where the campaign's own file is not, as in a fresh clone, the page has those of earlier runs.

    Args:
        outcomes: Of this run.
        folder: Where the file is.
    """
    path, kept = folder / "faults.json", []
    if path.exists():
        kept = [Outcome(**one) for one in json.loads(path.read_text())]
    elif folder == RESULTS and PAGE.exists():
        kept = rows_of(PAGE.read_text(encoding="utf-8"))
    found = {(one.kind, one.name): one for one in kept}
    found |= {(one.kind, one.name): one for one in outcomes}
    known = [(kind, fault.name) for kind, faults in KINDS.items() for fault in faults]
    all_of_them = [found[key] for key in known if key in found]
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(one) for one in all_of_them], indent=1))
    return all_of_them


def tell(outcome: Outcome) -> Outcome:
    """Print a row."""
    right = outcome.skipped or "; ".join(dict.fromkeys(outcome.wrong)) or "yes"
    codes = ",".join(map(str, sorted(set(outcome.codes))))
    print(
        f"{outcome.name[:58]:58} {len(outcome.codes):5} {codes:12} {outcome.seconds:7.1f}  {right}"
    )
    if outcome.wrong:
        print(f"    {outcome.said[:300]}")
    sys.stdout.flush()
    return outcome


if __name__ == "__main__":
    import torch

    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    sys.exit(main())
