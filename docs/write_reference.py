"""Writes docs/reference/configuration.md and commands.md, from the models and parsers themselves.

python docs/write_reference.py
"""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gaussianmotion.cli import build_parser
from gaussianmotion.config import Config

FOLDER = Path(__file__).parent / "reference"
MADE = "<!-- Written by docs/write_reference.py: change docstrings and descriptions instead. -->"


def configuration() -> str:
    """Every key of the configuration with its type, default, limits and meaning."""
    schema = Config.model_json_schema()
    parts = [
        "# Configuration",
        MADE,
        "Keys of `config.yaml` and of files that overlay it. A dot stands for a nested section: "
        "`train.steps` is `train: {steps: ...}`. Editors show the same from `config/schema.json`.",
    ]
    top, sections = [], []
    for name, value in schema["properties"].items():
        section = _section(value, schema)
        (sections if section is not None else top).append((name, value, section))
    parts.append(_table(_rows("", {name: value for name, value, _ in top}, schema)))
    for name, _, section in sections:
        parts += [f"## {name}", _plain(section.get("description", ""))]
        parts.append(_table(_rows(f"{name}.", section["properties"], schema)))
    return "\n\n".join(part for part in parts if part) + "\n"


def _rows(prefix: str, properties: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    for name, value in properties.items():
        section = _section(value, schema)
        if section is not None:
            yield from _rows(f"{prefix}{name}.", section["properties"], schema)
            continue
        default = f"`{_short(value['default'])}`" if "default" in value else ""
        meaning = _plain(value.get("description", ""))
        yield f"| `{prefix}{name}` | {_kind(value, schema)} | {default} | {meaning} |"


def _section(value: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any] | None:
    """The model that a key holds, where it holds exactly one."""
    reference = value.get("$ref") or (value.get("allOf") or [{}])[0].get("$ref")
    found = schema["$defs"].get(reference.rpartition("/")[2]) if reference else None
    return found if found and "properties" in found else None


def _kind(value: dict[str, Any], schema: dict[str, Any]) -> str:
    """A key's type in words, with its limits."""
    if "anyOf" in value:
        return " or ".join(_kind(option, schema) for option in value["anyOf"])
    if "$ref" in value:
        return value["$ref"].rpartition("/")[2]
    if "enum" in value:
        return ", ".join(f"`{option}`" for option in value["enum"])
    if "const" in value:
        return f"`{value['const']}`"
    kind = str(value.get("type", "anything"))
    if kind == "array":
        kind = f"list of {_kind(value['items'], schema)}" if "items" in value else "list"
    low = value.get("minimum", value.get("exclusiveMinimum"))
    high = value.get("maximum", value.get("exclusiveMaximum"))
    above = "above " if "exclusiveMinimum" in value else "from "
    limits = [f"{above}{low:g}"] if low is not None else []
    limits += [f"to {high:g}"] if high is not None else []
    return " ".join([kind, *limits])


def _short(value: Any) -> str:
    return str(value) if not isinstance(value, dict) else "{...}"


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _table(rows: Iterator[str]) -> str:
    lines = list(rows)
    if not lines:
        return ""
    return "\n".join(["| key | type | default | meaning |", "|---|---|---|---|", *lines])


def commands() -> str:
    """Every command with its help, as ``--help`` prints it at 100 columns."""
    os.environ["COLUMNS"] = "100"
    parser = build_parser()
    parts = ["# Commands", MADE, _help(parser)]
    for name, command in _subcommands(parser):
        parts += [f"## {name}", _help(command)]
        for inner, nested in _subcommands(command):
            parts += [f"### {name} {inner}", _help(nested)]
    return "\n\n".join(parts) + "\n"


def _subcommands(parser: argparse.ArgumentParser) -> list[tuple[str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return list(action.choices.items())
    return []


def _help(parser: argparse.ArgumentParser) -> str:
    return "```\n" + parser.format_help().rstrip() + "\n```"


PAGES = {"configuration.md": configuration, "commands.md": commands}

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
