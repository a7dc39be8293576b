"""What every method shares that PEFT has no type for: a frozen BertModel, whose own modules are called one by one in BERT's order, with
the method's additions between them, and a classifier. Plain autograd, so these are independent judges of Retrace's engine.

It breaks if a frozen layer's modules are not called in BERT's order, or if a parameter's name is not the one in Retrace's files.
"""

import torch
from torch import nn
from transformers.activations import ACT2FN

from .base import lies_below
from .pooling import pool


class Twin(nn.Module):
    """A method says what it adds (`additions`, by layer) and how a layer runs with it (`layer`), or replaces `encode` as a whole.

    `hyper_parameters` are those of adapter_config.json, by the same names. Bottom `frozen_layers` layers are left as they are.
    """

    def __init__(self, bert, num_labels, pooling, hyper_parameters):
        super().__init__()
        self.hyper_parameters, self.pooling = hyper_parameters, pooling
        self.bert = bert.requires_grad_(False)
        saved, frozen = hyper_parameters.get("modules_to_save", []), hyper_parameters.get("frozen_layers", 0)
        for name, p in bert.named_parameters():
            module = f".{name.rpartition('.')[0]}."
            p.requires_grad_(any(f".{one}." in module for one in saved) and not lies_below(name, frozen))
        self.add(bert.config, hyper_parameters)
        self.dropout = nn.Dropout(hyper_parameters.get("dropout", 0.0))
        self.classifier = dense(bert.config.hidden_size, num_labels, std=bert.config.initializer_range)

    def add(self, config, hyper_parameters):
        """Hangs the additions of each layer under encoder.layer.{i}, so that they have their names in the files."""
        frozen = hyper_parameters.get("frozen_layers", 0)
        self.encoder = nn.Module()
        self.encoder.layer = nn.ModuleList(
            nn.Module() if i < frozen else tree(self.additions(config, hyper_parameters)) for i in range(config.num_hidden_layers)
        )

    def additions(self, config, hyper_parameters):
        """{path below encoder.layer.{i}: module} of one layer."""
        raise NotImplementedError

    def layer(self, layer, added, h, padding):
        """[B, T, C] -> [B, T, C] through the frozen `layer` with what was `added` to it."""
        raise NotImplementedError

    def encode(self, h, padding):
        """The last hidden states from the embeddings, both [B, T, C]. `padding` [B, 1, 1, T] is added to attention scores."""
        frozen = self.hyper_parameters.get("frozen_layers", 0)
        for i, (layer, added) in enumerate(zip(self.bert.encoder.layer, self.encoder.layer, strict=True)):
            h = layer(h, padding) if i < frozen else self.layer(layer, added, h, padding)
        return h

    def embed(self, input_ids, token_type_ids):
        """[B, T] -> [B, T, C]."""
        return self.bert.embeddings(input_ids=input_ids, token_type_ids=token_type_ids)

    def hidden_states(self, input_ids, attention_mask, token_type_ids):
        """[B, T] -> [B, T, C]."""
        h = self.embed(input_ids, token_type_ids)
        return self.encode(h, (1 - attention_mask[:, None, None, :]).to(h.dtype) * torch.finfo(h.dtype).min)

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        """Logits, [B, num_labels]."""
        if token_type_ids is None:
            token_type_ids = torch.zeros_like(input_ids)
        hidden = self.hidden_states(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(pool(hidden, attention_mask, self.pooling, self.bert.pooler)))

    def trainable(self):
        """The trained parameters by their names in Retrace's files."""
        return {name.removeprefix("bert."): p for name, p in self.named_parameters() if p.requires_grad}


class Adapter(nn.Module):
    """[..., C] -> [..., C]: up(dropout(act(down(x)))) through a bottleneck of R, act the backbone's or non_linearity; no residual, no scale."""

    def __init__(self, config, hyper_parameters, layer_norm=False):
        super().__init__()
        std = hyper_parameters.get("adapter_init_std", 0.02)
        if layer_norm:
            self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.down = dense(config.hidden_size, hyper_parameters["adapter_size"], std)  # weight [R, C]
        self.up = dense(hyper_parameters["adapter_size"], config.hidden_size, std)  # weight [C, R]
        asked = hyper_parameters.get("non_linearity", "model")
        self.activation = ACT2FN[config.hidden_act if asked == "model" else asked]
        self.dropout = nn.Dropout(hyper_parameters.get("dropout", 0.0))

    def forward(self, x):
        x = self.LayerNorm(x) if hasattr(self, "LayerNorm") else x
        return self.up(self.dropout(self.activation(self.down(x))))


def attention_block(layer, x, padding, change=lambda y, x: y):
    """BERT's attention block. `change` gets the output before the residual (after dense and dropout) and the block's input."""
    context = layer.attention.self(x, padding)[0]
    y = layer.attention.output.dropout(layer.attention.output.dense(context))
    return layer.attention.output.LayerNorm(change(y, x) + x)


def mlp_block(layer, a, change=lambda y, a: y):
    """BERT's feed-forward block, with the same place for a change."""
    y = layer.output.dropout(layer.output.dense(layer.intermediate(a)))
    return layer.output.LayerNorm(change(y, a) + a)


def dense(in_features, out_features, std):
    """A linear layer whose weight starts at N(0, std^2) and whose bias starts at 0."""
    linear = nn.Linear(in_features, out_features)
    nn.init.normal_(linear.weight, std=std)
    nn.init.zeros_(linear.bias)
    return linear


def tree(modules):
    """One module that has the given ones under their dotted paths."""
    root = nn.Module()
    for path, module in modules.items():
        *parents, name = path.split(".")
        at = root
        for parent in parents:
            if not hasattr(at, parent):
                at.add_module(parent, nn.Module())
            at = getattr(at, parent)
        at.add_module(name, module)
    return root
