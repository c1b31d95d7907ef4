"""GPUs of jobs: who takes one, and how many jobs that do are started at once."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gaussianmotion.config.experiment import DrawingKeys
from gaussianmotion.pipeline.stage import Stage
from gaussianmotion.runtime import gpu
from gaussianmotion.runtime.torch_device import wants_gpu


@dataclass(frozen=True)
class Gpus:
    """The GPUs of this computer, and what an experiment's jobs do with them.

    Attributes:
        config: Where networks run, and by what avatars are drawn.
        pool: The GPUs that are here.
    """

    config: DrawingKeys
    pool: Sequence[str]

    @property
    def each(self) -> int:
        """GPUs of a job that would use one."""
        return int(wants_gpu(self.config.device, here=bool(self.pool)))

    def of(self, stage: Stage[Any]) -> int:
        """GPUs of a stage's jobs."""
        return 0 if stage.on_cpu else self.each

    @property
    def draw_with_gsplat(self) -> bool:
        """Whether jobs draw with gsplat, which must have been compiled before they start."""
        return bool(self.each) and self.config.rasteriser in ("auto", "gsplat")

    def limit(self, workflow: Any) -> None:
        """Lower ``--resources gpu=N`` to the GPUs of this computer: more jobs would only wait.

        Args:
            workflow: Snakemake's. Which executor runs is not known yet; jobs on other computers are
                counted by nodes. A single job's own Snakemake has no number.
        """
        wanted = self._asked_for(workflow)
        if wanted is None:
            return
        count, said = gpu.slots(wanted, self.pool)
        workflow.global_resources["gpu"] = count
        if said and workflow.is_main_process:
            print(f"gaussianmotion: {said}", file=sys.stderr)

    def threads(self, usual: int, workflow: Any) -> int:
        """Threads of a job that holds a GPU: so few that one without fits beside all of them.

        What renders would otherwise wait for the cores of a training that ended, and the next
        training for the rendering: a seventh of the GPUs' time on 16 cores and 4 GPUs.

        Args:
            usual: Threads of other jobs.
            workflow: Snakemake's.
        """
        wanted, cores = self._asked_for(workflow), workflow.global_resources["_cores"].value
        if wanted is None or cores is None:
            return usual
        slots, _ = gpu.slots(wanted, self.pool)
        return max(1, min(usual, (int(cores) - usual) // max(1, slots)))

    def _asked_for(self, workflow: Any) -> int | None:
        """``--resources gpu=N``, where this computer's own GPUs are meant by it."""
        wanted = workflow.global_resources.get("gpu")
        elsewhere = workflow.global_resources["_nodes"].value is not None
        if wanted is None or wanted.value is None or not self.each or elsewhere:
            return None
        return int(wanted.value)
