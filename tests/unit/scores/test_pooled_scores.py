"""FID, KID and the distances on small features: what N allows, and nothing more."""

from pathlib import Path

import pytest
import torch
from small_checkpoints import write_inception, write_picture, write_references, write_run
from torch import Tensor
from torchmetrics.image.fid import NoTrainInceptionV3

from gaussianmotion.config import Config
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.pictures import read_picture
from gaussianmotion.scores.distances import features_score, fid_score
from gaussianmotion.scores.distances.inception import load_inception
from gaussianmotion.scores.distances.pooled import as_tensor, distances, of_runs
from gaussianmotion.scores.score_file import ScoreFile


@pytest.fixture(scope="module")
def inception(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FID's Inception with random weights, in the published format."""
    return write_inception(tmp_path_factory.mktemp("inception") / "weights-inception.pth")


def _experiment(folder: Path, prompts: int, each: int = 10) -> tuple[list[Path], list[Path]]:
    runs = [write_run(folder / f"ours/p{i}/0", f"prompt {i}", i, each) for i in range(prompts)]
    references = [write_references(folder / f"reference/p{i}", i, each) for i in range(prompts)]
    return runs, references


def _colours(pictures: Tensor) -> Tensor:
    """Features of a network that sees four quarters."""
    return torch.nn.functional.adaptive_avg_pool2d(pictures.float() / 255.0, 2).flatten(1)


def _pool(renders: list[list[Path]], references: list[list[Path]], root: Path) -> ScoreFile:
    score = ScoreFile(score="fid", title="test", protocol="test-1", n=0)
    return distances(_colours, renders, references, ("fid", "kid"), score, root)


def _groups(folder: Path, prompts: int, each: int, shift: int = 0) -> list[list[Path]]:
    return [
        [write_picture(folder / f"{p}/{i}.png", shift + 100 * p + i, (16, 16)) for i in range(each)]
        for p in range(prompts)
    ]


def test_fid_loads_its_network_without_unpickling_and_sees_the_same(inception: Path) -> None:
    pictures = torch.randint(0, 256, (2, 3, 40, 56), dtype=torch.uint8)
    theirs = NoTrainInceptionV3("inception-v3-compat", ["2048"], str(inception))
    found = load_inception(inception, "cpu")(pictures)
    assert found.shape == (2, 2048)
    assert torch.equal(found, theirs(pictures))


def test_with_few_pictures_there_is_kid_and_no_fid(inception: Path, tmp_path: Path) -> None:
    runs, references = _experiment(tmp_path, 2)
    weights = {"source": str(inception), "file": inception.name, "sha256": None}
    config = Config.model_validate({"models": {"inception": weights}})
    found = fid_score.SCORE(runs, references, config, "cpu")
    assert found.status == "ok"
    assert list(found.values) == ["kid"]
    assert found.details["note"] == "no fid: 20 pictures, and it needs at least 100 in each set"
    assert found.n == 20
    assert found.details["references"] == 20
    assert found.details["features"] == 2048
    assert len(found.inputs) == 40
    assert found.values["kid"].low is None
    assert "reference/p0/00.png" in found.inputs


def test_lite_features_have_their_own_name_and_find_renders_of_references_near(
    tmp_path: Path,
) -> None:
    runs, references = _experiment(tmp_path, 3, each=7)
    far = features_score.SCORE(runs, references, Config(), "cpu")
    assert far.score == "features"
    assert list(far.values) == ["kernel"]
    assert far.details["features"] == 1280
    for name in ("FID", "KID"):
        assert name not in far.title
    low, high = far.values["kernel"].low, far.values["kernel"].high
    assert low is not None
    assert high is not None
    assert low < far.values["kernel"].value < high
    copies = [write_run(tmp_path / f"copies/p{index}/0", "a copy", index, 7) for index in range(3)]
    for run, folder in zip(copies, references, strict=True):
        for index in range(7):
            (run / f"views/{index:02d}.png").write_bytes((folder / f"{index:02d}.png").read_bytes())
    near = features_score.SCORE(copies, references, Config(), "cpu")
    assert near.values["kernel"].value < min(0.0, far.values["kernel"].value) + 1e-9


def test_a_network_that_computes_nan_gives_no_distance(tmp_path: Path) -> None:
    runs, references = _experiment(tmp_path, 3, each=7)
    score = of_runs(fid_score.SCORE, lambda x: _colours(x) * float("nan"), "broken.pt", "0" * 64)
    with pytest.raises(UserError, match=r"broken\.pt computes NaN or infinity instead of numbers"):
        score(runs, references)


def test_too_few_pictures_give_no_number(tmp_path: Path) -> None:
    found = _pool(_groups(tmp_path / "a", 1, 10), _groups(tmp_path / "b", 1, 30, 50), tmp_path)
    assert found.status == "too few"
    assert found.values == {}
    assert found.reason == "10 pictures; a distance of two sets needs at least 20 in each"
    assert found.n == 10


def test_a_hundred_pictures_give_both_with_intervals(tmp_path: Path) -> None:
    renders, references = _groups(tmp_path / "a", 10, 10), _groups(tmp_path / "b", 10, 10, 50)
    found = _pool(renders, references, tmp_path)
    assert list(found.values) == ["fid", "kid"]
    for value in found.values.values():
        assert value.better == "lower"
        assert value.low is not None
        assert value.high is not None
        assert value.low < value.value < value.high
    assert "note" not in found.details
    assert found.details["prompts"] == 10


def test_fewer_pictures_than_features_are_noted(tmp_path: Path) -> None:
    groups = _groups(tmp_path / "a", 4, 25)
    score = ScoreFile(score="fid", title="test", protocol="test-1", n=0)

    def wide(pictures: Tensor) -> Tensor:
        return pictures.float().flatten(1)[:, :128] / 255.0

    found = distances(wide, groups, groups, ("fid", "kid"), score, tmp_path)
    assert "biased upward" in str(found.details["note"])
    assert found.values["fid"].value == pytest.approx(0.0, abs=1e-9)


def test_pictures_of_several_sizes_can_be_compared(tmp_path: Path) -> None:
    groups = _groups(tmp_path / "a", 2, 10)
    write_picture(groups[0][3], 3, (24, 16))
    assert _pool(groups, groups, tmp_path).n == 20


def test_prompts_without_references_are_refused(tmp_path: Path) -> None:
    groups = _groups(tmp_path / "a", 2, 10)
    with pytest.raises(UserError, match="2 prompts have renders and 1 have references"):
        _pool(groups, groups[:1], tmp_path)
    with pytest.raises(UserError, match="holds no references: run `gaussianmotion reference`"):
        features_score.SCORE([write_run(tmp_path / "run", "p", 0)], [tmp_path], Config(), "cpu")


def test_another_networks_checkpoint_is_one_line(tmp_path: Path) -> None:
    torch.save({"weight": torch.ones(3)}, tmp_path / "other.pth")
    with pytest.raises(UserError, match="not a checkpoint of FID's Inception"):
        load_inception(tmp_path / "other.pth", "cpu")


def test_pictures_reach_networks_as_they_are(tmp_path: Path) -> None:
    picture = write_picture(tmp_path / "a.png", 0, (8, 4))
    batch = as_tensor([read_picture(picture)] * 2)
    assert batch.shape == (2, 3, 4, 8)
    assert batch.dtype == torch.uint8
    assert tuple(batch[1, :, 2, 5].tolist()) == read_picture(picture).getpixel((5, 2))
