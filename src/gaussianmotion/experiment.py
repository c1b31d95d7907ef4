"""A whole experiment, checked before anything runs: configuration, variants, prompts, motions."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaussianmotion.config import Config
from gaussianmotion.config_file import Layer, load_variants, validate, with_variant
from gaussianmotion.errors import UserError
from gaussianmotion.prompts import Prompt, configured_prompts, slug


@dataclass(frozen=True)
class Experiment:
    """What the workflow makes.

    Attributes:
        config: The base configuration.
        prompts: By id, in the order of the list.
        motions: By the name of their video; values are clip names or paths.
        overlays: All variants of the variants file, by name.
    """

    config: Config
    prompts: dict[str, Prompt]
    motions: dict[str, str]
    overlays: dict[str, Layer]

    def variant(self, name: str) -> Config:
        """The configuration of one variant."""
        return with_variant(self.config, name, self.overlays)


def load_experiment(layer: Mapping[str, Any], where: str) -> Experiment:
    """Validate merged configuration keys and everything that they name.

    Args:
        layer: Keys as merged from files and command line.
        where: Names of the files, for messages.

    Raises:
        UserError: the first mistake found.
    """
    config = validate(layer, where)
    for key in ("variants", "seeds", "motions"):
        _unique(getattr(config, key), f"{where}: {key}")
    _writable(config.results)
    overlays = load_variants(config.variants_file)
    experiment = Experiment(
        config=config,
        prompts={prompt.id: prompt for prompt in configured_prompts(config)},
        motions=motion_names(config.motions),
        overlays=overlays,
    )
    for name in config.variants:
        experiment.variant(name)
    return experiment


def motion_names(motions: list[str]) -> dict[str, str]:
    """Names of videos for clips and files: a clip's own name, or the slug of a file's stem.

    Raises:
        UserError: two motions would write the same video.
    """
    names: dict[str, str] = {}
    for motion in motions:
        name = motion if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", motion) else slug(Path(motion).stem)
        if name in names:
            raise UserError(
                f"motions: {motion!r} and {names[name]!r} would both be written to {name}.mp4; "
                "rename one file"
            )
        names[name] = motion
    return names


def _writable(results: Path) -> None:
    folder = results.absolute()
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(f"results: {folder} is not a folder that you may write; choose another one")


def _unique(values: list[Any], where: str) -> None:
    twice = next((value for value in values if values.count(value) > 1), None)
    if twice is not None:
        raise UserError(f"{where}: {twice!r} is listed twice; remove one")
