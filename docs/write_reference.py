"""Writes docs/reference/: configuration, commands and scores, as models, parsers and scores say.

python docs/write_reference.py
"""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from gaussianmotion.cli import build_parser
from gaussianmotion.config import Config, WeightsConfig
from gaussianmotion.scores.registry import scores
from gaussianmotion.scores.score import Score

FOLDER = Path(__file__).parent / "reference"
MADE = "<!-- Written by docs/write_reference.py: change docstrings and descriptions instead. -->"


def configuration() -> str:
    """Every key of the configuration with its type, default, limits and meaning."""
    schema, defaults = Config.model_json_schema(), Config().model_dump(mode="json")
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
    parts.append(_table(_rows("", {name: value for name, value, _ in top}, schema, defaults)))
    for name, _, section in sections:
        parts += [f"## {name}", _plain(section.get("description", ""))]
        rows = _rows(f"{name}.", section["properties"], schema, defaults[name])
        parts.append(_table(rows))
    return "\n\n".join(part for part in parts if part) + "\n"


def _rows(
    prefix: str, properties: dict[str, Any], schema: dict[str, Any], defaults: dict[str, Any]
) -> Iterator[str]:
    for name, value in properties.items():
        section = _section(value, schema)
        if section is not None:
            yield from _rows(f"{prefix}{name}.", section["properties"], schema, defaults[name])
            continue
        default = f"`{_short(defaults[name])}`"
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
    return "{...}" if isinstance(value, dict) and value else str(value)


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


def scores_page() -> str:
    """Every declared score: what it measures, what it looks at and needs, and its numbers."""
    parts = [
        "# Scores",
        MADE,
        "`scores.names` of the configuration chooses among them. A score is one file "
        "`NAME_score.py` in one of the rooms of `scores`; adding such a file and its test adds the "
        "score to the configuration, the commands, the tables and this page.",
    ]
    for score in scores().values():
        parts += [f"## {score.name}", _prose(sys.modules[_prepared_in(score)].__doc__ or "")]
        parts.append("\n".join(f"- {line}" for line in _facts(score)))
        head = ["| number | unit | better | what it says | where |", "|---|---|---|---|---|"]
        parts.append("\n".join([*head, *_measures(score)]))
    return "\n\n".join(parts) + "\n"


def _prepared_in(score: Score) -> str:
    """The module that declares a score."""
    return score.prepare.__module__  # type: ignore[attr-defined]


def _facts(score: Score) -> Iterator[str]:
    yield f'Tables call it "{score.title}", protocol {score.protocol}.'
    looked_at = ", ".join(f"`{name}`" for name in score.looks_at)
    if score.pooled:
        yield f"Of all prompts of a variant and seed: {looked_at} of each, and its references."
    else:
        yield f"Of one avatar: {looked_at}."
    if score.of_pictures:
        yield "Other systems' renders are scored, too."
    if score.weights:
        yield f"Weights: {', '.join(f'`models.{name}`' for name in score.weights)}."
    if score.package:
        yield f"Package: {score.package[1]}."
    keys = ", ".join(f"`{key}`" for key in _keys(score.settings)) or "no key of the configuration"
    yield f"It reads {keys}."


def _keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """The dotted keys of a stage's settings; a section of weights stands for its keys."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        section = isinstance(inner, type) and issubclass(inner, BaseModel)
        if section and inner is not WeightsConfig:
            yield from _keys(inner, f"{prefix}{name}.")
        else:
            yield prefix + name


def _measures(score: Score) -> Iterator[str]:
    for measure in score.measures:
        where = "score files and `scores.csv` (a diagnostic)" if measure.diagnostic else "tables"
        where += ", with the difference to ours" if measure.paired else ""
        better = {"none": ""}.get(measure.better, measure.better)
        title = measure.title + (f"; {measure.note}" if measure.note else "")
        yield f"| `{measure.name}` | {measure.unit} | {better} | {_plain(title)} | {where} |"


def _prose(docstring: str) -> str:
    """A docstring's paragraphs and lists as Markdown."""
    return docstring.strip().replace("``", "`").replace("\n* ", "\n- ")


PAGES = {"configuration.md": configuration, "commands.md": commands, "scores.md": scores_page}

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
