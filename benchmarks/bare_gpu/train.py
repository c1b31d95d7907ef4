"""Go on with the embedded prior's training for some minutes, on a GPU machine without network.

    PYTHONPATH=src python benchmarks/bare_gpu/train.py FOLDER --minutes 8 --out OUT

FOLDER is what `pack.py` made. Pictures are rendered beside the training, by as many processes as
there are cores to spare. The learning rate falls to zero over the last quarter of the time. OUT
gets the averaged weights and the weights themselves in half precision, in pieces of 15 MB that
small transfers carry (`cat average.* > average.safetensors`), the curves, a grid and how far it
came; the averages are written every two minutes, too. On an H200 eight minutes were 1.4 million
samples.
"""

import argparse
import atexit
import json
import lzma
import os
import shlex
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from tokenizers import Tokenizer
from torch import Tensor
from transformers import BertConfig, BertModel

from gaussianmotion.guidance.text import MINILM_TOKENS
from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.synthesis.prior.binding import averaged, binding
from gaussianmotion.synthesis.prior.caption_states import encode
from gaussianmotion.synthesis.prior.grids import write_training_grid
from gaussianmotion.synthesis.prior.patch_settings import PatchSettings, Phase
from gaussianmotion.synthesis.prior.patch_trainer import PatchTrainer
from gaussianmotion.synthesis.prior.resident import ResidentSet
from gaussianmotion.synthesis.prior.shards import TrainingSet

_PIECE = 15 * 2**20
#: Shards to wait for; pictures that are held out; steps between two looks at the clock.
_FIRST_SHARDS, _HELD_OUT, _STEPS = 16, 600, 8
_TAIL = 0.25
#: Seconds between measurements, between savings, and that the end takes.
_MEASURE, _SAVE, _END = 60.0, 120.0, 20.0


class PackedEncoder:
    """MiniLM's token states, of the words that were packed; others would be taken for unknown."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        packed = unpacked(folder, "minilm")
        ids = packed.pop("ids")
        config = BertConfig(**json.loads((folder / "config.json").read_text(encoding="utf-8")))
        model: Any = BertModel(config, add_pooling_layer=False)
        state = model.state_dict()
        for name, value in packed.items():
            if "word_embeddings" in name:
                state[name][:] = value[(ids == 100).nonzero()[0, 0]]
                state[name][ids] = value
            else:
                state[name][: len(value)] = value.float()
        model.load_state_dict(state)
        self._model = model.to(device).eval().requires_grad_(False)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._device = device

    @torch.no_grad()
    def __call__(self, prompts: list[str]) -> Tensor:
        """States (B, MINILM_TOKENS, 384), padded with zeros."""
        rows = [encoded.ids for encoded in self._tokenizer.encode_batch(prompts)]
        widest = max(map(len, rows))
        ids = torch.tensor([row + [0] * (widest - len(row)) for row in rows], device=self._device)
        mask = (ids != 0).long()
        states = self._model(input_ids=ids, attention_mask=mask).last_hidden_state * mask[..., None]
        return torch.nn.functional.pad(states, (0, 0, 0, MINILM_TOKENS - widest))


def unpacked(folder: Path, name: str) -> dict[str, Tensor]:
    """The tensors of a packed file."""
    return load(lzma.decompress((folder / f"{name}.safetensors.xz").read_bytes()))


def start(trainer: PatchTrainer, folder: Path) -> None:
    """Give a trainer the packed weights, as its average, too."""
    packed = unpacked(folder, "start")
    state = {}
    for name, value in packed.items():
        if not name.endswith(".scale"):
            scale = packed.get(f"{name}.scale")
            shape = (-1, *[1] * (value.ndim - 1))
            state[name] = value.float() if scale is None else value.float() * scale.view(shape)
    trainer.networks.load_state_dict(state)
    for name, parameter in trainer.networks.named_parameters():
        trainer.averages[name].copy_(parameter.detach())
    facts = json.loads((folder / "start.json").read_text(encoding="utf-8"))
    trainer.done, trainer.steps = int(facts["done"]), int(facts["steps"])
    trainer.seconds = float(facts["seconds"])


def render(folder: Path, data: Path, count: int) -> None:
    """Begin to render, in the background, what is held out and then the training set."""
    data.mkdir(parents=True, exist_ok=True)
    characters = data / "characters.npz"
    packed = (folder / "characters.npz.xz").read_bytes()
    characters.write_bytes(lzma.decompress(packed))
    workers = max(1, (os.cpu_count() or 2) - 3)
    command = shlex.join([sys.executable, "-m", "gaussianmotion", "synthesis", "dataset"])
    command += f" --characters {shlex.quote(str(characters))} --workers {workers}"
    held_out, train = (shlex.quote(str(data / name)) for name in ("held_out", "train"))
    both = f"{command} --count {_HELD_OUT} --held-out --seed 1 --out {held_out} && "
    both += f"exec {command} --count {count} --out {train}"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with (data / "render.log").open("w") as log:
        rendering = subprocess.Popen(
            ["bash", "-c", both], stdout=log, stderr=log, env=environment, start_new_session=True
        )
    # Its processes go on to the last picture; what is trained with them is over before.
    atexit.register(end, rendering)
    while len(list((data / "train").glob("shard_*.npz"))) < min(_FIRST_SHARDS, -(-count // 512)):
        if rendering.poll():
            raise SystemExit(f"rendering failed: {log.name} says why")
        time.sleep(1.0)


def end(rendering: subprocess.Popen[bytes]) -> None:
    """End all processes of a session."""
    with suppress(ProcessLookupError):
        os.killpg(rendering.pid, signal.SIGTERM)


def keep(out: Path, name: str, weights: dict[str, Tensor]) -> None:
    """Write weights in half precision, in pieces."""
    halves = {key: value.detach().half().cpu().contiguous() for key, value in weights.items()}
    content = save(halves)
    for index, first in enumerate(range(0, len(content), _PIECE)):
        with atomic_path(out / f"{name}.{index}") as temporary:
            temporary.write_bytes(content[first : first + _PIECE])


def main() -> None:
    """Train until the time is over."""
    began = time.monotonic()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("/tmp/pictures"), metavar="FOLDER")
    parser.add_argument("--minutes", type=float, default=8.0, help="rendering and the end included")
    parser.add_argument("--pictures", type=int, default=260_000)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--rate", type=float, default=2.0)
    parser.add_argument("--device", default="cuda")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    device, total = torch.device(options.device), 60.0 * options.minutes - _END
    render(options.folder, options.data, options.pictures)

    encoder = PackedEncoder(options.folder, device)
    shown = TrainingSet(options.data / "held_out", None, lambda: encoder)
    held_out = ResidentSet(shown, device)
    held_out.take_up(report=print)
    data = ResidentSet(TrainingSet(options.data / "train", None, lambda: encoder), device)
    data.take_up(report=print)
    empty = encode([""], encoder)[0].float()
    far, settings = 10**12, PatchSettings()
    phases = (Phase(far, 128, settings.shape.patch, options.batch),)
    trainer = PatchTrainer(data, settings, phases, far, 1, device, empty, rate=options.rate)
    start(trainer, options.folder)
    curves: list[dict[str, float]] = []

    def measure() -> None:
        with averaged(trainer.networks, trainer.averages):
            view = trainer.view(mirror=False)
            parts = (trainer.networks, trainer.tap, held_out, view, trainer.scaling)
            found = binding(*parts, 192, device)
        row = {"step": trainer.done, "seconds": round(time.monotonic() - began), **found}
        curves.append(row | {"pictures": len(data), "loss": trainer.recent(100)["loss"]})
        print(json.dumps(curves[-1]), flush=True)
        facts = {"done": trainer.done, "steps": trainer.steps, "curves": curves}
        (options.out / "facts.json").write_text(json.dumps(facts), encoding="utf-8")

    measure()
    measured = saved = time.monotonic()
    with data.following():
        while (left := total - (time.monotonic() - began)) > 0.0:
            trainer.rate = options.rate * min(1.0, left / (_TAIL * total))
            for _ in range(_STEPS):
                trainer.advance()
            trainer.recent(1)  # waits for the device
            if time.monotonic() - measured > _MEASURE:
                measure()
                measured = time.monotonic()
            if time.monotonic() - saved > _SAVE:
                keep(options.out, "average", trainer.averages)
                saved = time.monotonic()
    keep(options.out, "average", trainer.averages)
    keep(options.out, "raw", trainer.networks.state_dict())
    measure()
    with averaged(trainer.networks, trainer.averages):
        write_training_grid(options.out / "grid.png", trainer, shown, 48)


if __name__ == "__main__":
    main()
