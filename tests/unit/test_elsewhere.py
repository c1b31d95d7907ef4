"""The pretended device finds what a real one would: tensors that meet tensors of the CPU."""

import numpy as np
import pytest
import torch
from elsewhere import ELSEWHERE, elsewhere


def test_what_is_made_or_moved_there_is_there():
    with elsewhere() as device:
        made = torch.ones(2, 3, device=device)
        moved, numbers = torch.ones(3).to(device), torch.tensor([1.0, 2.0], device=device)
        assert {x.device for x in (made, moved, numbers, (made + moved)[0])} == {ELSEWHERE}
        assert (made + moved).sum().item() == 12.0
        assert (made * 3)[:, [0, 2]].tolist() == [[3.0, 3.0], [3.0, 3.0]]
        assert np.array_equal(made.cpu().numpy(), np.ones((2, 3)))


@pytest.mark.parametrize(
    "meet",
    [
        lambda there, here: there + here,
        lambda there, here: torch.cat([here, there]),
        lambda there, here: torch.nn.functional.linear(here, there),
        lambda there, here: torch.where(here > 0, there, 0.0),
        lambda there, here: there.add_(here),
        lambda there, here: here[there.long()],
        lambda there, here: there.numpy(),
        lambda there, here: np.asarray(there),
    ],
)
def test_what_is_there_may_not_meet_what_is_here(meet):
    with elsewhere() as device:
        there, here = torch.ones(3, 3, device=device), torch.ones(3, 3)
        with pytest.raises((RuntimeError, TypeError), match=r"two devices|\.cpu\(\) is missing"):
            meet(there, here)
        there += 2.0 * torch.tensor(1.0)  # single numbers may, as on CUDA
        there[0] = here[0]  # and so may copies
        assert there.sum().item() == 21.0


def test_a_network_learns_there_what_it_learns_here():
    torch.manual_seed(0)
    network, x = torch.nn.Linear(3, 2), torch.rand(5, 3)

    def learn(x):
        optimiser = torch.optim.Adam(network.parameters())
        network(x).square().mean().backward()
        optimiser.step()
        return network.weight.detach().cpu().clone()

    state = {name: value.clone() for name, value in network.state_dict().items()}
    expected = learn(x)
    network.load_state_dict(state)
    network.zero_grad()
    with elsewhere() as device:
        network.to(device)
        torch.testing.assert_close(learn(x.to(device)), expected)
        assert network.weight.grad.device == ELSEWHERE
