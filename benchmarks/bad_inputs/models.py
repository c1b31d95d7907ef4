"""Models whose weights are damaged, and pictures and numbers that would be made of them."""

from pathlib import Path

from safetensors.torch import load_file, save_file

from bad_inputs.case import AVATAR, CONFIG, TRAIN, Case, Change, keys, written


def _weights(part: str, value: float, factor: float = 0.0) -> Change:
    """Put a number into a part's weights, or multiply all of them."""

    def change(folder: Path) -> None:
        path = folder / "prior" / part / "diffusion_pytorch_model.safetensors"
        state = load_file(path)
        if factor:
            state = {name: tensor * factor for name, tensor in state.items()}
        else:
            name = max(state, key=lambda name: state[name].numel())
            state[name].view(-1)[0] = value
        save_file(state, path)

    return change


def _head(value: float) -> Change:
    """Put a number into the head that names regions."""

    def change(folder: Path) -> None:
        path = folder / "prior" / HEAD
        state = load_file(path)
        state["conv_out.bias"][0] = value
        save_file(state, path)

    return change


def _head_bytes(content: bytes) -> Change:
    """Write something else in its place."""
    return lambda folder: (folder / "prior" / HEAD).write_bytes(content)


def _other_head(folder: Path) -> None:
    """One of a UNet that is half as wide."""
    path = folder / "prior" / HEAD
    state = load_file(path)
    state["conv_out.weight"] = state["conv_out.weight"][:, ::2].contiguous()
    save_file(state, path)


HEAD = "layout_head.safetensors"
NAN, INF = float("nan"), float("inf")
REFERENCE = ("reference", *CONFIG, "--prompt", "a man in a suit", "--out", "samples")
NOISED = ("noised", *CONFIG, "--avatar", AVATAR, "--out", "noised")
CASES = [
    *(
        Case(f"{command[0]}, {part} with {value}", command, part, _weights(part, value))
        for part in ("unet", "vae")
        for value in (NAN, INF)
        for command in (TRAIN, REFERENCE)
    ),
    Case("noised, controlnet with nan", NOISED, "controlnet", _weights("controlnet", NAN)),
    Case("train, a layout head of nan", TRAIN, "layout_head.*NaN", _head(NAN)),
    Case("train, a layout head of junk", TRAIN, "layout_head.*damaged", _head_bytes(b"junk")),
    Case("train, another prior's layout head", TRAIN, "another prior's", _other_head),
    Case("train, unet x 1e30", TRAIN, "unet|finite", _weights("unet", 0.0, 1e30)),
    Case(
        "train, 9 steps, unet with nan",
        (*TRAIN, *keys("train.steps=9")),
        "unet",
        _weights("unet", NAN),
    ),
    Case(
        "train, weights of junk",
        TRAIN,
        "damaged|cannot be read|unet",
        written("prior/unet/diffusion_pytorch_model.safetensors", b"junk"),
    ),
    Case(
        "train, prior is no folder", (*TRAIN, *keys("prior.model=none/here/at/all")), "prior|none"
    ),
]
