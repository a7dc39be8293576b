"""Prefix tuning (Li and Liang 2021, arXiv 2101.00190) as PEFT has it, and where PEFT has none: above frozen layers, and on DistilBERT, whose Transformers
class takes no past. P trained keys and values come before each layer's own, every query sees them, and the tokens stand at the positions P, P + 1, ... (a prefix is past).
"""

import math

import torch
from torch import nn

from ..config_keys import attention_dropout_of, init_std_of
from ..twin import Twin


class Prefix(nn.Module):
    def __init__(self, config, hyper_parameters):
        super().__init__()
        shape = (hyper_parameters["num_virtual_tokens"], config.hidden_size)
        draw = lambda: nn.Parameter(init_std_of(config) * torch.randn(shape))  # [P, C]
        self.prefix_key, self.prefix_value = draw(), draw()


class PrefixTuning(Twin):
    stacks_that_fit = 1

    @property
    def first_position(self):
        return self.hyper_parameters["num_virtual_tokens"]

    def additions(self, config, hyper_parameters):
        return {"attention.self": Prefix(config, hyper_parameters)}

    def layer(self, layer, added, h, sight):
        config, prefix = self.model.config, added.attention.self
        heads = lambda x: x.view(*x.shape[:2], config.num_attention_heads, -1).transpose(1, 2)  # [B, S, C] -> [B, NH, S, HD]
        after = lambda first, x: torch.cat((first.expand(len(x), -1, -1), x), 1)  # [B, P + T, C]

        def attend(x):
            query, key, value = self.parts.keys(layer, x)
            keys, values = heads(after(prefix.prefix_key, key)), heads(after(prefix.prefix_value, value))
            scores = heads(query) @ keys.mT / math.sqrt(keys.shape[-1])
            mask = nn.functional.pad(sight.mask, (len(prefix.prefix_key), 0))  # the prefix is always visible
            probabilities = nn.functional.dropout((scores + mask).softmax(-1), attention_dropout_of(config), self.training)
            return self.parts.project(layer, (probabilities @ values).transpose(1, 2).flatten(2))

        return self.parts.mlp_block(layer, self.parts.residual(layer, self.parts.norms[0], h, attend))
