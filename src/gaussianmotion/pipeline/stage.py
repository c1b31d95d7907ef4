"""A stage of the pipeline: one declaration of all that decides its results.

A rule gets from it what reruns it (the values of its settings, the digest of its code), a command
its settings. A key that a stage did not declare does not exist in its settings: a function that
reads one fails in mypy, and at once.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from gaussianmotion.config import Config
from gaussianmotion.config.mistakes import explain
from gaussianmotion.config.section import Section
from gaussianmotion.pipeline.code import PACKAGE, source_tree
from gaussianmotion.runtime.errors import UserError

# Of a stage that computes: how many threads do so is set by the command, before it is imported.
COMPUTING = ("runtime.threads",)
Settings = TypeVar("Settings", bound=Section)


@dataclass(frozen=True)
class Stage(Generic[Settings]):
    """What one stage runs and reads.

    Attributes:
        name: Of the stage, in messages.
        entry: Module and function that make the results, ``training.loop:train``. What it imports
            counts, directly or not, inside functions, too.
        settings: Model of the keys that it may read.
        further: Modules that the entry finds by their names, which no import shows.
        data: Patterns of files in the package that it reads, such as ``report/templates/*``.
        on_cpu: Whether the workflow runs it on the CPU, beside the trainings that hold the GPUs:
            what draws or measures for seconds would keep a GPU from hours of work.
    """

    name: str
    entry: str
    settings: type[Settings]
    further: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    on_cpu: bool = False

    def narrow(self, config: Config) -> Settings:
        """The stage's part of a whole configuration."""
        return narrow(config, self.settings)

    def text(self, config: Config) -> str:
        """The stage's settings in the workflow, as JSON for ``--settings``.

        The same values are the same text.
        """
        if self.on_cpu:
            gsplat = config.rasteriser == "gsplat"
            rasteriser = "auto" if gsplat else config.rasteriser
            config = config.model_copy(update={"device": "cpu", "rasteriser": rasteriser})
        return settings_text(self.narrow(config))

    def parse(self, text: str) -> Settings:
        """Read ``--settings``.

        Raises:
            UserError: it is not JSON, holds a key that the stage does not read, or a wrong value.
        """
        try:
            layer = json.loads(text)
        except json.JSONDecodeError as error:
            raise UserError(f"--settings: not valid JSON ({error})") from error
        if not isinstance(layer, dict):
            raise UserError('--settings: a JSON object is needed, as in {"train": {"steps": 400}}')
        for key in layer:
            if key not in self.settings.model_fields:
                known = ", ".join(self.settings.model_fields) or "no key"
                raise UserError(f"--settings: {self.name} does not read {key!r}; it reads {known}")
        try:
            return self.settings.model_validate(layer)
        except ValidationError as error:
            raise UserError(f"--settings of {self.name}: {explain(error)}") from None

    @property
    def modules(self) -> list[str]:
        """The modules whose closure counts."""
        names = [self.entry.partition(":")[0], *self.further]
        return [f"{PACKAGE}.{name}" for name in names]

    def code(self) -> str:
        """The digest of the code that the stage runs."""
        return source_tree().digest(self.modules, self.data)


def narrow(config: Section, part: type[Settings]) -> Settings:
    """The keys of a configuration that a smaller model of the same keys has."""
    return part.model_validate(_picked(config.model_dump(mode="json"), part))


def _picked(data: Mapping[str, Any], part: type[Section]) -> dict[str, Any]:
    """The keys that a model has, sections within it included."""
    picked = {}
    for name, field in part.model_fields.items():
        inner: Any = field.annotation
        section = isinstance(inner, type) and issubclass(inner, Section)
        picked[name] = _picked(data[name], inner) if section else data[name]
    return picked


def settings_text(settings: Section) -> str:
    """Settings as JSON, sorted by key."""
    return json.dumps(settings.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
