"""Python and packages of this computer."""

import importlib.util
import sys
from collections.abc import Iterator

from gaussianmotion.config import Config
from gaussianmotion.doctor.finding import Finding
from gaussianmotion.scores.registry import scores


def look_at_python() -> Finding:
    """Its version."""
    version = ".".join(map(str, sys.version_info[:3]))
    fine = sys.version_info[:2] in ((3, 11), (3, 12))
    how = "" if fine else "; 3.11 or 3.12 is needed: make env PYTHON=/path/to/python3.11"
    return Finding("Python", fine, version + how)


def look_for_packages(config: Config) -> Iterator[Finding]:
    """What only some scores need: optional libraries, and models that ship with the repository."""
    for score in (scores()[name] for name in config.scores.names):
        if score.package is not None:
            module, package = score.package
            there = importlib.util.find_spec(module) is not None
            how = "installed" if there else f"absent: run `make env`, or pip install {package}"
            yield Finding(f"{package}, for the score {score.name}", there, how)
        for path in score.ships(config):
            there = path.is_file()
            how = str(path) if there else f"{path} is absent: restore it from git"
            yield Finding(f"model of the score {score.name}", there, how)
