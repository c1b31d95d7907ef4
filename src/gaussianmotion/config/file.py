"""Configuration files: read, merge, override and validate.

A configuration is ``config.yaml``, overlaid by further files (``config/laptop.yaml``), by single
keys (``--set train.steps=400``) and by a variant. Each layer is a mapping that replaces single
keys of the one below. Mistakes become one line (:mod:`gaussianmotion.config.mistakes`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from gaussianmotion.config import Config
from gaussianmotion.config.mistakes import check_keys, did_you_mean, explain
from gaussianmotion.config.yaml_file import parse_yaml, read_yaml
from gaussianmotion.runtime.errors import UserError

Layer = dict[str, Any]

# The sections that a variant may change: what an avatar is made of, never where it is kept.
VARIANT_SECTIONS = ("train", "prior", "body", "rasteriser")


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
        layer: Any = parse_yaml(value)
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
    if name == "full" or not isinstance(name, str) or not isinstance(scales, Mapping):
        return dict(layer)
    if name not in scales:
        names = ", ".join(["full", *map(str, scales)])
        raise UserError(
            f"{where}: no scale {name!r}{did_you_mean(name, scales)}; choose one of {names}"
        )
    if not isinstance(scales[name], Mapping):
        return dict(layer)  # which validate() explains
    check_keys(scales[name], f"{where}: scales: {name}")
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
        raise UserError(f"{where}: {explain(error)}") from None


def read_layer(path: Path) -> Layer:
    """One configuration file, whose keys exist.

    Files are checked one by one before they are merged, so that messages name the right one.
    """
    layer = read_yaml(path)
    check_keys(layer, str(path))
    return layer


def load_config(paths: Sequence[Path], overrides: Sequence[str] = ()) -> Config:
    """Read, merge and validate configuration files, then ``key=value`` overrides."""
    layer: Layer = {}
    for path in paths:
        layer = merge(layer, read_layer(path))
    for text in overrides:
        overlay = parse_override(text)
        check_keys(overlay, f"--set {text}")
        layer = merge(layer, overlay)
    sources = [*map(str, paths), *(f"--set {text}" for text in overrides)]
    where = ", ".join(sources) or "configuration"
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
            f"{config.variants_file}: no variant {name!r}{did_you_mean(name, variants)}; add "
            f"`{name}: {{train: {{score: {{tau: 300}}}}}}` there, or choose one of "
            f"{', '.join(variants)}"
        )
    layer = merge(config.model_dump(mode="json"), variants[name])
    return validate(layer, f"{config.variants_file}, variant {name}")
