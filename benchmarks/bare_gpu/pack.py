"""Pack what a GPU machine without network needs to go on with the embedded prior's training.

    python benchmarks/bare_gpu/pack.py CHECKPOINT results/synthesis/train FOLDER

Three files, 44 MB together, where the plain ones are 280: the weights in 8 bits (training mends
what rounding takes), the text encoder in half precision with the embeddings of the captions' own
words (its states differ by 0.003 at most), and the characters, from which that machine renders.
`train.py` beside this uses them.
"""

import argparse
import io
import json
import lzma
import zipfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save
from tokenizers import Tokenizer
from torch import Tensor

from gaussianmotion.guidance.text import minilm_folder

_SPECIAL = {0, 100, 101, 102}  # [PAD], [UNK], [CLS], [SEP]
_POSITIONS = 64
#: Smaller tensors stay in half precision.
_LARGE = 4096


def packed_weights(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Large tensors as int8 with a scale for each row, ``NAME.scale``; the others in float16."""
    packed: dict[str, Tensor] = {}
    for name, value in state.items():
        if value.ndim < 2 or value.numel() <= _LARGE:
            packed[name] = value.half().contiguous()
            continue
        rows = value.reshape(len(value), -1)
        scale = (rows.abs().amax(dim=1) / 127.0).clamp(min=1e-12)
        whole = (rows / scale[:, None]).round().to(torch.int8)
        packed[name] = whole.reshape(value.shape).contiguous()
        packed[f"{name}.scale"] = scale
    return packed


def packed_encoder(dataset: Path) -> dict[str, Tensor]:
    """MiniLM with the embeddings of the tokens in a data set's captions; ``ids`` says which."""
    folder = minilm_folder()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    found = set(_SPECIAL)
    for path in sorted(dataset.glob("shard_*.npz")):
        with np.load(path) as shard:
            captions = {*shard["captions"].tolist(), *shard["captions2"].tolist()}
        for encoded in tokenizer.encode_batch(sorted(captions)):
            found.update(encoded.ids)
    ids = torch.tensor(sorted(found))
    packed = {"ids": ids}
    for name, value in load_file(folder / "model.safetensors").items():
        if "word_embeddings" in name:
            packed[name] = value[ids].contiguous()
        elif "position_embeddings" in name:
            packed[name] = value[:_POSITIONS].half().contiguous()
        elif "pooler" not in name and "position_ids" not in name:
            packed[name] = value.half()
    return packed


def stored(path: Path) -> bytes:
    """A zip file with its members as they are: compressed once, they take a third less."""
    content = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(content, "w") as copy:
        for info in source.infolist():
            copy.writestr(info.filename, source.read(info))
    return content.getvalue()


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("out", type=Path)
    characters = Path("results/synthesis/characters.npz")
    parser.add_argument("--characters", type=Path, default=characters, metavar="FILE")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    state = torch.load(options.checkpoint, weights_only=True)
    facts = {name: state[name] for name in ("done", "steps", "seconds")}
    (options.out / "start.json").write_text(json.dumps(facts), encoding="utf-8")
    contents = {
        "start.safetensors": save(packed_weights(state["networks"])),
        "minilm.safetensors": save(packed_encoder(options.dataset)),
        "characters.npz": stored(options.characters),
    }
    for name in ("config.json", "tokenizer.json"):
        (options.out / name).write_bytes((minilm_folder() / name).read_bytes())
    for name, content in contents.items():
        path = options.out / f"{name}.xz"
        path.write_bytes(lzma.compress(content, preset=6))
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
