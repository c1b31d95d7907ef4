"""Files that ship with the project, found from any working directory.

Configurations and avatars name them as they are seen from the repository's folder, such as
``resources/body/open_body.npz``.
"""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]


def shipped(path: Path) -> Path:
    """The path of a file: as it is given, or beside the package where there is none there."""
    beside = REPOSITORY / path
    return beside if not path.exists() and beside.exists() else path
