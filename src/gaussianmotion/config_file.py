"""Configuration files: read, merge, override, validate, and say clearly what is wrong.

A configuration is ``config.yaml``, overlaid by further files (``config/laptop.yaml``), by single
keys (``--set train.steps=400``) and by a variant. Each layer is a mapping that replaces single
keys of the one below. Mistakes become one line that shows the corrected YAML.
"""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from gaussianmotion.config import Config
from gaussianmotion.errors import UserError

Layer = dict[str, Any]

# The sections that a variant may change: what an avatar is made of, never where it is kept.
VARIANT_SECTIONS = ("train", "prior", "body", "rasteriser")


# Plainer words than pydantic's for the commonest mistakes, by its error type.
_REASONS = {
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text",
    "list_type": "must be a list",
    "model_type": "must be a section of keys",
    "model_attributes_type": "must be a section of keys",
    "missing": "has too few values",
    "string_pattern_mismatch": "may hold only lower-case letters, digits and _ . - (at most 80)",
}


class _UniqueKeyLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key written twice, of which YAML would keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is written twice", key_node.start_mark
                )
            if isinstance(key, str):
                seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> Layer:
    """Read one YAML file that holds a mapping (an empty file is an empty mapping)."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(
            f"{path}: no such file; name an existing one, for example --config config.yaml"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error}); give a UTF-8 YAML file") from error
    try:
        data = yaml.load(text, Loader=_UniqueKeyLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UserError(f"{path}, line {line}: {error.problem or 'not valid YAML'}") from error
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not valid YAML ({error})") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise UserError(f"{path}: a mapping is needed, as in `train: {{steps: 400}}`")
    return data


def merge(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> Layer:
    """``base`` with the keys of ``overlay`` replaced; mappings are merged, lists are replaced."""
    merged = dict(base)
    for key, value in overlay.items():
        below = merged.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            merged[key] = merge(below, value)
        else:
            merged[key] = value
    return merged


def parse_override(text: str) -> Layer:
    """``train.score.tau=300`` as a layer; the value is YAML."""
    name, equals, value = text.partition("=")
    if not equals or not all(name.strip().split(".")):
        raise UserError(f"--set {text!r}: write key=value, for example --set train.steps=400")
    try:
        layer: Any = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise UserError(f"--set {text!r}: the value is not valid YAML; quote it") from error
    for part in reversed(name.strip().split(".")):
        layer = {part: layer}
    return layer


def scaled(layer: Mapping[str, Any], where: str) -> Layer:
    """``layer`` overlaid by the scale that it asks for (``scale: small`` of ``scales``).

    Raises:
        UserError: there is no scale of that name.
    """
    name, scales = layer.get("scale", "full"), layer.get("scales") or {}
    if name == "full" or not isinstance(scales, Mapping):
        return dict(layer)
    if not isinstance(scales.get(name), Mapping):
        names = ", ".join(["full", *map(str, scales)])
        raise UserError(
            f"{where}: no scale {name!r}{_suggestion(str(name), scales)}; choose one of {names}"
        )
    _check_keys(scales[name], f"{where}: scales: {name}")
    return merge(layer, scales[name])


def validate(layer: Mapping[str, Any], where: str) -> Config:
    """The validated configuration.

    Args:
        layer: Keys as read from files; missing ones take their defaults.
        where: Name of the source, for the message.

    Raises:
        UserError: an unknown key, a wrong type or a value out of range; the first one, explained.
    """
    try:
        return Config.model_validate(layer)
    except ValidationError as error:
        raise UserError(f"{where}: {explain(error, layer)}") from None


def load_config(paths: Sequence[Path], overrides: Sequence[str] = ()) -> Config:
    """Read, merge and validate configuration files, then ``key=value`` overrides."""
    layer: Layer = {}
    for path in paths:
        overlay = read_yaml(path)
        # Each file on its own first, so that the message names the file with the mistake.
        _check_keys(overlay, str(path))
        layer = merge(layer, overlay)
    for text in overrides:
        overlay = parse_override(text)
        _check_keys(overlay, f"--set {text}")
        layer = merge(layer, overlay)
    where = ", ".join(map(str, paths)) or "configuration"
    return validate(scaled(layer, where), where)


def load_variants(path: Path) -> dict[str, Layer]:
    """The named overlays of ``config/variants.yaml``."""
    variants = read_yaml(path)
    for name, overlay in variants.items():
        if overlay is None:
            variants[name] = {}
        elif not isinstance(overlay, dict):
            raise UserError(
                f"{path}: {name} must hold keys, as in `{name}: {{train: {{steps: 400}}}}`"
            )
        for key in variants[name]:
            if key in Config.model_fields and key not in VARIANT_SECTIONS:
                raise UserError(
                    f"{path}: {name} changes {key!r}; a variant may change only "
                    f"{', '.join(VARIANT_SECTIONS)}; put {key!r} into the configuration file"
                )
    return variants


def with_variant(config: Config, name: str, variants: Mapping[str, Layer]) -> Config:
    """``config`` overlaid by the variant ``name``, validated."""
    if name not in variants:
        raise UserError(
            f"{config.variants_file}: no variant {name!r}{_suggestion(name, variants)}; add "
            f"`{name}: {{train: {{score: {{tau: 300}}}}}}` there, or choose one of "
            f"{', '.join(variants)}"
        )
    layer = merge(config.model_dump(mode="json"), variants[name])
    return validate(layer, f"{config.variants_file}, variant {name}")


def from_settings(text: str) -> Config:
    """The configuration of one stage from the JSON that its rule passes in ``--settings``."""
    try:
        layer = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"--settings: not valid JSON ({error})") from error
    if not isinstance(layer, dict):
        raise UserError('--settings: a JSON object is needed, as in {"train": {"steps": 400}}')
    return validate(layer, "--settings")


def explain(error: ValidationError, layer: Mapping[str, Any]) -> str:
    """One line for the first mistake: what, where, and the corrected YAML."""
    mistake = error.errors()[0]
    location = tuple(part for part in mistake["loc"] if not str(part).startswith("function-"))
    name = ".".join(map(str, location))
    value = mistake["input"]
    if mistake["type"] == "extra_forbidden":
        return _unknown_key(location, value)
    if mistake["type"] == "value_error":
        reason = mistake["msg"].removeprefix("Value error, ")
        return f"{name}: {reason}" if name else reason
    reason = _REASONS.get(mistake["type"]) or (
        "must " + mistake["msg"].partition(" should ")[2]
        if " should " in mistake["msg"]
        else mistake["msg"]
    )
    example = _yaml_at(location, _example(location, value))
    return f"{name} is {_short(value)}, but {reason}; write for example `{example}`"


def _check_keys(layer: Mapping[str, Any], where: str) -> None:
    for location, value in _leaves(layer):
        if _model_at(location[:-1]) is not None and _field_at(location) is None:
            raise UserError(f"{where}: {_unknown_key(location, value)}")


def _leaves(layer: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[Any, Any]]:
    for key, value in layer.items():
        location = (*above, str(key))
        if isinstance(value, Mapping) and _model_at(location) is not None:
            yield from _leaves(value, location)
        else:
            yield location, value


def _unknown_key(location: Sequence[Any], value: Any) -> str:
    *section, key = (str(part) for part in location)
    model = _model_at(section) or Config
    name = ".".join((*section, key))
    close = difflib.get_close_matches(key, model.model_fields, n=1, cutoff=0.6)
    if close:
        return f"unknown key {name}; did you mean `{_yaml_at((*section, close[0]), value)}`?"
    for place in _places(Config):
        if place[-1] == key:
            return f"unknown key {name}; it belongs at `{_yaml_at(place, value)}`"
    inside = f"{'.'.join(section)} has" if section else "the keys are"
    return f"unknown key {name}; remove it, {inside} {', '.join(model.model_fields)}"


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


def _example(location: Sequence[Any], value: Any) -> Any:
    """A value that would be right at a location: the closest choice, else the default."""
    while location and _field_at(location) is None:
        location = location[:-1]
    field = _field_at(location)
    if field is None:
        return None
    choices = [choice for choice in get_args(field.annotation) if isinstance(choice, str)]
    close = difflib.get_close_matches(str(value), choices, n=1, cutoff=0.7)
    if close:
        return close[0]
    default = field.get_default(call_default_factory=True)
    if isinstance(default, BaseModel):
        first = next(iter(default.model_dump(mode="json").items()))
        return dict([first])
    return str(default) if isinstance(default, Path) else default


def _yaml_at(location: Sequence[Any], value: Any) -> str:
    names = [str(part) for part in location if isinstance(part, str)]
    while names and _field_at(names) is None and len(names) > 1 and _model_at(names[:-1]) is None:
        names.pop()  # an index or an alternative below a plain value
    plain = json.loads(json.dumps(value, default=str))
    for name in reversed(names):
        plain = {name: plain}
    text = yaml.safe_dump(
        plain, default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True
    )
    # The outermost braces are not needed at the top of a file.
    return text.strip()[1:-1]


def _short(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _suggestion(name: str, names: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
