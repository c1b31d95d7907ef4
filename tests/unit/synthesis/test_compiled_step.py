"""A compiled step is used once its gradients were seen to be right."""

import logging
from typing import Any

import pytest
import torch

from gaussianmotion.synthesis.prior import compiled_step
from gaussianmotion.synthesis.prior.compiled_step import CheckedStep, worst_difference
from gaussianmotion.synthesis.prior.patch_step import PatchNetworks


def two_layers() -> PatchNetworks:
    """Stands in for the networks, of which only the parameters are looked at."""
    torch.manual_seed(0)
    networks = object.__new__(PatchNetworks)
    layers = {"first": torch.nn.Linear(4, 4), "second": torch.nn.Linear(4, 1)}
    object.__setattr__(networks, "all", torch.nn.ModuleDict(layers))
    return networks


def plain(networks: Any, x: torch.Tensor) -> dict[str, torch.Tensor]:
    return {"loss": networks.all["second"](networks.all["first"](x)).square().mean()}


def blind(networks: Any, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """The same value, without a gradient to the first layer."""
    return {"loss": networks.all["second"](networks.all["first"](x).detach()).square().mean()}


def broken(networks: Any, x: torch.Tensor) -> dict[str, torch.Tensor]:
    raise RuntimeError("no such compiler\nand much more")


@pytest.mark.parametrize(
    ("compiled", "said"),
    [(plain, []), (blind, ["gradients differ, by"]), (broken, ["compiled: no such compiler"])],
)
def test_only_what_agrees_is_used(
    compiled: Any, said: list[str], monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setattr(compiled_step, "step_losses", plain)
    monkeypatch.setattr(torch, "compile", lambda function, **_: compiled)
    step, networks, x = CheckedStep(), two_layers(), torch.randn(8, 4)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            step(networks, x)["loss"].backward()
    assert step.compiled == (not said)
    assert len(caplog.records) == len(said)
    for line, record in zip(said, caplog.records, strict=True):
        assert line in record.getMessage()
        assert "\n" not in record.getMessage()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in networks.all.parameters())


def test_one_parameter_without_a_gradient_is_noticed() -> None:
    right = [torch.full((100,), 10.0), torch.full((4,), 0.1)]
    assert worst_difference([right[0] * 1.01, right[1]], right) is None
    assert worst_difference([right[0], torch.zeros(4)], right) == "one parameter's by 100%"
    assert worst_difference([right[0], None], right) == "one parameter's by 100%"
    assert worst_difference([right[0] * float("nan"), right[1]], right) == "by nan% as a whole"
