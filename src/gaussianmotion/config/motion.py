"""A motion file as the configuration names it, with what the file itself does not say."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BeforeValidator, Field, ValidationError

from gaussianmotion.config.section import Section, Slug, UserPath
from gaussianmotion.config.yaml_file import parse_yaml
from gaussianmotion.runtime.errors import UserError


class MotionFile(Section):
    """A motion of the user's own; see docs/how-to/motions.md for the layouts that are read."""

    path: UserPath = Field(description="The file.")
    name: Slug | None = Field(None, description="Of its video; none: the file's name.")
    fps: Annotated[float, Field(gt=0.0, le=1000.0)] | None = Field(
        None, description="Frames per second, in place of what the file or its tool says."
    )
    up: Literal["y", "z", "-y", "-z"] | None = Field(
        None, description="The file's axis that points up, in place of what its layout says."
    )
    unit: Literal["m", "cm", "mm", "in", "ft"] | None = Field(
        None, description="Of positions; none: metres, or by the size of the file's skeleton."
    )
    take: int | None = Field(
        None, ge=0, description="Which sample or person, where a file holds several."
    )
    joint_names: UserPath | None = Field(
        None, description="YAML of a BVH file's joint names (config/joint_names.yaml)."
    )


# A bundled clip by its name, or a file.
MotionSource = str | Path | MotionFile


def _checked(value: Any) -> Any:
    """A name or path as it is, a mapping as a file; for the configuration's list."""
    if isinstance(value, str | MotionFile):
        return value
    if not isinstance(value, dict):
        raise ValueError(f"{value!r} is no motion; write a clip's name, a path, or {EXAMPLE}")
    try:
        return MotionFile.model_validate(value)
    except ValidationError as error:
        raise ValueError(_mistake(error)) from None


EXAMPLE = "{path: x.bvh, fps: 30}"
# An entry of the configuration's list.
Motions = list[Annotated[str | MotionFile, BeforeValidator(_checked)]]


def _mistake(error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(map(str, first["loc"])) or "it"
    what = {"extra_forbidden": "is no key of a motion", "missing": "is missing"}.get(
        first["type"], f"is {first['input']!r}: {first['msg']}"
    )
    return (
        f"{key} {what}; write for example {EXAMPLE}; keys are {', '.join(MotionFile.model_fields)}"
    )


def motion_file(source: MotionSource | Mapping[str, Any]) -> MotionFile | None:
    """The file that is meant; None where it is a bundled clip's name.

    Args:
        source: A name, a path, or a mapping, which may be text of YAML or JSON.

    Raises:
        UserError: the text is a mapping, but none of a motion file.
    """
    if isinstance(source, MotionFile):
        return source
    text = str(source.get("path", source) if isinstance(source, Mapping) else source)
    try:
        if isinstance(source, Mapping):
            return MotionFile.model_validate(source)
        if text.lstrip().startswith("{"):
            return MotionFile.model_validate(parse_yaml(text))
        named = isinstance(source, str) and not {"/", "."} & set(text)
        return None if named else MotionFile.model_validate({"path": text})
    except yaml.YAMLError:
        raise UserError(f"motion {text!r} is no mapping; write {EXAMPLE}") from None
    except ValidationError as error:
        raise UserError(f"motion {text!r}: {_mistake(error)}") from None


def motion_text(source: MotionSource) -> str:
    """The source as one argument of a command: a name, a path, or a mapping as JSON."""
    file = motion_file(source)
    if file is None:
        return str(source)
    if file.model_fields_set == {"path"}:
        return str(file.path)
    return json.dumps(file.model_dump(mode="json", exclude_none=True), ensure_ascii=False)
