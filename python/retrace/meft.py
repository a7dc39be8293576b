"""MEFT1 (Liao, Tan, Monz, "Make Pre-trained Model Reversible", arXiv 2306.00477) on a Transformers BertModel, in plain autograd.

What it is: an independent second implementation. It loads what Retrace exports, can go on training it, and judges Retrace's engine
through the vectors in ../vectors. What it is not: reversible. Autograd keeps every activation; only the arithmetic of the forward
pass, and so every gradient, is that of the reversible model. It breaks if a frozen layer's own modules are not called in BERT's order.

Per layer, with streams s1 and s2 (both the embedding output at first):

    y1 = lambda * s1 + L(s2)        L(x) = LN2(FFN(a) + A_ffn(a) + a),  a = LN1(attention(x) + x)
    y2 = beta * s2 + A_rev(y1)      A(x) = W_up dropout(act(W_down x + b_down)) + b_up
    s1, s2 = y2, y1                 (the switch)

After the last layer the hidden states are (s1 + s2) / 2.

Streams are "float" or "fixed". Fixed streams are integers X with F fraction bits, lambda and beta are powers of two:

    X  = round_half_even(h0 * 2^F)            read(X) = float(X) / 2^F
    Y1 = (X1 >> k) + round_half_even(L(read(X2)) * 2^F)         lambda = 2^-k, arithmetic shift

and the gradient passes the shift as lambda and the rounding as 1 (straight through).
"""

import math
from dataclasses import dataclass

import torch
from torch import nn
from transformers.activations import ACT2FN

from .pooling import pool

INT32_MAX = 2**31 - 1


@dataclass(frozen=True)
class Meft1Config:
    adapter_size: int = 8
    lam: float = 0.125
    beta: float = 1.0
    streams: str = "fixed"
    fraction_bits: int = 20
    dropout: float = 0.0


class Adapter(nn.Module):
    """[..., C] -> [..., C] through a bottleneck of R; no residual, no scale."""

    def __init__(self, hidden_size, hidden_act, adapter_size, dropout):
        super().__init__()
        self.down = nn.Linear(hidden_size, adapter_size)  # weight [R, C]
        self.up = nn.Linear(adapter_size, hidden_size)  # weight [C, R]
        self.activation = ACT2FN[hidden_act]  # the backbone's
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.up(self.dropout(self.activation(self.down(x))))


class LayerAdapters(nn.Module):
    def __init__(self, backbone, config):
        super().__init__()
        shape = (backbone.hidden_size, backbone.hidden_act, config.adapter_size, config.dropout)
        self.adapter_ffn = Adapter(*shape)
        self.adapter_rev = Adapter(*shape)


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


class Meft1ForSequenceClassification(nn.Module):
    """Frozen BertModel, trainable adapters and classifier. The names of its trainable parameters are those of Retrace's files."""

    def __init__(self, bert, num_labels, pooling, config):
        super().__init__()
        if config.streams not in ("float", "fixed"):
            raise ValueError(f'streams is "{config.streams}"; known are float, fixed')
        self.config, self.pooling = config, pooling
        self.bert = bert.requires_grad_(False)
        self.encoder = nn.Module()
        self.encoder.layer = nn.ModuleList(LayerAdapters(bert.config, config) for _ in bert.encoder.layer)
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(bert.config.hidden_size, num_labels)
        for module in self.encoder.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    def trainable(self):
        return {name: p for name, p in self.named_parameters() if p.requires_grad}

    def hidden_states(self, input_ids, attention_mask, token_type_ids):
        """[B, T] -> [B, T, C]."""
        h0 = self.bert.embeddings(input_ids=input_ids, token_type_ids=token_type_ids)
        padding = (1 - attention_mask[:, None, None, :]).to(h0.dtype) * torch.finfo(h0.dtype).min  # added to scores, [B, 1, 1, T]
        c = self.config
        s1 = s2 = FloatStream(h0) if c.streams == "float" else FixedStream.of(h0, c.fraction_bits)
        for layer, adapters in zip(self.bert.encoder.layer, self.encoder.layer, strict=True):
            a = layer.attention(s2.value, padding)[0]
            ffn = layer.output.dropout(layer.output.dense(layer.intermediate(a)))
            y1 = s1.update(c.lam, layer.output.LayerNorm(ffn + adapters.adapter_ffn(a) + a))
            y2 = s2.update(c.beta, adapters.adapter_rev(y1.value))
            s1, s2 = y2, y1
        return (s1.value + s2.value) / 2

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        """Logits, [B, num_labels]."""
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        hidden = self.hidden_states(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(pool(hidden, attention_mask, self.pooling, self.bert.pooler)))
