"""What only a GPU can tell, in one command of at most ten minutes on one GPU, without network.

    make gpu-check                                     # python benchmarks/gpu_check
    python benchmarks/gpu_check --miniature            # every section on the CPU, in small
    python benchmarks/gpu_check --only step precision

Each section runs in a process of its own with a limit of time: what CUDA breaks in one, or one that
hangs, loses that section alone. The page (gpu_check.md, gpu_check.json) is written anew after each.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import traceback
from pathlib import Path

# The benchmarks that are run alone, too.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from page import Result, write_page
from sections import SECTIONS, Sizes

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run the sections; returns 1 where one failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("results/gpu_check"), metavar="FOLDER")
    parser.add_argument("--only", nargs="+", choices=list(SECTIONS), metavar="SECTION")
    parser.add_argument("--miniature", action="store_true", help="on the CPU, in small")
    parser.add_argument("--minutes", type=float, default=10.0, help="for all sections together")
    parser.add_argument("--section", choices=list(SECTIONS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.section:
        return run_section(options.section, options.miniature, options.out)
    os.environ.setdefault("MAX_JOBS", str(max(1, min(16, os.cpu_count() or 1))))
    ends = time.monotonic() + 60.0 * options.minutes
    results: list[Result] = []
    for name in options.only or SECTIONS:
        # The limits are for a GPU machine by itself, a miniature's computer may be busy.
        limit = min(
            SECTIONS[name].seconds * (5 if options.miniature else 1), ends - time.monotonic()
        )
        print(f"gpu-check: {SECTIONS[name].title}", file=sys.stderr, flush=True)
        result = in_a_process(name, options.miniature, options.out, limit)
        results.append(result)
        write_page(options.out, results, options.miniature)
    print(f"gpu-check: {options.out / 'gpu_check.md'}", file=sys.stderr)
    return int(any(result.failed for result in results))


def in_a_process(name: str, miniature: bool, out: Path, limit: float) -> Result:
    """Run one section by itself and read what it wrote."""
    began = time.monotonic()
    path = out / f"{name}.json"
    path.unlink(missing_ok=True)
    failed = ""
    if limit <= 0.0:
        failed = "no time was left"
    else:
        command = [sys.executable, str(HERE), "--section", name, "--out", str(out)]
        command += ["--miniature"] if miniature else []
        try:
            code = subprocess.run(command, timeout=limit).returncode
            failed = f"it ended with {code}" if code else ""
        except subprocess.TimeoutExpired:
            failed = f"it took longer than {limit:.0f} s"
    figures = json.loads(path.read_text()) if path.is_file() else {}
    failed = figures.pop("failed", "") or failed
    seconds = round(time.monotonic() - began, 1)
    return Result(name, SECTIONS[name].title, figures, failed, seconds)


def run_section(name: str, miniature: bool, out: Path) -> int:
    """In the section's own process: write what it finds, as far as it comes."""
    from gaussianmotion.runtime.atomic import write_json
    from gaussianmotion.runtime.gpu_errors import one_line

    sizes = Sizes.miniature() if miniature else Sizes()
    figures: dict[str, object] = {}

    def note(**found: object) -> None:
        figures.update(found)
        write_json(out / f"{name}.json", figures)

    try:
        SECTIONS[name].run(sizes, note)
    except Exception as error:
        traceback.print_exc()
        said = one_line(error) or f"{type(error).__name__}: {error}"
        note(failed=" ".join(said.split())[:500])
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
