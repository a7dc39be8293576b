"""Prefix tuning (Li and Liang 2021, arXiv 2101.00190) as PEFT has it on BERT, and above frozen layers, where PEFT has none: P trained keys
and values come before each layer's own, every query sees them, and the tokens stand at the positions P, P + 1, ... (a prefix is past).
"""

import torch
from torch import nn

from ..twin import Twin, mlp_block


class Prefix(nn.Module):
    def __init__(self, config, hyper_parameters):
        super().__init__()
        shape = (hyper_parameters["num_virtual_tokens"], config.hidden_size)
        draw = lambda: nn.Parameter(config.initializer_range * torch.randn(shape))  # [P, C]
        self.prefix_key, self.prefix_value = draw(), draw()


class PrefixTuning(Twin):
    def additions(self, config, hyper_parameters):
        return {"attention.self": Prefix(config, hyper_parameters)}

    def embed(self, input_ids, token_type_ids):
        before = self.hyper_parameters["num_virtual_tokens"]
        positions = torch.arange(before, before + input_ids.shape[1], device=input_ids.device)[None]
        return self.bert.embeddings(input_ids=input_ids, token_type_ids=token_type_ids, position_ids=positions)

    def layer(self, layer, added, h, padding):
        own, prefix = layer.attention.self, added.attention.self
        heads = lambda x: x.view(*x.shape[:2], own.num_attention_heads, -1).transpose(1, 2)  # [B, S, C] -> [B, NH, S, HD]
        after = lambda first, x: torch.cat((first.expand(len(x), -1, -1), x), 1)  # [B, P + T, C]
        keys, values = heads(after(prefix.prefix_key, own.key(h))), heads(after(prefix.prefix_value, own.value(h)))
        scores = heads(own.query(h)) @ keys.mT * own.scaling
        padding = nn.functional.pad(padding, (len(prefix.prefix_key), 0))  # the prefix is always visible
        context = own.dropout((scores + padding).softmax(-1)) @ values
        return mlp_block(layer, layer.attention.output(context.transpose(1, 2).flatten(2), h))
