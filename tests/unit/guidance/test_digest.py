"""A prior's digest follows its weights, not its place."""

import shutil
from pathlib import Path

import pytest

from gaussianmotion.config import PriorConfig
from gaussianmotion.guidance import digest
from gaussianmotion.guidance.digest import prior_digest
from gaussianmotion.runtime.errors import UserError


def prior_config(folder: Path) -> PriorConfig:
    return PriorConfig(model=str(folder), controlnet=str(folder / "controlnet"), revision=None)


def test_the_digest_is_that_of_the_content(embedded_folder: Path, tmp_path: Path) -> None:
    first = prior_digest(prior_config(embedded_folder))
    copy = Path(shutil.copytree(embedded_folder, tmp_path / "copy"))
    assert prior_digest(prior_config(copy)) == first
    (copy / "measures.json").write_text("{}")  # says something about the prior, is no part of it
    assert prior_digest(prior_config(copy)) == first
    for name in ("unet", "controlnet"):
        path = copy / name / "diffusion_pytorch_model.safetensors"
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        assert prior_digest(prior_config(copy)) != first
        data[-1] ^= 1
        path.write_bytes(data)
    assert prior_digest(prior_config(copy)) == first


def test_of_large_files_pieces_are_read(
    embedded_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest, "_WHOLE", 1000)
    monkeypatch.setattr(digest, "_PIECE", 100)
    copy = Path(shutil.copytree(embedded_folder, tmp_path / "copy"))
    first = prior_digest(prior_config(copy))
    path = copy / "unet/diffusion_pytorch_model.safetensors"
    path.write_bytes(bytes(byte ^ 1 for byte in path.read_bytes()))
    assert prior_digest(prior_config(copy)) != first


def test_a_missing_prior_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"prior\.model"):
        prior_digest(prior_config(tmp_path / "nowhere"))
