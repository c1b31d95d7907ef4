"""Eight float32 lanes as a type inside Numba kernels.

LLVM vectorises a Numba loop only when it can prove a lot about it, and the splatting loops (short
rows, masks, nine sums) are not among those. With an explicit vector type each line of a kernel is
one vector instruction; LLVM picks the registers (one AVX register, or two of SSE or NEON) and the
order of operations stays as written, so results are the same on every run.

``Lanes`` values support ``+ - * /``, comparisons (which give a ``Mask``) and ``&`` of masks.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from gaussianmotion.splat.cpu.polynomial import exp2_coefficients

WIDTH = 8

# Its type says what the compiler sees, not what a kernel writes.
_operation: Any = intrinsic

_FLOAT = ir.FloatType()
_VECTOR = ir.VectorType(_FLOAT, WIDTH)
_INTEGERS = ir.VectorType(ir.IntType(32), WIDTH)
_BITS = ir.VectorType(ir.IntType(1), WIDTH)


class LanesType(types.Type):
    """Eight float32 numbers."""

    def __init__(self) -> None:
        super().__init__(name="Lanes")


class MaskType(types.Type):
    """Eight booleans."""

    def __init__(self) -> None:
        super().__init__(name="Mask")


lanes = LanesType()
mask = MaskType()


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: Any) -> None:
        super().__init__(manager, fe_type, _VECTOR)


@register_model(MaskType)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: Any) -> None:
        super().__init__(manager, fe_type, _BITS)


def _operator(symbol: Any, operand: types.Type, result: types.Type, emit: Callable) -> None:
    """Teach Numba ``operand symbol operand -> result``."""

    @infer_global(symbol)
    class _Template(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            if not kws and args == (operand, operand):
                return signature(result, operand, operand)
            return None

    @lower_builtin(symbol, operand, operand)
    def _lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return emit(builder, *args)


_operator(operator.add, lanes, lanes, lambda b, x, y: b.fadd(x, y))
_operator(operator.sub, lanes, lanes, lambda b, x, y: b.fsub(x, y))
_operator(operator.mul, lanes, lanes, lambda b, x, y: b.fmul(x, y))
_operator(operator.truediv, lanes, lanes, lambda b, x, y: b.fdiv(x, y))
_operator(operator.lt, lanes, mask, lambda b, x, y: b.fcmp_ordered("<", x, y))
_operator(operator.le, lanes, mask, lambda b, x, y: b.fcmp_ordered("<=", x, y))
_operator(operator.gt, lanes, mask, lambda b, x, y: b.fcmp_ordered(">", x, y))
_operator(operator.ge, lanes, mask, lambda b, x, y: b.fcmp_ordered(">=", x, y))
_operator(operator.and_, mask, mask, lambda b, x, y: b.and_(x, y))


def _constant(value: float) -> ir.Constant:
    """``value``, rounded to float32 (llvmlite rejects others), in every lane."""
    return ir.Constant(_VECTOR, [float(np.float32(value))] * WIDTH)


def _call(builder: Any, name: str, *args: Any) -> Any:
    """An LLVM intrinsic on vectors: all arguments and the result have the first one's type."""
    kind = ir.FunctionType(_VECTOR, [_VECTOR] * len(args))
    function = builder.module.declare_intrinsic(f"llvm.{name}.v{WIDTH}f32", (), kind)
    return builder.call(function, args)


def _address(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), _VECTOR.as_pointer())


@_operation
def load(typingctx, array, index):
    """Eight neighbours of a flat contiguous float32 array, from ``index`` on; no bounds check."""

    def generate(context, builder, sig, args):
        pointer = _address(context, builder, sig.args[0], *args)
        return builder.load(pointer, align=4)

    return lanes(array, types.intp), generate


@_operation
def store(typingctx, array, index, value):
    """Write eight neighbours of a flat contiguous float32 array; no bounds check."""

    def generate(context, builder, sig, args):
        builder.store(args[2], _address(context, builder, sig.args[0], *args[:2]), align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes), generate


def _spread(builder: Any, value: Any) -> Any:
    """One float in every lane."""
    undefined = ir.Constant(_VECTOR, ir.Undefined)
    first = builder.insert_element(undefined, value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(_INTEGERS, [0] * WIDTH))


@_operation
def fill(typingctx, value):
    """The same float32 in every lane."""

    def generate(context, builder, sig, args):
        return _spread(builder, args[0])

    return lanes(types.float32), generate


@_operation
def count_from(typingctx, start):
    """start, start + 1, ..., start + 7."""

    def generate(context, builder, sig, args):
        same = _spread(builder, args[0])
        return builder.fadd(same, ir.Constant(_VECTOR, [float(lane) for lane in range(WIDTH)]))

    return lanes(types.float32), generate


@_operation
def fma(typingctx, x, y, z):
    """x * y + z, rounded once where the processor can."""

    def generate(context, builder, sig, args):
        return _call(builder, "fmuladd", *args)

    return lanes(lanes, lanes, lanes), generate


@_operation
def smaller(typingctx, x, y):
    """The smaller number of each lane."""

    def generate(context, builder, sig, args):
        return builder.select(builder.fcmp_ordered("<", *args), *args)

    return lanes(lanes, lanes), generate


@_operation
def where(typingctx, condition, x, y):
    """x where the mask is set, else y."""

    def generate(context, builder, sig, args):
        return builder.select(*args)

    return lanes(mask, lanes, lanes), generate


@_operation
def any_lane(typingctx, condition):
    """Whether the mask is set in any lane."""

    def generate(context, builder, sig, args):
        bits = builder.bitcast(args[0], ir.IntType(WIDTH))
        return builder.icmp_unsigned("!=", bits, ir.Constant(bits.type, 0))

    return types.boolean(mask), generate


@_operation
def total(typingctx, x):
    """Sum of the lanes, pairwise: halves, then quarters, then neighbours."""

    def generate(context, builder, sig, args):
        (value,) = args
        undefined = ir.Constant(_VECTOR, ir.Undefined)
        for step in (4, 2, 1):
            order = [(lane + step) % WIDTH for lane in range(WIDTH)]
            other = builder.shuffle_vector(value, undefined, ir.Constant(_INTEGERS, order))
            value = builder.fadd(value, other)
        return builder.extract_element(value, ir.Constant(ir.IntType(32), 0))

    return types.float32(lanes), generate


_EXP2 = exp2_coefficients(6)
# Adding this rounds a float32 to an integer and leaves that integer in its lowest bits.
_ROUNDER = 1.5 * 2.0**23


@_operation
def exp2(typingctx, x):
    """2^x for x <= 126, to 1.5 units in the last place; x under -126 counts as -126."""

    def generate(context, builder, sig, args):
        low = _constant(-126.0)
        x = builder.select(builder.fcmp_ordered(">", args[0], low), args[0], low)
        shifted = builder.fadd(x, _constant(_ROUNDER))
        whole = builder.fsub(shifted, _constant(_ROUNDER))
        fraction = builder.fsub(x, whole)
        value = _constant(_EXP2[0])
        for coefficient in _EXP2[1:]:
            value = _call(builder, "fmuladd", value, fraction, _constant(coefficient))
        exponent = builder.shl(
            builder.bitcast(shifted, _INTEGERS), ir.Constant(_INTEGERS, [23] * WIDTH)
        )
        scaled = builder.add(builder.bitcast(value, _INTEGERS), exponent)
        return builder.bitcast(scaled, _VECTOR)

    return lanes(lanes), generate
