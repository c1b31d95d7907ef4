"""What ``snakemake --config key=value`` says, before Snakemake forgets how it was written.

Snakemake keeps the last of two equal keys, takes an empty value for none and a name such as ``1e3``
for a number. Each would run another experiment than the one that was asked for.
"""

from collections.abc import Sequence
from typing import Any, get_args

import yaml

from gaussianmotion.config import Config
from gaussianmotion.config.yaml_file import parse_yaml
from gaussianmotion.runtime.errors import UserError

_OPTIONS = ("--config", "-C")


def check_overrides(arguments: Sequence[str]) -> None:
    """Look at the ``key=value`` pairs of a command line as they were written.

    Args:
        arguments: All of Snakemake's.

    Raises:
        UserError: a key is given twice, has no value, or has one that Snakemake reads as another;
            the first one.
    """
    seen: dict[str, str] = {}
    for pair in _pairs(arguments):
        key, equals, value = pair.partition("=")
        if not equals:
            continue  # Snakemake says so itself
        if key in seen:
            raise UserError(
                f"--config: {key} is given twice, as {seen[key]!r} and as {value!r}; write one"
            )
        seen[key] = value
        if not value.strip():
            raise UserError(f"--config: {key} has no value; write {key}=VALUE, or leave it out")
        if _is_text(key) and _is_number(value):
            raise UserError(
                f"--config: Snakemake reads {key}={value} as a number, but {key} is text; write "
                f"for example {key}=run-{value}"
            )
        if value.lstrip()[0] in "{[":
            try:
                parse_yaml(value)
            except yaml.MarkedYAMLError as error:
                raise UserError(f"--config {key}: {error.problem}: {value}") from None


def _pairs(arguments: Sequence[str]) -> list[str]:
    """The values of ``--config``: all arguments from it to the next option."""
    pairs, inside = [], False
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if argument.startswith("-"):
            inside = argument in _OPTIONS
            if equals and option in _OPTIONS:
                pairs.append(value)
        elif inside:
            pairs.append(argument)
    return pairs


def _is_text(key: str) -> bool:
    field = Config.model_fields.get(key)
    kinds: tuple[Any, ...] = (
        () if field is None else (field.annotation, *get_args(field.annotation))
    )
    return str in kinds


def _is_number(value: str) -> bool:
    """As Snakemake decides."""
    try:
        float(value)
    except ValueError:
        return value in ("True", "False")
    return True
