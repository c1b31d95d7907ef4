"""A second device that is none: its tensors have their values on the CPU, but may not meet others.

Code for GPUs is wrong in one way more than code for CPUs: a tensor that was made where the others
are not. On a computer without a GPU, ``with elsewhere():`` finds that. Tensors made on
:data:`ELSEWHERE`, or moved there, say that they are there; whatever meets a tensor of the CPU fails
as on CUDA, single numbers and copies excepted, and so does numpy. All values are computed by the
CPU's own kernels, so that results can be compared with those of the CPU.

Not seen this way: what CUDA's kernels compute, their memory, and code that asks for CUDA by name.
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import fields
from typing import Any
from unittest.mock import patch

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from gaussianmotion.splat import reference
from gaussianmotion.splat.cpu import backend
from gaussianmotion.splat.scene import Scene

# A device type that autograd serves and nothing else here uses.
ELSEWHERE = torch.device("lazy:0")
_aten = torch.ops.aten
# Their arguments may be of two devices.
_MOVES = {_aten._to_copy.default, _aten.copy_.default}
# What waits for the device: its answer is a number, or a size.
_READS = {_aten._local_scalar_dense.default, _aten.nonzero.default, _aten.equal.default}
# Operators that waited, with where they were called; cleared by whoever counts.
READS: list[str] = []
_drawing = [False]
# Indices may be on the CPU.
_INDEXING = {
    _aten.index.Tensor,
    _aten.index_put.default,
    _aten.index_put_.default,
    _aten._index_put_impl_.default,
}


@contextmanager
def elsewhere() -> Iterator[torch.device]:
    """While it lasts, :data:`ELSEWHERE` works.

    Its autocast does nothing, and the CPU's kernels draw what is elsewhere.
    """
    autocast = torch.autocast

    def cast(device_type: str, *args: Any, **kwargs: Any) -> Any:
        known = device_type != ELSEWHERE.type
        return autocast(device_type, *args, **kwargs) if known else nullcontext()

    with (
        patch.object(torch, "autocast", cast),
        patch.object(reference, "rasterise_torch", _drawn_by_the_cpu),
        _Numbers(),
        _Dispatch(),
    ):
        yield ELSEWHERE


def _drawn_by_the_cpu(scene: Scene) -> tuple[torch.Tensor, torch.Tensor, dict[str, Any]]:
    """In place of gsplat: what numba draws, and ``means2d`` on the way of the gradient."""
    _drawing[0] = True
    try:
        return _drawn(scene)
    finally:
        _drawing[0] = False


def _drawn(scene: Scene) -> tuple[torch.Tensor, torch.Tensor, dict[str, Any]]:
    size = scene.width, scene.height
    tensors = {f.name: getattr(scene, f.name) for f in fields(scene)}
    here = Scene(**{k: v.cpu() if isinstance(v, torch.Tensor) else v for k, v in tensors.items()})
    means2d, conics, seen, radii, depths, splats, keys = backend._Project.apply(
        *(here.means, here.covars, here.opacities, here.viewmats, here.Ks),
        *(*size, here.compensate),
    )
    info = {"radii": radii, "means2d": means2d, "depths": depths, "conics": conics}
    info = {name: value.to(ELSEWHERE) for name, value in info.items()}
    rgb, alpha = backend._Blend.apply(
        *(info["means2d"].cpu(), info["conics"].cpu()),
        *(here.colours, seen, here.backgrounds, splats, keys, *size),
    )
    return rgb.to(ELSEWHERE), alpha.to(ELSEWHERE), info


class _There(torch.Tensor):
    """A tensor that says that it is elsewhere; ``inner`` has its values."""

    inner: torch.Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, inner: torch.Tensor) -> "_There":
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            inner.size(),
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            device=ELSEWHERE,
        )
        made.inner = inner
        return made

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return _call(function, args, kwargs or {})

    def __repr__(self, **_: Any) -> str:
        return f"elsewhere {self.inner!r}"

    # What torch's bindings would do beneath the dispatcher.

    @property
    def data(self):
        return self.detach()

    @data.setter
    def data(self, value):
        torch.Tensor.data.__set__(self, value)
        self.inner = value.inner

    def __getitem__(self, key):
        return super().__getitem__(_tensors_of(key))

    def __setitem__(self, key, value):
        if isinstance(value, bool | int | float):
            value = torch.tensor(value, dtype=self.dtype)
        super().__setitem__(_tensors_of(key), value)

    def new_tensor(self, data, dtype=None, device=None):
        return torch.tensor(data, dtype=dtype or self.dtype).to(device or self.device)

    def tolist(self):
        return self.cpu().tolist()

    def numpy(self, **_: Any):
        raise TypeError("a tensor of another device has no numpy array: .cpu() is missing")

    def __array__(self, *_: Any):
        return self.numpy()


class _Dispatch(TorchDispatchMode):
    """Calls without a tensor, such as ``torch.zeros(3, device=...)``, pass here only."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        return _call(function, args, kwargs or {})


class _Numbers(TorchFunctionMode):
    """``torch.tensor`` reads Python's numbers beneath the dispatcher."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        device = kwargs.get("device")
        if (
            function in (torch.tensor, torch.as_tensor)
            and device is not None
            and torch.device(device).type == ELSEWHERE.type
        ):
            del kwargs["device"]
            return function(*args, **kwargs).to(device)
        return function(*args, **kwargs)


def _call(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run an operator on the values, if its tensors are of one device."""
    tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
    there = [x for x in tensors if isinstance(x, _There)]
    if there and function not in _MOVES:
        here = [x for x in tensors if not isinstance(x, _There) and x.dim() > 0]
        if function in _INDEXING and isinstance(args[0], _There):
            here = [x for x in args[2:3] if not isinstance(x, _There) and x.dim() > 0]
        if here:
            shapes = ", ".join(f"{tuple(x.shape)} on {x.device}" for x in tensors)
            raise RuntimeError(f"tensors of two devices meet in {function}: {shapes}")
    device = kwargs.get("device")
    if there and not _drawing[0] and _waits(function, args, device):
        caller = next(
            f
            for f in reversed(traceback.extract_stack())
            if "/torch/" not in f.filename and f.filename != __file__
        )
        READS.append(f"{function} at {caller.filename}:{caller.lineno}: {caller.line}")
    if device is not None:
        kwargs = kwargs | {"device": torch.device("cpu"), "pin_memory": False}
    out = function(*tree_map(_values, args), **tree_map(_values, kwargs))
    stays = bool(there) if device is None else torch.device(device).type == ELSEWHERE.type
    if not stays or function is _aten._local_scalar_dense.default:
        return out
    # What works in place returns the tensor that it was given.
    known = {id(x.inner): x for x in there}

    def placed(x: Any) -> Any:
        if not isinstance(x, torch.Tensor):
            return x
        return known[id(x)] if id(x) in known else _There(x)

    return tree_map(placed, out)


def _waits(function: Any, args: tuple[Any, ...], device: Any) -> bool:
    """Whether an operator makes the CPU wait for the device, as it would on CUDA."""
    if function is _aten._to_copy.default:
        return isinstance(args[0], _There) and device is not None and _is_here(device)
    if function is _aten.copy_.default:
        return isinstance(args[1], _There) and not isinstance(args[0], _There)
    if function in _INDEXING:
        return any(x is not None and x.dtype in (torch.bool, torch.uint8) for x in args[1])
    return function in _READS


def _is_here(device: Any) -> bool:
    return torch.device(device).type != ELSEWHERE.type


def _values(x: Any) -> Any:
    return x.inner if isinstance(x, _There) else x


def _tensors_of(key: Any) -> Any:
    """An index in which tensors stand for lists."""
    if isinstance(key, tuple):
        return tuple(map(_tensors_of, key))
    return torch.tensor(key) if isinstance(key, list) else key
