"""Processes that share a step of a training: each computes the gradient of a part of the batch.

Threads are slow where they must share a core: those of a convolution's backward pass wait for one
another by spinning, and two on one core take eight times as long as one. Processes of one thread
each sleep while they wait. Weights and gradients lie in shared memory; the first process takes the
step.
"""

import signal
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

import torch
import torch.multiprocessing
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.prior.batches import Batch
from gaussianmotion.synthesis.prior.objective import Noised
from gaussianmotion.synthesis.prior.patch_settings import PatchSettings
from gaussianmotion.synthesis.prior.patch_step import (
    PatchNetworks,
    StepLosses,
    build_networks,
    rows_of,
    step_losses,
)


class Replicas:
    """The other processes that share the steps of a training."""

    def __init__(
        self,
        count: int,
        networks: PatchNetworks,
        settings: PatchSettings,
        patch: int,
        losses: StepLosses = step_losses,
    ) -> None:
        """Start the processes, and move the networks' weights into shared memory.

        Args:
            count: Number of processes besides this one; 0 starts none.
            networks: Networks that are trained, on the CPU.
            settings: Settings that the networks were built by.
            patch: Pixels of a cell that the networks were built for.
            losses: Function that computes the losses in this process.
        """
        self._losses = losses
        self._networks, self._settings, self._patch = networks, settings, patch
        self._pipes: list[Connection] = []
        self._gradients: list[list[Tensor]] = []
        if count:
            torch.set_num_threads(1)
        context: Any = torch.multiprocessing.get_context("spawn")
        for _ in range(count):
            weights = [p.data.share_memory_() for p in networks.all.parameters()]
            gradients = [torch.zeros_like(p).share_memory_() for p in networks.all.parameters()]
            here, there = context.Pipe()
            arguments = (there, settings, patch, weights, gradients)
            context.Process(target=_serve, args=arguments, daemon=True).start()
            there.close()
            self._pipes.append(here)
            self._gradients.append(gradients)

    def backward(
        self, batch: Batch, noised: Noised, factors: Float[Tensor, " B"], scaling: float
    ) -> dict[str, Tensor]:
        """Add a batch's gradient to the networks'; each process computes a part of it.

        Args:
            batch: Pictures, poses, text and labels.
            noised: The same pictures under noise.
            factors: Weights of the samples, by their timesteps.
            scaling: Factor of the pixels.

        Returns:
            The losses of :func:`step_losses` for the whole batch. The call does not wait for a GPU.

        Raises:
            UserError: a process was killed.
        """
        count = len(factors)
        size = -(-count // (1 + len(self._pipes)))
        parts = [slice(start, start + size) for start in range(0, count, size)]
        shares = [len(range(count)[part]) / count for part in parts]
        busy = self._pipes[: len(parts) - 1]
        try:
            for pipe, part, share in zip(busy, parts[1:], shares[1:], strict=True):
                rows = rows_of(batch, part), rows_of(noised, part), factors[part]
                pipe.send((*rows, scaling, share))
            own = parts[0]
            losses = self._losses(
                self._networks,
                *(rows_of(batch, own), rows_of(noised, own), factors[own]),
                *(self._settings, self._patch, scaling),
            )
            (losses["loss"] * shares[0]).backward()
            found: list[dict[str, Any]] = [{name: v.detach() for name, v in losses.items()}]
            found += [pipe.recv() for pipe in busy]
        except (EOFError, OSError) as error:
            raise UserError(
                "a process of the training was killed, most likely for want of memory: give fewer "
                "--workers; the same command goes on from the last checkpoint"
            ) from error
        for gradients in self._gradients[: len(busy)]:
            _add(list(self._networks.all.parameters()), gradients)
        parts_of = {name: [part[name] for part in found] for name in found[0]}
        return {
            name: torch.stack(
                [torch.as_tensor(share * v) for share, v in zip(shares, values, strict=True)]
            ).sum()
            for name, values in parts_of.items()
        }

    def close(self) -> None:
        """End the processes."""
        for pipe in self._pipes:
            pipe.close()
        self._pipes, self._gradients = [], []


@torch.no_grad()
def _add(parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> None:
    for parameter, gradient in zip(parameters, gradients, strict=True):
        if parameter.grad is not None:
            parameter.grad.add_(gradient)


def _serve(
    pipe: Connection,
    settings: PatchSettings,
    patch: int,
    weights: list[Tensor],
    gradients: list[Tensor],
) -> None:
    """Compute gradients of parts of batches until the other end of the pipe is closed."""
    # Only the process that keeps the state answers to Ctrl-C.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    networks = build_networks(settings, patch, torch.device("cpu"))
    for parameter, weight, gradient in zip(
        networks.all.parameters(), weights, gradients, strict=True
    ):
        parameter.data, parameter.grad = weight, gradient
    while True:
        try:
            batch, noised, factors, scaling, share = pipe.recv()
        except (EOFError, OSError):
            return
        torch._foreach_zero_(gradients)
        losses = step_losses(networks, batch, noised, factors, settings, patch, scaling)
        (losses["loss"] * share).backward()
        pipe.send({name: value.item() for name, value in losses.items()})
