"""Weights from elsewhere: every format is read safely, and every fault is one line."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.pictures.checkpoint_file import fill, read_weights


def _network() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))


class _Code:
    """Unpickled, it would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (self.path,))  # type: ignore[return-value]


@pytest.mark.parametrize("kind", ["safetensors", "pt", "legacy", "wrapped", "parallel"])
def test_every_format_gives_the_same_weights(tmp_path: Path, kind: str) -> None:
    weights = _network().state_dict()
    path = tmp_path / ("weights.safetensors" if kind == "safetensors" else "weights.pt")
    match kind:
        case "safetensors":
            save_file(weights, path)
        case "pt":
            torch.save(weights, path)
        case "legacy":
            torch.save(weights, path, _use_new_zipfile_serialization=False)
        case "wrapped":
            torch.save({"state_dict": weights, "epoch": 3}, path)
        case "parallel":
            torch.save({f"module.{name}": value for name, value in weights.items()}, path)
    network = _network()
    fill(network, read_weights(path), path, "a test")
    for name, value in network.state_dict().items():
        assert torch.equal(value, weights[name])


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_truncated_file_is_one_line(tmp_path: Path, suffix: str, share: float) -> None:
    path = tmp_path / f"weights{suffix}"
    save_file(_network().state_dict(), path) if suffix == ".safetensors" else torch.save(
        _network().state_dict(), path
    )
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UserError, match="no checkpoint, or it is truncated"):
        read_weights(path)


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    torch.save({"state_dict": _Code(tmp_path / "harmed")}, tmp_path / "weights.pt")
    with pytest.raises(UserError, match="no checkpoint"):
        read_weights(tmp_path / "weights.pt")
    assert not (tmp_path / "harmed").exists()


@pytest.mark.parametrize("content", [[1, 2], {"epoch": 3}, torch.ones(3)])
def test_something_else_than_tensors_by_name_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "weights.pt")
    with pytest.raises(UserError, match="something else than named tensors"):
        read_weights(tmp_path / "weights.pt")


def test_a_missing_file_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="run `gaussianmotion models`"):
        read_weights(tmp_path / "weights.pt")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda w: w.pop("1.bias"), r"lacks 1\.bias \(1 missing, 0 foreign"),
        (lambda w: w.update({"2.bias": torch.ones(1)}), r"foreign 2\.bias"),
        (lambda w: w.update({"1.bias": torch.ones(3)}), r"wrong size of 1\.bias"),
    ],
)
def test_weights_of_another_network_are_refused(change, fault: str) -> None:
    weights = dict(_network().state_dict())
    change(weights)
    with pytest.raises(UserError, match=fault):
        fill(_network(), weights, Path("weights.pt"), "a test")
