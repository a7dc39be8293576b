"""Ladder side-tuning (Sung, Cho, Bansal 2022, arXiv 2206.06522): a small BERT encoder beside the frozen one, reduction_factor k times
narrower, fed from the frozen layers over gates. No gradient enters the backbone.

    s_0     = downsample_0(embeddings)
    s_{i+1} = layer_i(mu_i * downsample_{i+1}(h_{i+1}) + (1 - mu_i) * s_i)        mu_i = sigmoid(gate_i / gate_temperature)
    hidden  = h_L + upsample(s_L)

h_i is the output of the frozen layer i (i = 1 ... L). With frozen_layers f > 0 the ladder begins at layer f: s_f = downsample_0(h_f), and
there is nothing below. The upsampling starts at zero, the rest at random: not, as in the paper, from
pruned weights of the backbone.
"""

from copy import deepcopy

import torch
from torch import nn
from transformers.models.bert.modeling_bert import BertLayer

from ..twin import Twin, dense


class Lst(Twin):
    def add(self, config, hyper_parameters):
        side, std = side_config(config, hyper_parameters), config.initializer_range
        layers = range(hyper_parameters.get("frozen_layers", 0), config.num_hidden_layers)
        self.lst = nn.Module()
        inputs = (0, *(i + 1 for i in layers))
        self.lst.downsample = nn.ModuleDict({str(i): dense(config.hidden_size, side.hidden_size, std) for i in inputs})
        self.lst.gates = nn.ParameterDict({str(i): nn.Parameter(torch.zeros(1)) for i in layers})
        self.lst.encoder = nn.Module()
        self.lst.encoder.layer = nn.ModuleDict({str(i): BertLayer(side) for i in layers})
        self.lst.upsample = dense(side.hidden_size, config.hidden_size, std=0.0)
        for module in self.lst.encoder.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=std)
                nn.init.zeros_(module.bias)

    def encode(self, h, padding):
        states = [h]
        with torch.no_grad():
            for layer in self.bert.encoder.layer:
                states.append(layer(states[-1], padding))
        given = self.hyper_parameters
        s = self.lst.downsample["0"](states[given.get("frozen_layers", 0)])  # [B, T, C/k]
        for i, layer in self.lst.encoder.layer.items():
            mu = torch.sigmoid(self.lst.gates[i] / given["gate_temperature"])
            s = layer(mu * self.lst.downsample[str(int(i) + 1)](states[int(i) + 1]) + (1 - mu) * s, padding)
        return states[-1] + self.lst.upsample(s)


def side_config(config, hyper_parameters):
    """The backbone's configuration, k times narrower, with as many heads."""
    k = hyper_parameters["reduction_factor"]
    if config.hidden_size % (k * config.num_attention_heads):
        raise ValueError(f"a hidden size of {config.hidden_size} / {k} has no {config.num_attention_heads} heads of equal size")
    side = deepcopy(config)
    side.hidden_size, side.intermediate_size = config.hidden_size // k, config.intermediate_size // k
    return side
