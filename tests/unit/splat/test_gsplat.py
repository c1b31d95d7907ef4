"""Together with gsplat: its density control on our info, and our values against its own."""

import pytest
import torch
from gsplat import DefaultStrategy
from splat_scenes import DIFFERENTIABLE, random_scene

from gaussianmotion.splat import rasterise
from gaussianmotion.splat.covariance import covariances


def test_default_strategy_runs_on_our_info():
    scene = random_scene(count=200, batch=2)
    generator = torch.Generator().manual_seed(0)
    params = torch.nn.ParameterDict(
        {
            "means": torch.nn.Parameter(scene["means"][0]),
            "scales": torch.nn.Parameter(torch.full((200, 3), -3.0)),
            "quats": torch.nn.Parameter(torch.randn(200, 4, generator=generator)),
            "opacities": torch.nn.Parameter(torch.linspace(-8.0, 3.0, 200)),
            "colours": torch.nn.Parameter(scene["colours"]),
        }
    )
    optimisers = {name: torch.optim.Adam([value], lr=1e-3) for name, value in params.items()}
    strategy = DefaultStrategy(
        refine_start_iter=0, refine_every=2, grow_grad2d=1e-6, prune_opa=0.005, verbose=False
    )
    strategy.check_sanity(params, optimisers)
    state = strategy.initialize_state()
    counts = []
    for step in range(5):
        covars = covariances(params["quats"], params["scales"].exp())
        batch = scene["viewmats"].shape[0]
        drawn = rasterise(
            params["means"].expand(batch, -1, -1),
            covars.expand(batch, -1, -1, -1),
            params["colours"],
            params["opacities"].sigmoid(),
            scene["viewmats"],
            scene["Ks"],
            scene["width"],
            scene["height"],
        )
        strategy.step_pre_backward(params, optimisers, state, step, drawn.info)
        (drawn.rgb - 0.5).square().mean().backward()
        seen = (drawn.info["radii"] > 0).all(dim=-1)
        gradient = drawn.info["means2d"].grad
        assert gradient.shape == (batch, len(params["means"]), 2)
        assert gradient[seen].abs().max() > 0
        assert gradient[~seen].abs().sum() == 0
        for optimiser in optimisers.values():
            optimiser.step()
            optimiser.zero_grad()
        strategy.step_post_backward(params, optimisers, state, step, drawn.info, packed=False)
        counts.append(len(params["means"]))
    # Steps 2 and 4 refine: those with a gradient are doubled, the faintest leave.
    assert counts[1] == 200
    assert counts[2] > 200
    assert counts[4] > counts[2]
    assert params["opacities"].sigmoid().min() >= 0.005


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="gsplat needs a CUDA device")
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_gsplat_on_cuda_agrees_with_the_kernels(seed):
    scene = random_scene(count=3000, width=150, height=100, seed=seed, scales=(0.005, 0.1))
    weights = torch.randn(2, 100, 150, 3, generator=torch.Generator().manual_seed(1))
    results = {}
    for device, backend in (("cpu", "numba"), ("cuda", "gsplat")):
        inputs = {k: v.to(device) if torch.is_tensor(v) else v for k, v in scene.items()}
        for name in DIFFERENTIABLE:
            inputs[name] = inputs[name].detach().clone().requires_grad_()
        drawn = rasterise(**inputs)
        assert drawn.info["backend"] == backend
        drawn.info["means2d"].retain_grad()
        ((drawn.rgb * weights.to(device)).sum() + drawn.alpha.square().sum()).backward()
        results[device] = {
            "rgb": drawn.rgb,
            "alpha": drawn.alpha,
            "means2d": drawn.info["means2d"].grad,
        } | {name: inputs[name].grad for name in DIFFERENTIABLE}
    for name, expected in results["cpu"].items():
        actual = results["cuda"][name].cpu()
        # gsplat projects in float32 and takes fast exponentials; single pixels may skip a splat
        # whose opacity there is 1/255 give or take the last bit.
        error = (actual - expected).abs()
        scale = expected.abs().max()
        if name == "viewmats":
            # A sum over all splats that nearly cancels: as exact as its terms are.
            terms = results["cpu"]["means"].abs().sum()
            assert error.max() < 5e-3 * terms, name
            continue
        assert (error > 1e-3 * scale).float().mean() < 1e-3, name
        assert error.mean() < 1e-5 * scale, name
