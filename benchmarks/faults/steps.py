"""What happens in one step of a training, in the command's own process."""

import os
import signal
from collections.abc import Callable
from typing import Any, NoReturn


def in_step(step: int, happens: Callable[[], object]) -> Callable[[], None]:
    """In the command's own process: something happens in a step of the training."""

    def within() -> None:
        from gaussianmotion.training import loop

        steps, usual = iter(range(1, 10**6)), loop.scale_loss

        def scale_loss(*arguments: Any) -> Any:
            if next(steps) == step:
                happens()
            return usual(*arguments)

        loop.scale_loss = scale_loss

    return within


def killed() -> None:
    """This process is killed."""
    os.kill(os.getpid(), signal.SIGKILL)


def cuda_fails(message: str) -> Callable[[], NoReturn]:
    """CUDA fails with this message."""

    def fail() -> NoReturn:
        raise RuntimeError(message)

    return fail
