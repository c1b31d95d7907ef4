"""The page: what each section found, as Markdown and JSON."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gaussianmotion.runtime.atomic import write_json, write_text


@dataclass(frozen=True)
class Result:
    """What a section found, or why it did not come to its end."""

    name: str
    title: str
    figures: dict[str, Any]
    failed: str
    seconds: float


def write_page(out: Path, results: list[Result], miniature: bool) -> None:
    """Write gpu_check.json and gpu_check.md."""
    write_json(out / "gpu_check.json", {"sections": [asdict(result) for result in results]})
    lines = ["# What this GPU says", ""]
    if miniature:
        lines += ["A miniature on the CPU: it shows that the check works, and nothing else.", ""]
    for result in results:
        lines += [f"## {result.title}", ""]
        if result.failed:
            lines += [f"**Did not come to its end:** {result.failed}", ""]
        plain = {name: value for name, value in result.figures.items() if not _is_table(value)}
        if plain:
            lines += ["| | |", "|---|---|"]
            lines += [f"| {name} | {_cell(value)} |" for name, value in plain.items()]
            lines.append("")
        for name, rows in result.figures.items():
            if _is_table(rows):
                lines += [*_table(name, rows), ""]
        lines += [f"Took {result.seconds:.0f} s.", ""]
    write_text(out / "gpu_check.md", "\n".join(lines))


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _table(name: str, rows: list[dict[str, Any]]) -> list[str]:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    return [
        f"{name}:",
        "",
        f"| {' | '.join(columns)} |",
        f"|{'---|' * len(columns)}",
        *(f"| {' | '.join(_cell(row.get(column, '')) for column in columns)} |" for row in rows),
    ]


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_cell(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    return str(value)
