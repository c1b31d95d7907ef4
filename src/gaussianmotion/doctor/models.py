"""Models that are not here, and whether they could be fetched from here."""

import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence

from gaussianmotion.config import Config
from gaussianmotion.doctor.finding import Finding
from gaussianmotion.models.sources import (
    Model,
    download_folder,
    fetched_bytes,
    find_model,
    is_offline,
)
from gaussianmotion.runtime.errors import UserError

_SECONDS = 5.0  # for a host to answer


def look_for_models(config: Config, models: Sequence[Model]) -> Iterator[Finding]:
    """Where each model is, or how to get it."""
    absent = []
    for model in models:
        try:
            path = find_model(model, config)
        except UserError as error:
            yield Finding(model.key, False, str(error))
            continue
        if path is None:
            absent.append(model)
        yield Finding(model.key, path is not None, str(path or _how_to_get(model, config)))
    if absent:
        yield from _hosts(absent)


def _how_to_get(model: Model, config: Config) -> str:
    here = fetched_bytes(model, config) / 2**30
    part = f", {here:.1f} GiB of it are here" if here >= 0.05 else ""
    return (
        f"{model.source} is not in {download_folder(model, config)}: run `gaussianmotion models` "
        f"({model.gib:.1f} GiB{part}), or set {model.key} to your copy"
    )


def _hosts(absent: Sequence[Model]) -> Iterator[Finding]:
    """Whether what is missing could be fetched from here."""
    elsewhere = (
        "run `gaussianmotion models` on a computer with network, copy its models.folder here and "
        "name it in models.folder"
    )
    if is_offline():
        yield Finding("network", False, f"HF_HUB_OFFLINE is set: unset it, or {elsewhere}")
        return
    hub = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    addresses = [model.source if model.is_address else hub for model in absent]
    for host in dict.fromkeys("/".join(address.split("/")[:3]) for address in addresses):
        reason = _unreachable(host)
        yield Finding(
            "network",
            reason is None,
            f"{host} answers"
            if reason is None
            else f"{host} cannot be reached ({reason}): {elsewhere}",
        )


def _unreachable(host: str) -> str | None:
    try:
        request = urllib.request.Request(host, method="HEAD")
        urllib.request.urlopen(request, timeout=_SECONDS).close()
    except urllib.error.HTTPError as error:
        error.close()  # It answers.
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error))
    return None
