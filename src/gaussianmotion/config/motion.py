"""A motion file as the configuration names it, with what the file itself does not say."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError

from gaussianmotion.config.section import Section, Slug, UserPath
from gaussianmotion.config.yaml_file import parse_yaml
from gaussianmotion.errors import UserError


class MotionFile(Section):
    """A motion of the user's own; see docs/motions.md for the layouts that are read."""

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


def motion_file(source: MotionSource) -> MotionFile | None:
    """The file that is meant; None where it is a bundled clip's name.

    Args:
        source: A name, a path, or a mapping of YAML or JSON as text.

    Raises:
        UserError: the text is a mapping, but none of a motion file.
    """
    if isinstance(source, MotionFile):
        return source
    text = str(source)
    if text.lstrip().startswith("{"):
        return MotionFile.model_validate(_mapping(text))
    named = isinstance(source, str) and not {"/", "."} & set(text)
    return None if named else MotionFile.model_validate({"path": text})


def _mapping(text: str) -> Any:
    try:
        value = parse_yaml(text)
        MotionFile.model_validate(value)
    except yaml.YAMLError:
        raise UserError(f"motion {text!r} is no mapping; write {{path: x.bvh, fps: 30}}") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise UserError(
            f"motion {text!r}: {key}: {first['msg']}; keys are {', '.join(MotionFile.model_fields)}"
        ) from None
    return value


def motion_text(source: MotionSource) -> str:
    """The source as one argument of a command: a name, a path, or a mapping as JSON."""
    file = motion_file(source)
    if file is None:
        return str(source)
    if file.model_fields_set == {"path"}:
        return str(file.path)
    return json.dumps(file.model_dump(mode="json", exclude_none=True), ensure_ascii=False)
