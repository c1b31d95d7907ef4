"""OpenVINO computes what torch does, is kept, and is not believed where it does not."""

import copy
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import openvino
import pytest
import torch
from tiny_priors import prior_config

from gaussianmotion.config import PriorConfig, TrainConfig
from gaussianmotion.guidance import engine, engine_graph
from gaussianmotion.guidance.diffusion import DiffusionPrior
from gaussianmotion.guidance.engine import engine_of, run_by_openvino
from gaussianmotion.guidance.execution import run_as_asked
from gaussianmotion.guidance.prior import load_prior, network_dtype
from gaussianmotion.runtime.errors import UserError

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def convert_once(shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(shared_cache))
    monkeypatch.setattr(engine_graph, "KEPT", 100)  # all that tests convert


@pytest.fixture
def cache(tmp_path: Path, convert_once: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of converted networks, empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "gaussianmotion" / "engine"


def noise(
    prior: DiffusionPrior, batch: int = 2, posed: bool = False, timesteps: Any = (100, 700, 300)
) -> torch.Tensor:
    """What a prior answers; the UNet alone where nothing is posed: one network to convert."""
    generator, side = torch.Generator().manual_seed(0), 8
    latents = torch.randn(batch, prior._unet.config.in_channels, side, side, generator=generator)
    timesteps = torch.tensor(timesteps[:batch])
    text = prior.encode_text([""] * batch + ["a man in a red suit"] * batch)
    pixels = side * prior.downscale
    shape = (batch, prior.condition_channels, pixels, pixels)
    pose = torch.rand(shape, generator=generator) if posed else None
    return prior.predict_noise(latents, timesteps, text, pose)


def by_openvino(prior: DiffusionPrior, required: bool = True) -> DiffusionPrior:
    return run_by_openvino(copy.deepcopy(prior), required)


@pytest.mark.parametrize("posed", [True, False])
def test_both_kinds_of_prior_compute_the_same(prior: DiffusionPrior, posed: bool) -> None:
    theirs = by_openvino(prior)
    expected = noise(prior, posed=posed)
    # The first answer of new shapes has been compared with torch's, the second is the engine's.
    for _ in range(2):
        torch.testing.assert_close(noise(theirs, posed=posed), expected, rtol=1e-4, atol=1e-5)
    assert theirs.engine.startswith("openvino ")


def test_timesteps_are_not_rounded_where_the_engine_computes_in_bfloat16(
    embedded_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if network_dtype("bfloat16", CPU) != torch.bfloat16:
        pytest.skip("this processor does not multiply bfloat16, in which no engine runs then")
    monkeypatch.setitem(engine.TOLERANCE, torch.bfloat16, 1.0)

    def answer(dtype: str, engine: str) -> torch.Tensor:
        config = prior_config(embedded_folder)
        config = config.model_copy(update={"dtype": dtype, "engine": engine})
        return noise(load_prior(config, "cpu"), posed=True, timesteps=(999, 701))

    exact, by_torch = answer("float32", "torch"), answer("bfloat16", "torch")
    by_engine = answer("bfloat16", "openvino")
    assert (by_engine - exact).norm() < 1.5 * (by_torch - exact).norm()


def test_more_timesteps_than_a_graph_knows_are_torchs(embedded: DiffusionPrior) -> None:
    longer = copy.deepcopy(embedded)
    longer.alpha_bar = torch.linspace(1.0, 0.0, 1001)
    assert run_by_openvino(longer).engine == "torch"
    with pytest.raises(UserError, match=r"set prior\.engine: torch"):
        run_by_openvino(longer, required=True)


def test_torch_runs_no_network_whose_shapes_are_known(
    embedded: DiffusionPrior, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = by_openvino(embedded)
    noise(theirs)
    monkeypatch.setattr(theirs._unet, "conv_in", None)  # torch would need it
    assert noise(theirs).isfinite().all()


def test_a_conversion_is_kept_and_a_damaged_one_made_again(
    embedded: DiffusionPrior, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    converted, convert = [], engine_graph._convert
    counted = lambda *asked: converted.append(1) or convert(*asked)  # noqa: E731
    monkeypatch.setattr(engine_graph, "_convert", counted)
    expected = noise(by_openvino(embedded), posed=True)
    assert len(converted) == len(list(cache.glob("*/network.xml"))) == 2  # UNet and ControlNet
    assert torch.equal(noise(by_openvino(embedded), posed=True), expected)
    assert len(converted) == 2
    for graph in cache.glob("*/network.xml"):
        graph.write_text("<not a graph")
    assert torch.equal(noise(by_openvino(embedded), posed=True), expected)
    assert len(converted) == 4
    assert not list(cache.glob(".new-*"))


def test_other_shapes_and_other_weights_are_other_graphs(embedded: DiffusionPrior) -> None:
    theirs = by_openvino(embedded)
    for batch in (2, 1, 2):
        expected = noise(embedded, batch)
        torch.testing.assert_close(noise(theirs, batch), expected, rtol=1e-4, atol=1e-5)
    other = copy.deepcopy(embedded)
    other._unet.conv_in.bias.data += 1.0
    torch.testing.assert_close(noise(by_openvino(other)), noise(other), rtol=1e-4, atol=1e-5)


def test_of_many_graphs_the_newest_stay(
    embedded: DiffusionPrior, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_graph, "KEPT", 1)
    theirs = by_openvino(embedded)
    noise(theirs, 1)
    (older,) = cache.iterdir()
    noise(theirs, 2)
    (newer,) = cache.iterdir()
    assert newer != older


def test_a_cache_that_cannot_be_written_costs_time_only(
    embedded: DiffusionPrior, tmp_path: Path, cache: Path
) -> None:
    (tmp_path / "gaussianmotion").write_text("a file where the folder should be")
    theirs = by_openvino(embedded)
    torch.testing.assert_close(noise(theirs), noise(embedded), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("fault", ["other numbers", "NaN", "an exception"])
def test_an_engine_that_is_wrong_is_not_used(
    embedded: DiffusionPrior,
    fault: str,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    right = engine_graph._float32

    def wrong(network):
        if fault == "an exception":
            raise RuntimeError("this operation is not supported")
        copied = right(network)
        for parameter in copied.parameters():
            parameter.data *= 1.5 if fault == "other numbers" else float("nan")
        return copied

    monkeypatch.setattr(engine_graph, "_float32", wrong)
    posed = fault == "other numbers"  # both networks are wrong once
    expected = noise(embedded, posed=posed)
    with caplog.at_level(logging.WARNING):
        assert torch.equal(noise(by_openvino(embedded, required=False), posed=posed), expected)
    assert "UNet2DConditionModel runs by torch" in caplog.text
    assert ("ControlNetModel runs by torch" in caplog.text) == posed
    with pytest.raises(UserError, match=r"set prior\.engine: torch"):
        noise(by_openvino(embedded), posed=posed)
    monkeypatch.undo()  # nothing wrong was kept
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache.parents[1]))
    theirs = noise(by_openvino(embedded), posed=posed)
    torch.testing.assert_close(theirs, expected, rtol=1e-4, atol=1e-5)


def test_weights_that_are_nan_are_the_priors_fault_and_not_the_engines(
    embedded: DiffusionPrior, caplog: pytest.LogCaptureFixture
) -> None:
    broken = copy.deepcopy(embedded)
    broken._unet.conv_in.weight.data[:] = float("nan")
    with caplog.at_level(logging.WARNING):
        assert not noise(by_openvino(broken)).isfinite().any()
    assert not caplog.records


def test_who_runs_the_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = torch.device("cuda")
    assert engine_of(PriorConfig(), CPU) == "torch"
    assert engine_of(PriorConfig(engine="auto"), CPU) == "openvino"
    assert engine_of(PriorConfig(engine="auto"), cuda) == "torch"
    with pytest.raises(UserError, match=r"prior\.engine: auto"):
        engine_of(PriorConfig(engine="openvino"), cuda)
    monkeypatch.setattr(engine, "find_spec", lambda name: None)
    assert engine_of(PriorConfig(engine="auto"), CPU) == "torch"
    with pytest.raises(UserError, match="make env"):
        engine_of(PriorConfig(engine="openvino"), CPU)


def test_compiling_what_torch_does_not_run_is_refused(embedded: DiffusionPrior) -> None:
    with pytest.raises(UserError, match=r"prior\.engine: torch"):
        run_as_asked(by_openvino(embedded), TrainConfig(compile=True))


def test_threads_are_torchs(embedded: DiffusionPrior) -> None:
    theirs = by_openvino(embedded)
    noise(theirs)
    (compiled,) = theirs._unet.forward._compiled.values()
    assert compiled.get_property("INFERENCE_NUM_THREADS") == torch.get_num_threads()
    assert isinstance(compiled, openvino.CompiledModel)


AFTER_ENGINES = """
import gc, signal, sys, torch
from pathlib import Path
from tiny_priors import prior_config
from gaussianmotion.guidance.engine import run_by_openvino
from gaussianmotion.guidance.prior import load_prior
stopped = []
signal.signal(signal.SIGTERM, lambda *_: stopped.append(1))
for batch in (1, 2):
    prior = run_by_openvino(load_prior(prior_config(Path(sys.argv[1])), "cpu"), required=True)
    text = prior.encode_text([""] * 2 * batch)  # shapes that tests above have converted
    x = torch.zeros(batch, prior._unet.config.in_channels, 8, 8)
    prior.predict_noise(x, torch.full((batch,), 500), text, None)
    del prior
    gc.collect()
    signal.raise_signal(signal.SIGTERM)
print(len(stopped))
"""


def test_a_signal_after_engines_have_gone_is_handled(embedded_folder: Path) -> None:
    """OpenVINO's stack for signal handlers goes with its plugin; the kernel keeps its address."""
    command = [sys.executable, "-c", AFTER_ENGINES, str(embedded_folder)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "2"), done.stderr
