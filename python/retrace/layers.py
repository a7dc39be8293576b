"""How a layer of each architecture is made of attention and feed-forward pair. The modules are Transformers' own and are called one by one, so that methods
can stand between them.

It breaks if a layer's modules are not called in the order in which Transformers calls them.
"""

from dataclasses import dataclass

import torch
from torch.nn.functional import dropout


@dataclass(frozen=True)
class Sight:
    """What a stack's tokens may look at: `mask` [B, 1, T, S], added to attention scores; `valid` [B, T] tokens; an earlier stack's result."""

    mask: torch.Tensor
    valid: torch.Tensor
    memory: torch.Tensor | None = None  # [B, S, C]
    memory_mask: torch.Tensor | None = None  # [B, 1, 1, S]


def sight(attention_mask, dtype, causal):
    """[B, T] of ones and zeros -> what the tokens see: the valid ones, and of those, where it is causal, none behind themselves."""
    T = attention_mask.shape[1]
    seen = attention_mask[:, None, None, :].bool()  # [B, 1, 1, T]
    if causal:
        seen = seen & torch.ones(T, T, dtype=torch.bool, device=seen.device).tril()
    return Sight((~seen).to(dtype) * torch.finfo(dtype).min, attention_mask.bool())


class Layer:
    """One kind of layer. `attend` and `feed` give what is added to the residual, dropout behind it; norms stand before them or behind the sum."""

    norm_first = False
    norms = ("", "")

    def attend(self, layer, x, mask):
        """[B, T, C] -> output projection [B, T, C] and probabilities [B, heads, T, S]."""
        raise NotImplementedError

    def feed(self, layer, a):
        """[B, T, C] -> [B, T, C] through the feed-forward pair."""
        raise NotImplementedError

    def keys(self, layer, x):
        """[B, T, C] -> query, key and value, each [B, T, C]."""
        raise NotImplementedError

    def project(self, layer, context):
        """Output projection and dropout of an attention: [B, T, C] -> [B, T, C]."""
        raise NotImplementedError

    def is_norm_first(self, layer):
        return self.norm_first

    def across(self, layer, a, sight):
        """What stands between attention and feed-forward pair: a decoder's attention to an earlier stack."""
        return a

    def residual(self, layer, norm, x, of):
        """x + of(norm(x)), or norm(x + of(x))."""
        norm = layer.get_submodule(norm)
        return x + of(norm(x)) if self.is_norm_first(layer) else norm(of(x) + x)

    def attention_block(self, layer, x, sight, change=lambda y, x: y):
        """`change` gets the output before the residual (behind output projection and dropout) and what the attention read."""
        a = self.residual(layer, self.norms[0], x, lambda z: change(self.attend(layer, z, sight.mask)[0], z))
        return self.across(layer, a, sight)

    def mlp_block(self, layer, a, change=lambda y, a: y):
        """The same of the feed-forward pair."""
        return self.residual(layer, self.norms[1], a, lambda z: change(self.feed(layer, z), z))

    def whole(self, layer, x, sight):
        """[B, T, C] -> [B, T, C] and the attention's probabilities."""
        kept = []

        def of(z):
            y, probabilities = self.attend(layer, z, sight.mask)
            kept.append(probabilities)
            return y

        a = self.across(layer, self.residual(layer, self.norms[0], x, of), sight)
        return self.mlp_block(layer, a), kept[0]


class BertLike(Layer):
    norms = ("attention.output.LayerNorm", "output.LayerNorm")

    def attend(self, layer, x, mask):
        context, probabilities = layer.attention.self(x, mask)
        return self.project(layer, context), probabilities

    def feed(self, layer, a):
        return layer.output.dropout(layer.output.dense(layer.intermediate(a)))

    def keys(self, layer, x):
        own = layer.attention.self
        return own.query(x), own.key(x), own.value(x)

    def project(self, layer, context):
        return layer.attention.output.dropout(layer.attention.output.dense(context))


class DistilBert(Layer):
    norms = ("sa_layer_norm", "output_layer_norm")

    def attend(self, layer, x, mask):
        return layer.attention(x, attention_mask=mask)

    def feed(self, layer, a):
        return layer.ffn(a)

    def keys(self, layer, x):
        return layer.attention.q_lin(x), layer.attention.k_lin(x), layer.attention.v_lin(x)

    def project(self, layer, context):
        return layer.attention.out_lin(context)  # no dropout: DistilBERT has none here


class Gpt2(Layer):
    norm_first = True
    norms = ("ln_1", "ln_2")

    def attend(self, layer, x, mask):
        return layer.attn(x, attention_mask=mask)

    def feed(self, layer, a):
        return layer.mlp(a)

    def keys(self, layer, x):
        return layer.attn.c_attn(x).chunk(3, -1)

    def project(self, layer, context):
        return layer.attn.resid_dropout(layer.attn.c_proj(context))


class Opt(Layer):
    """OPT's, and BART's on both sides: they have the same names."""

    norms = ("self_attn_layer_norm", "final_layer_norm")

    def attend(self, layer, x, mask):
        y, probabilities = layer.self_attn(x, attention_mask=mask)
        return self.dropped(layer, y), probabilities

    def feed(self, layer, a):
        hidden = dropout(layer.activation_fn(layer.fc1(a)), getattr(layer, "activation_dropout", 0.0), layer.training)
        return self.dropped(layer, layer.fc2(hidden))

    def keys(self, layer, x):
        return layer.self_attn.q_proj(x), layer.self_attn.k_proj(x), layer.self_attn.v_proj(x)

    def project(self, layer, context):
        return self.dropped(layer, layer.self_attn.out_proj(context))

    def dropped(self, layer, y):
        return dropout(y, layer.dropout, layer.training)

    def is_norm_first(self, layer):
        return getattr(layer, "do_layer_norm_before", False)

    def across(self, layer, a, sight):
        if sight.memory is None:
            return a
        of = lambda z: self.dropped(layer, layer.encoder_attn(z, key_value_states=sight.memory, attention_mask=sight.memory_mask)[0])
        return self.residual(layer, "encoder_attn_layer_norm", a, of)


class Vit(Layer):
    """ViT's, and DeiT's: they have the same names. One module is the dropout behind both blocks."""

    norm_first = True
    norms = ("layernorm_before", "layernorm_after")

    def attend(self, layer, x, mask):
        y, probabilities = layer.attention(x, mask)
        return layer.dropout(y), probabilities

    def feed(self, layer, a):
        return layer.dropout(layer.mlp(a))

    def keys(self, layer, x):
        return layer.attention.q_proj(x), layer.attention.k_proj(x), layer.attention.v_proj(x)

    def project(self, layer, context):
        return layer.dropout(layer.attention.o_proj(context))
