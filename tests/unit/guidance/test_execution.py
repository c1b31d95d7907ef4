"""Networks that keep less, or are compiled, compute the same."""

import copy

import pytest
import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from gaussianmotion.guidance.diffusion import DiffusionPrior
from gaussianmotion.guidance.execution import checkpoint_blocks, compile_networks
from gaussianmotion.testing.stable_diffusion import random_stable_diffusion
from gaussianmotion.training import memory

GIB = 2**30


class Peak(TorchDispatchMode):
    """The most bytes of tensors that live at once while it lasts, those of before left out."""

    def __init__(self) -> None:
        super().__init__()
        self.peak = 0
        self._live: dict[int, tuple[StorageWeakRef, int]] = {}

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, torch.Tensor):
                storage = tensor.untyped_storage()
                self._live[storage._cdata] = (StorageWeakRef(storage), storage.nbytes())
        self._live = {key: (r, n) for key, (r, n) in self._live.items() if not r.expired()}
        self.peak = max(self.peak, sum(size for _, size in self._live.values()))
        return out


def encoder_gib(checkpointed: bool) -> float:
    """Memory of encoding a 512 px view with SD1.5's encoder and differentiating it, by count."""
    prior = random_stable_diffusion("meta", torch.float16)
    if checkpointed:
        checkpoint_blocks(prior._vae.encoder)
    image = torch.empty(1, 3, 512, 512, device="meta", requires_grad=True)
    with Peak() as peak:
        prior._vae.encode((2.0 * image - 1.0).half()).latent_dist.mode().float().sum().backward()
    return peak.peak / GIB


def test_checkpoints_halve_the_encoders_memory_as_the_doctor_counts() -> None:
    whole, checkpointed = encoder_gib(False), encoder_gib(True)
    assert checkpointed < 0.5 * whole
    view = memory._VIEW_GIB  # what a backward pass holds for a moment is counted there
    assert whole == pytest.approx(memory._KEPT_GIB, abs=view)
    assert checkpointed == pytest.approx(memory._CHECKPOINTED_GIB, abs=view)


def gradient_and_noise(prior: DiffusionPrior) -> list[torch.Tensor]:
    """What a step of score distillation asks of a prior."""
    generator = torch.Generator().manual_seed(0)
    side = 8 * prior.downscale
    rgb = torch.rand(2, 3, side, side, generator=generator).requires_grad_()
    latents = prior.encode_image(rgb)
    latents.square().sum().backward()
    text = prior.encode_text(["", "", "a man", "a suit"])
    timesteps = torch.tensor([30, 700])
    noise = prior.predict_noise(latents.detach(), timesteps, text, rgb.detach())
    assert rgb.grad is not None
    return [latents.detach(), rgb.grad, noise]


def test_checkpoints_change_no_gradient(prior: DiffusionPrior) -> None:
    again = copy.deepcopy(prior)
    checkpoint_blocks(again._vae.encoder)
    for expected, found in zip(gradient_and_noise(prior), gradient_and_noise(again), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.filterwarnings("ignore")  # torch's compiler warns of what it does itself
@pytest.mark.parametrize("backend", ["aot_eager", pytest.param("inductor", marks=pytest.mark.slow)])
def test_compiled_networks_compute_the_same(embedded: DiffusionPrior, backend: str) -> None:
    compiled = copy.deepcopy(embedded)
    compile_networks(compiled, backend)
    before = torch._dynamo.utils.counters["stats"]["unique_graphs"]
    pairs = zip(gradient_and_noise(embedded), gradient_and_noise(compiled), strict=True)
    for expected, found in pairs:
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    # One graph each: nothing of theirs is left to Python.
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] - before == 3
