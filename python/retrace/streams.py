"""The two streams of a reversible transformer: float, or fixed-point integers that a step can be taken back from without a lost bit.

    Y = factor * X + addend          float:  in the arithmetic of the tensors
                                     fixed:  X = round_half_even(h * 2^F),  read(X) = float(X) / 2^F
                                             Y = (X >> k) + round_half_even(addend * 2^F),  factor = 2^-k, arithmetic shift

The gradient passes the shift as the factor and the rounding as 1 (straight through). Nothing here is reversed: autograd keeps all.
"""

import math

import torch

INT32_MAX = 2**31 - 1
STREAMS = ("float", "fixed")


def start_stream(hidden_states, hyper_parameters):
    """A stream of the given kind that begins with `hidden_states`, [B, T, C]."""
    kind = hyper_parameters["streams"]
    if kind not in STREAMS:
        raise ValueError(f'streams is "{kind}"; known are {", ".join(STREAMS)}')
    return FloatStream(hidden_states) if kind == "float" else FixedStream.of(hidden_states, hyper_parameters["fraction_bits"])


class FloatStream:
    def __init__(self, value):
        self.value = value  # [B, T, C]

    def update(self, factor, addend):
        return FloatStream(factor * self.value + addend)


class _FixedUpdate(torch.autograd.Function):
    """The value is the one that the integers say; the gradient is that of factor * value + addend."""

    @staticmethod
    def forward(ctx, value, addend, integers, factor, scale):
        ctx.factor = factor
        return integers.to(addend.dtype) / scale

    @staticmethod
    def backward(ctx, gradient):
        return ctx.factor * gradient, gradient, None, None, None


class FixedStream:
    """`integers` holds int32 values (in an int64 tensor, so that an overflow is seen); `value` is their float reading."""

    def __init__(self, value, integers, fraction_bits):
        self.value, self.integers, self.fraction_bits = value, integers, fraction_bits
        largest = integers.abs().max().item()
        if largest > INT32_MAX:
            raise OverflowError(
                f"a stream reached {largest / 2**fraction_bits:.1f}; with {fraction_bits} fraction bits 32-bit integers end at "
                f"{INT32_MAX / 2**fraction_bits:.1f}. Use fewer fraction bits."
            )

    @staticmethod
    def of(hidden_states, fraction_bits):
        scale = float(2**fraction_bits)
        integers = torch.round(hidden_states * scale).to(torch.int64)
        return FixedStream(_FixedUpdate.apply(hidden_states, hidden_states.detach(), integers, 1.0, scale), integers, fraction_bits)

    def update(self, factor, addend):
        scale = float(2**self.fraction_bits)
        integers = (self.integers >> _shift_of(factor)) + torch.round(addend.detach() * scale).to(torch.int64)
        return FixedStream(_FixedUpdate.apply(self.value, addend, integers, factor, scale), integers, self.fraction_bits)


def _shift_of(factor):
    shift = -math.log2(factor)
    if shift < 0 or shift != int(shift):
        raise ValueError(f"with fixed streams lambda and beta must be 1, 1/2, 1/4 ...; one is {factor}")
    return int(shift)
