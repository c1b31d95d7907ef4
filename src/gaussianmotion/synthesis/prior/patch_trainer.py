"""The state of a training of the prior on pixel patches, and its one step.

What a step draws depends on the seed and on the number of samples before it, so a training that was
interrupted ends bit for bit where an uninterrupted one does, as long as no shard comes in between.
Progress and schedules count samples, not steps: a training may go on with another batch on another
device.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.pictures.captions import HEAD
from gaussianmotion.synthesis.prior.batches import Batch, View, make_batch
from gaussianmotion.synthesis.prior.compiled_step import CheckedStep
from gaussianmotion.synthesis.prior.denoising import Timesteps
from gaussianmotion.synthesis.prior.items import Items
from gaussianmotion.synthesis.prior.objective import add_noise, picture_weight
from gaussianmotion.synthesis.prior.optimiser import new_optimiser
from gaussianmotion.synthesis.prior.patch_networks import POSE_PIXELS, grow_all
from gaussianmotion.synthesis.prior.patch_settings import PatchSettings, Phase
from gaussianmotion.synthesis.prior.patch_step import build_networks, step_losses
from gaussianmotion.synthesis.prior.replicas import Replicas

# Exponent of the weights' average: its memory is some 6 % of the steps so far, so that it neither
# remembers the random start nor forgets what a long training smooths (Karras et al. 2024).
_AVERAGE_POWER = 16.0
# Steps whose losses are kept for progress lines and curves.
_KEPT = 400


class PatchTrainer:
    """Networks, averages and optimiser, and the step that advances them."""

    def __init__(
        self,
        data: Items,
        settings: PatchSettings,
        phases: Sequence[Phase],
        until: int,
        tail: int,
        device: torch.device,
        empty: Tensor,
        workers: int = 1,
        rate: float = 1.0,
    ) -> None:
        """Start from random weights.

        Args:
            data: The training set.
            settings: Settings that decide the result.
            phases: Phases in their order; the last one lasts to the end.
            until: Samples in all.
            tail: The last samples, over which the learning rate falls to zero.
            device: Device of the training.
            empty: Token states of the empty caption, (L, D).
            workers: Processes that share a step, on a CPU.
            rate: Factor of the learning rate: large batches bear more.
        """
        self.data, self.settings, self.phases = data, settings, phases
        self.until, self.tail, self.rate = until, tail, rate
        self.device, self.empty = device, empty.to(device)
        self.done, self.seconds, self.steps = 0, 0.0, 0
        self.timesteps = Timesteps(picture_weight)
        self.patch, self.workers = phases[0].patch, workers
        self.replicas: Replicas | None = None
        self._build()
        self.averages = {n: p.detach().clone() for n, p in self.networks.named_parameters()}
        self.losses: dict[str, deque[Tensor]] = {
            name: deque(maxlen=_KEPT) for name in ("loss", "picture", "regions")
        }

    def _build(self) -> None:
        """Networks for the present patch, their optimiser and the processes that share a step."""
        if self.replicas is not None:
            self.replicas.close()
        self.built = build_networks(self.settings, self.patch, self.device)
        self.networks, self.tap = self.built.all, self.built.tap
        parts = [self.built.unet, self.built.controlnet, self.built.head]
        self.optimiser = new_optimiser(parts, self.settings.lr, self.settings.weight_decay)
        losses = CheckedStep() if self.device.type == "cuda" else step_losses
        self.replicas = Replicas(self.workers - 1, self.built, self.settings, self.patch, losses)

    @property
    def phase(self) -> Phase:
        """The present phase."""
        return self.phase_at(self.done)

    def phase_at(self, done: int) -> Phase:
        """The phase of the step after ``done`` samples."""
        return next((p for p in self.phases if done < p.until), self.phases[-1])

    @property
    def scaling(self) -> float:
        """Factor of the pixels, for the present patch."""
        return self.settings.scaling * self.settings.shape.patch / self.patch

    def view(self, mirror: bool, done: int | None = None) -> View:
        """How the phase of the step after ``done`` samples shows its pictures; now if not given."""
        phase, face = self.phase_at(self.done if done is None else done), self.settings.face_weight
        normals = self.settings.normals > 0
        condition = self.settings.shape.condition
        return View(phase.size, phase.patch, POSE_PIXELS, face, mirror, normals, condition)

    def draw(self, done: int) -> tuple[Batch, torch.Generator]:
        """The batch after ``done`` samples, and the generator of what else is random in its step.

        Items are drawn with replacement: what a step sees depends on nothing but its number, while
        the data set grows.
        """
        settings = self.settings
        rng = np.random.default_rng((settings.seed, done))
        phase = self.phase_at(done)
        items = rng.integers(len(self.data), size=phase.batch)
        if phase.heads:
            items = self._with_heads(items, phase.heads, rng)
        generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + done)
        batch = make_batch(self.data, items, self.view(settings.mirror, done), generator)
        dropped = torch.rand(len(items), generator=generator) < settings.text_drop
        batch.text = torch.where(dropped.to(self.device)[:, None, None], self.empty, batch.text)
        return batch, generator

    def _with_heads(self, items: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
        """As many items, of which about ``share`` are heads, where the data has both kinds."""
        head = self.data.framings() == HEAD
        kinds = np.flatnonzero(~head), np.flatnonzero(head)
        if not len(kinds[0]) or not len(kinds[1]):
            return items
        chosen = rng.random(len(items)) < share
        others, heads = (kind[rng.integers(len(kind), size=len(items))] for kind in kinds)
        return np.where(chosen, heads, others)

    def advance(self) -> None:
        """One optimiser step."""
        settings = self.settings
        batch, generator = self.draw(self.done)
        count = len(batch.pictures)
        timesteps = self.timesteps.draw(count, generator)
        noises = torch.Generator(self.device).manual_seed(generator.initial_seed())
        alpha_bars, patch, scaling = self.timesteps.alpha_bars, self.patch, self.scaling
        noised = add_noise(batch, timesteps, alpha_bars, patch, scaling, noises, settings.pose_drop)
        factors = self.timesteps.factor.to(self.device)[noised.timesteps]
        assert self.replicas is not None  # made by `_build`
        losses = self.replicas.backward(batch, noised, factors, scaling)
        torch.nn.utils.clip_grad_norm_(self.networks.parameters(), 1.0)
        for group in self.optimiser.param_groups:
            group["lr"] = settings.lr * self.rate * self._schedule()
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.done += count
        self.steps += 1
        self._average()
        for name, value in losses.items():
            self.losses[name].append(value)
        self.follow_phase()

    def _schedule(self) -> float:
        """Factor of the learning rate: warm-up, constant, a tail to zero."""
        warm = min(1.0, (self.done + 1) / self.settings.warmup)
        return warm * min(1.0, max(0.0, (self.until - self.done) / max(self.tail, 1)))

    def _average(self) -> None:
        keep = (1.0 - 1.0 / self.steps) ** (_AVERAGE_POWER + 1.0)
        current = [p.detach() for p in self.networks.parameters()]
        torch._foreach_lerp_(list(self.averages.values()), current, 1.0 - keep)

    def follow_phase(self) -> None:
        """Change to the phase's patch where it differs; the networks go on computing the same.

        Raises:
            UserError: the new patch is not twice the one before.
        """
        if self.phase.patch == self.patch:
            return
        old, averages = self.networks.state_dict(), self.averages
        before, self.patch = self.patch, self.phase.patch
        if self.patch != 2 * before:
            raise UserError(
                f"a patch of {before} pixels cannot become one of {self.patch}: a phase has the "
                "patch of the one before, or twice it"
            )
        self._build()
        for weights, load in ((old, self._load), (averages, self._load_averages)):
            load(grow_all(weights, before))

    def _load(self, weights: dict[str, Tensor]) -> None:
        self.networks.load_state_dict(weights)

    def _load_averages(self, weights: dict[str, Tensor]) -> None:
        self.averages = {name: weights[name].to(self.device).clone() for name in self.averages}

    def state(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {
            "patch": self.patch,
            "steps": self.steps,
            "phases": [asdict(phase) for phase in self.phases],
            "scaling": self.scaling,
            "networks": self.networks.state_dict(),
            "averages": self.averages,
            "optimiser": self.optimiser.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state of :meth:`state`."""
        if state["patch"] != self.patch:
            self.patch = int(state["patch"])
            self._build()
        self._load(state["networks"])
        self._load_averages(state["averages"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.done, self.steps = int(state["done"]), int(state["steps"])
        self.follow_phase()

    def recent(self, count: int = 50) -> dict[str, float]:
        """Means of the last losses by name; the call waits for a GPU."""
        last = {name: list(values)[-count:] for name, values in self.losses.items()}
        return {name: sum(map(float, v)) / max(1, len(v)) for name, v in last.items()}
