"""Mistakes in a configuration, each as one line that shows the corrected YAML."""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from gaussianmotion.config import Config
from gaussianmotion.config.section import SHA256_PATTERN, SLUG_PATTERN, SYSTEM_NAME_PATTERN
from gaussianmotion.runtime.errors import UserError

# Plainer words than pydantic's for the commonest mistakes, by its error type.
_REASONS = {
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text; quote it",
    "path_type": "must be a path",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be a section of keys",
    "model_type": "must be a section of keys",
    "model_attributes_type": "must be a section of keys",
    "missing": "has too few values",
}
_PATTERNS = {
    SLUG_PATTERN: "may hold only lower-case letters, digits and _ . - (at most 80)",
    SYSTEM_NAME_PATTERN: "may hold only letters, digits and _ . - (at most 80)",
    SHA256_PATTERN: "must be 64 hexadecimal digits in lower case",
}


def explain(error: ValidationError) -> str:
    """One line for the first mistake: what, where, and the corrected YAML."""
    mistake = error.errors()[0]
    location = tuple(
        part for part in mistake["loc"] if part != "[key]" and not str(part).startswith("function-")
    )
    name = ".".join(map(str, location))
    value = mistake["input"]
    if mistake["type"] == "extra_forbidden":
        return unknown_key(location, value)
    if mistake["type"] == "value_error":
        reason = mistake["msg"].removeprefix("Value error, ")
        return f"{name}: {reason}" if name else reason
    example = _yaml_at(location, _example(location, mistake["type"], value))
    return f"{name} is {_short(value)}, but {_reason(mistake)}; write for example `{example}`"


def check_keys(layer: Mapping[str, Any], where: str) -> None:
    """Check that all keys of a layer exist; their values are not looked at.

    Raises:
        UserError: the first one that does not, with the closest that does.
    """
    for location, value in _leaves(layer):
        if _model_at(location[:-1]) is not None and _field_at(location) is None:
            raise UserError(f"{where}: {unknown_key(location, value)}")


def unknown_key(location: Sequence[Any], value: Any) -> str:
    """What is wrong with a key that does not exist, and which one may be meant."""
    *section, key = (str(part) for part in location)
    model = _model_at(section) or Config
    name = ".".join((*section, key))
    dotted = (*section, *key.split("."))
    if len(dotted) > len(section) + 1 and _field_at(dotted) is not None:
        return f"unknown key {name}; write `{_yaml_at(dotted, value)}`"
    close = difflib.get_close_matches(key, model.model_fields, n=1, cutoff=0.6)
    if close:
        return f"unknown key {name}; did you mean `{_yaml_at((*section, close[0]), value)}`?"
    for place in _places(Config):
        if place[-1] == key:
            return f"unknown key {name}; it belongs at `{_yaml_at(place, value)}`"
    inside = f"{'.'.join(section)} has" if section else "the keys are"
    return f"unknown key {name}; remove it, {inside} {', '.join(model.model_fields)}"


def did_you_mean(name: str, names: Mapping[Any, Any]) -> str:
    """`` (did you mean 'x'?)`` where one of the names is close, else nothing."""
    close = difflib.get_close_matches(name, [str(known) for known in names], n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _reason(mistake: Mapping[str, Any]) -> str:
    kind, message = mistake["type"], mistake["msg"]
    if kind == "string_pattern_mismatch":
        return _PATTERNS[mistake["ctx"]["pattern"]]
    if kind == "string_type" and isinstance(mistake["input"], bool):
        return "must be text, and YAML reads yes, no, on and off as true and false; quote it"
    if kind == "string_type" and isinstance(mistake["input"], float):
        return "must be text, and YAML reads it as a number; quote it as it was written"
    if kind in _REASONS:
        return _REASONS[kind]
    rule = message.partition(" should ")[2].partition(" after validation")[0]
    return f"must {rule}" if rule else message


def _leaves(layer: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[Any, Any]]:
    for key, value in layer.items():
        location = (*above, str(key))
        if isinstance(value, Mapping) and _model_at(location) is not None:
            yield from _leaves(value, location)
        else:
            yield location, value


def _places(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key in model.model_fields:
        yield (*above, key)
    for key in model.model_fields:
        section = _model_at((*above, key))
        if section is not None:
            yield from _places(section, (*above, key))


def _field_at(location: Sequence[Any]) -> Any:
    model = _model_at(location[:-1])
    return model.model_fields.get(str(location[-1])) if model and location else None


def _model_at(location: Sequence[Any]) -> type[BaseModel] | None:
    """The section at a location, None where a plain value stands or nothing does."""
    model: type[BaseModel] = Config
    for part in location:
        field = model.model_fields.get(str(part))
        annotation = field.annotation if field else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return None
        model = annotation
    return model


def _example(location: Sequence[Any], kind: str, value: Any) -> Any:
    """A value that would be right at a location: what was meant if that is clear, else the default.

    Args:
        location: Of the mistake; an index below a list stands for the list.
        kind: Pydantic's type of the mistake.
        value: The wrong value.
    """
    whole = _field_at(location) is not None
    while location and _field_at(location) is None:
        location = location[:-1]
    field = _field_at(location)
    if field is None:
        return None
    plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    if whole and plain and kind == "list_type":
        return [value]
    if kind == "string_type" and isinstance(value, bool):
        value, plain = "yes" if value else "no", True  # what was most likely written
    if kind == "string_type" and plain:
        return str(value) if whole else [str(value)]
    if whole and kind == "string_type" and isinstance(value, Mapping) and len(value) == 1:
        return ": ".join(map(str, *value.items()))  # a sentence with a colon
    choices = [choice for choice in get_args(field.annotation) if isinstance(choice, str)]
    close = difflib.get_close_matches(str(value), choices, n=1, cutoff=0.7)
    if close:
        return close[0]
    default = field.get_default(call_default_factory=True)
    if isinstance(default, BaseModel):
        first = next(iter(default.model_dump(mode="json").items()))
        return dict([first])
    if default is None and kind == "string_type":
        return "some text"
    return str(default) if isinstance(default, Path) else default


def _yaml_at(location: Sequence[Any], value: Any) -> str:
    names = [str(part) for part in location if isinstance(part, str)]
    while names and _field_at(names) is None and len(names) > 1 and _model_at(names[:-1]) is None:
        names.pop()  # an index or an alternative below a plain value
    plain = json.loads(_json(value))
    for name in reversed(names):
        plain = {name: plain}
    text = yaml.safe_dump(
        plain, default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True
    )
    # The outermost braces are not needed at the top of a file.
    return text.strip()[1:-1]


def _short(value: Any) -> str:
    text = _json(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _json(value: Any) -> str:
    """For showing only: dates and paths as text, without keys that JSON cannot have."""
    return json.dumps(value, default=str, skipkeys=True, ensure_ascii=False)
