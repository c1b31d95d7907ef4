"""Training is reproducible bit for bit, whatever the number of threads."""

import os
import select
import signal
import threading
import warnings

import pytest
import torch
from splat_scenes import DIFFERENTIABLE, random_scene

from gaussianmotion.splat import rasterise
from gaussianmotion.splat.skinned import skin_gaussians
from gaussianmotion.splat.threads import for_each


def _render():
    scene = random_scene(count=2000, batch=3, width=150, height=140, seed=12)
    for name in DIFFERENTIABLE:
        scene[name].requires_grad_()
    drawn = rasterise(**scene)
    drawn.info["means2d"].retain_grad()
    drawn.rgb.square().sum().backward()
    return [
        drawn.rgb.detach(),
        drawn.info["means2d"].grad,
        *(scene[n].grad for n in DIFFERENTIABLE),
    ]


def _skin():
    generator = torch.Generator().manual_seed(0)
    shapes = ((5000, 3), (5000, 4), (5000, 3), (5000, 24), (2, 24, 4, 4))
    inputs = [torch.randn(*s, generator=generator, requires_grad=True) for s in shapes]
    posed, covars = skin_gaussians(*inputs)
    (posed.square().sum() + covars.sum()).backward()
    return [posed.detach(), covars.detach(), *(x.grad for x in inputs)]


def _with_threads(count, function):
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        return function()
    finally:
        torch.set_num_threads(before)


def test_images_and_gradients_do_not_depend_on_threads(threads):
    for first, second in zip(_with_threads(1, _render), _render(), strict=True):
        assert torch.equal(first, second)


def test_skinning_does_not_depend_on_threads(threads):
    for first, second in zip(_with_threads(1, _skin), _skin(), strict=True):
        assert torch.equal(first, second)


def test_two_callers_at_once_do_not_disturb_each_other():
    expected = _render()
    results = []
    callers = [threading.Thread(target=lambda: results.append(_render())) for _ in range(3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(results) == 3
    for result in results:
        for first, second in zip(expected, result, strict=True):
            assert torch.equal(first, second)


def test_a_forked_child_has_threads_of_its_own(monkeypatch):
    """A child of fork inherits the pool of threads, but none of the threads."""

    def squares():
        results = [0] * 50
        for_each(lambda i: results.__setitem__(i, i * i), ((i,) for i in range(50)))
        return results

    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    expected = squares()
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads
        child = os.fork()
    if child == 0:
        try:
            os.write(writer, b"same" if squares() == expected else b"else")
        finally:  # whatever happens, this process is no second run of the tests
            os._exit(0)
    os.close(writer)
    answered, _, _ = select.select([reader], [], [], 20.0)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert answered
    assert os.read(reader, 4) == b"same"
    os.close(reader)


def test_an_error_in_one_task_reaches_the_caller(threads):
    done = []

    def task(number):
        if number == 3:
            raise ArithmeticError("task 3")
        done.append(number)

    with pytest.raises(ArithmeticError, match="task 3"):
        for_each(task, ((number,) for number in range(6)))
