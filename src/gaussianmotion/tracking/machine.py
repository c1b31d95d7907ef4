"""What a training takes of its computer, in ``system.csv`` and as MLflow's system metrics.

MLflow's own monitor writes to the store alone: what was measured while the store was away, or in a
store that was deleted, would be gone. The file is the truth here, too.
"""

import csv
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gaussianmotion.records.run_folder import SYSTEM
from gaussianmotion.tracking.run_contents import METRICS_AT_ONCE

# Seconds between two rows, as MLflow has it.
EVERY = 10.0
_MEGABYTE = 1e6
# nvidia-smi's names, and MLflow's.
_GPU = {
    "utilization.gpu": "gpu_0_utilization_percentage",
    "memory.used": "gpu_0_memory_usage_megabytes",
    "power.draw": "gpu_0_power_usage_watts",
}
COLUMNS = (
    "time",
    "cpu_utilization_percentage",
    "system_memory_usage_percentage",
    "system_memory_usage_megabytes",
    "process_cpu_percentage",
    "process_memory_megabytes",
    *_GPU.values(),
)


@contextmanager
def measured(folder: Path, every: float = EVERY) -> Iterator[None]:
    """Measure this process and its computer while the block runs; a failure stops nothing.

    Args:
        folder: The run's folder, which gets or lengthens ``system.csv``.
        every: Seconds between two rows; the first is written after as long.
    """
    ended = threading.Event()
    measurer = threading.Thread(
        target=_measure, args=(folder / SYSTEM, every, ended), name="system", daemon=True
    )
    measurer.start()
    try:
        yield
    finally:
        ended.set()


def start_anew(folder: Path) -> None:
    """Forget what an earlier training in this folder took, unless it is to be gone on with."""
    if not any(folder.glob("checkpoint*")):
        with suppress(OSError):
            (folder / SYSTEM).unlink(missing_ok=True)


def send_measurements(client: Any, run_id: str, folder: Path, sent: int) -> int:
    """Log the rows that MLflow does not have yet; returns how many it has now.

    Args:
        client: An MlflowClient.
        run_id: The run.
        folder: Its folder.
        sent: How many rows MLflow has.
    """
    from mlflow.entities import Metric

    rows = _rows(folder / SYSTEM)
    metrics = [
        Metric(f"system/{name}", float(value), round(1000 * float(row["time"])), step)
        for step, row in enumerate(rows[sent:], start=sent)
        for name, value in row.items()
        if name != "time" and value
    ]
    for start in range(0, len(metrics), METRICS_AT_ONCE):
        client.log_batch(run_id, metrics=metrics[start : start + METRICS_AT_ONCE])
    return max(sent, len(rows))


def _measure(path: Path, every: float, ended: threading.Event) -> None:
    import psutil

    process = psutil.Process()
    for first in (psutil.cpu_percent, process.cpu_percent):
        first()  # Of the time since the call before.
    while not ended.wait(every):
        memory = psutil.virtual_memory()
        row = {
            "time": f"{time.time():.1f}",
            "cpu_utilization_percentage": psutil.cpu_percent(),
            "system_memory_usage_percentage": memory.percent,
            "system_memory_usage_megabytes": round(memory.used / _MEGABYTE),
            "process_cpu_percentage": process.cpu_percent(),
            "process_memory_megabytes": round(process.memory_info().rss / _MEGABYTE),
            **_gpu(),
        }
        try:
            _append(path, row)
        except OSError:  # a full disk is the training's to tell of
            return


def _append(path: Path, row: dict[str, Any]) -> None:
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        if new:
            writer.writeheader()
        writer.writerow(row)


def _gpu() -> dict[str, str]:
    """Of the GPU that this process leased; nothing where it has none."""
    device = os.environ.get("CUDA_VISIBLE_DEVICES", "").partition(",")[0]
    tool = shutil.which("nvidia-smi")
    if not device or tool is None:
        return {}
    query = [tool, f"--id={device}", f"--query-gpu={','.join(_GPU)}"]
    try:
        said = subprocess.run(
            [*query, "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=EVERY,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return {}
    values = [value.strip() for value in said.strip().splitlines()[0].split(",")]
    found = dict(zip(_GPU.values(), values, strict=False))
    return {name: value for name, value in found.items() if _is_number(value)}


def _rows(path: Path) -> list[dict[str, str]]:
    """Whole rows of a file that may be growing; those that are none are left out."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return []
    rows = csv.DictReader(text[: text.rfind("\n") + 1].splitlines())
    return [
        {name: value for name, value in row.items() if name in COLUMNS and _is_number(value)}
        for row in rows
        if _is_number(row.get("time"))
    ]


def _is_number(text: Any) -> bool:
    try:
        float(text)
    except (TypeError, ValueError):
        return False
    return True
