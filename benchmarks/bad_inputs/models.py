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
