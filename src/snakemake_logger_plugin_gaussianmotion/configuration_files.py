"""The files of ``--configfile``, looked at before Snakemake reads them.

Of a file that is not there or is no text Snakemake prints a traceback, of a mistake in one neither
its name nor the line. It makes a logger's settings before it reads the files: here is the first
place where the mistake can be told.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase

_OPTIONS = ("--configfile", "--configfiles")


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """No settings; making them checks the configuration's files."""

    def __post_init__(self) -> None:
        for path in _named(sys.argv[1:]):
            mistake = _mistake(path)
            if mistake:
                print(f"gaussianmotion: {mistake}", file=sys.stderr)
                sys.exit(2)


def _named(arguments: Sequence[str]) -> list[Path]:
    """The files of ``--configfile``: all arguments from it to the next option."""
    files, inside = [], False
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if argument.startswith("-"):
            inside = argument in _OPTIONS
            if equals and option in _OPTIONS:
                files.append(value)
        elif inside:
            files.append(argument)
    return [Path(file) for file in files]


def _mistake(path: Path) -> str | None:
    """What Snakemake would stumble over; other mistakes are told by the workflow itself."""
    try:
        if isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict):
            return None
    except (OSError, ValueError, yaml.YAMLError):
        pass
    # Not above: the workflow imports the package of its own checkout, unless one is there already.
    from gaussianmotion.config.yaml_file import read_yaml
    from gaussianmotion.runtime.errors import UserError

    try:
        read_yaml(path)
    except UserError as error:
        here = "" if path.is_absolute() or path.exists() else f" (looked for in {Path.cwd()})"
        return f"{error}{here}"
    return f"{path}: holds no keys; write some, or leave the file out"
