"""Which files of a folder MLflow gets, and sending those that it does not have yet."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gaussianmotion.records.experiment_folder import FIGURES, PARENTS, STUDY, TABLES
from gaussianmotion.records.run_folder import BENCHMARKS, LOGGED, LOGS, MLFLOW, PREVIEWS
from gaussianmotion.tracking.place import local_folder, place

# Kept out: what is no result, and what is written because of MLflow.
_SKIPPED_FOLDERS = {LOGS, BENCHMARKS}
_SKIPPED_FILES = {MLFLOW, LOGGED, PARENTS}
_OF_RUN = {".png", ".mp4", ".json", ".csv", ".safetensors", ".html", ".glb"}
_OF_EXPERIMENT = {".png", ".pdf", ".csv", ".tsv", ".md", ".tex", ".html", ".json", ".ipynb"}
# Folders of an experiment that are no variant's.
_SHARED = (TABLES, FIGURES, STUDY)


def run_files(folder: Path) -> list[Path]:
    """Pictures, videos, scores, curves and the avatar of one run; previews are logged as steps."""
    found = [path for path in sorted(folder.rglob("*")) if _is_result(path, folder, _OF_RUN)]
    return [path for path in found if path.parent.name != PREVIEWS]


def experiment_files(root: Path) -> list[Path]:
    """Report, notebook, sheet, prompts, tables and figures of an experiment."""
    found = [*root.glob("*"), *(path for name in _SHARED for path in (root / name).rglob("*"))]
    return [path for path in sorted(found) if _is_result(path, root, _OF_EXPERIMENT)]


def send_new(
    client: Any, run_id: str, folder: Path, paths: Iterable[Path], sent: dict[str, Any]
) -> None:
    """Log files that changed since they were sent.

    Args:
        client: An MlflowClient.
        run_id: The run that gets them, under their paths relative to ``folder``.
        folder: Above all of ``paths``.
        paths: The files.
        sent: Path -> size and time of what MLflow has; brought up to date.
    """
    local = local_folder(client.get_run(run_id).info.artifact_uri)
    for path in paths:
        name = str(path.relative_to(folder))
        stamp = [path.stat().st_size, path.stat().st_mtime_ns]
        if sent.get(name) == stamp:
            continue
        if local is not None:
            place(path, local, name)
        else:
            parent = str(Path(name).parent)
            client.log_artifact(run_id, str(path), None if parent == "." else parent)
        sent[name] = stamp


def _is_result(path: Path, folder: Path, suffixes: set[str]) -> bool:
    return (
        path.suffix in suffixes
        and path.is_file()
        and path.name not in _SKIPPED_FILES
        and not path.name.startswith((".", "checkpoint"))
        and path.relative_to(folder).parts[0] not in _SKIPPED_FOLDERS
    )
