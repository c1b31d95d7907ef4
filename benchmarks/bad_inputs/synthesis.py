"""The training of the embedded prior, and a damaged prior that it would go on from."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bad_inputs.case import Case, Change, nothing, written

PRIOR = Path(__file__).resolve().parents[2] / "resources/prior"
TRAIN = ("synthesis", "prior", "--dataset", "none", "--held-out", "none", "--out", "new")
UNET = "unet/diffusion_pytorch_model.safetensors"


def _option(says: str, *option: str) -> Case:
    return Case(f"synthesis prior {' '.join(option)}", (*TRAIN, *option), says)


def _import(what: str, says: str, change: Change, *more: str) -> Case:
    command = ("synthesis", "import-prior", "--prior", "p", "--out", "new")
    return Case(f"import-prior, {what}", (*command, *more), says, change)


def _with(name: str, content: bytes | Callable[[bytes], bytes] | None) -> Change:
    """The prior that ships, with one file of it changed, or taken away."""

    def change(folder: Path) -> None:
        shutil.copytree(PRIOR, folder / "p", copy_function=os.symlink)
        path = folder / "p" / name
        data = path.read_bytes()
        path.unlink()
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content(data))

    return change


def _card(**values: Any) -> Change:
    """Other values in the card of the training that it is of."""
    return _with("training.json", lambda data: json.dumps(json.loads(data) | values).encode())


def _head(change: Callable[[str, Any], tuple[str, Any]]) -> Change:
    def changed(data: bytes) -> bytes:
        from safetensors.torch import load, save

        return save(dict(change(name, value) for name, value in load(data).items()))

    return _with("layout_head.safetensors", changed)


CASES = [
    _option("nan is not between", "--rate", "nan"),
    _option("0 is not between 0.01 and 10", "--rate", "0"),
    _option("-1 is not between", "--rate", "-1"),
    _option("invalid number", "--rate", "fast"),
    _option("1.5 is not between 0 and 1", "--heads", "1.5"),
    _option("nan is not between", "--heads", "nan"),
    _option("too small", "--samples", "0"),
    _option("too small", "--batch", "0"),
    _option("too small", "--workers", "0"),
    _option("too small", "--seed", "-1"),
    _option("too large", "--seed", "99999999999999999999999"),
    _import("no folder", "none", nothing, "--prior", "none"),
    _import("no training.json", "training.json", _with("training.json", None)),
    _import("training.json of junk", "training.json", _with("training.json", b"{")),
    _import("training.json of another kind", "another kind of training",
            _with("training.json", b"{}")),
    _import("no phases", "another kind of training", _card(phases=[])),
    _import("phases of others", "another kind of training", _card(phases=[{"a": 1}])),
    _import("samples that are a word", "another kind of training", _card(samples_seen="many")),
    _import("hours that are nothing", "another kind of training", _card(hours=None)),
    _import("settings that are a list", "another kind of training", _card(settings=[])),
    _import("a head of junk", "layout_head.safetensors", _with("layout_head.safetensors", b"junk")),
    _import("a head cut short", "layout_head.safetensors",
            _with("layout_head.safetensors", lambda data: data[: len(data) // 2])),
    _import("a head of another shape", "layout_head.safetensors",
            _head(lambda name, value: (name, value[:1].contiguous()))),
    _import("a head of other names", "layout_head.safetensors",
            _head(lambda name, value: (f"x{name}", value))),
    _import("networks of junk", "unet", _with(UNET, b"junk")),
    _import("settings of a network that are a list", "controlnet/config.json cannot be loaded",
            _with("controlnet/config.json", b"[]")),
    _import("no networks", "unet", _with(UNET, None)),
    _import("a file in place of a folder", "tiny.yaml", _card(), "--out", "tiny.yaml"),
    _import("a training is there", "is of a training: give --out another folder",
            written("new/patches.pt", b"mine"), "--prior", str(PRIOR)),
]  # fmt: skip
