"""Ladder side-tuning (Sung, Cho, Bansal 2022, arXiv 2206.06522): a small transformer of its kind beside the frozen one, reduction_factor k times
narrower, fed from the frozen layers over gates. No gradient enters the backbone.

    s_0     = downsample_0(embeddings)
    s_{i+1} = layer_i(mu_i * downsample_{i+1}(h_{i+1}) + (1 - mu_i) * s_i)        mu_i = sigmoid(gate_i / gate_temperature)
    hidden  = h_L + upsample(s_L)                     behind the backbone's last norm and projection, where it has one

h_i is the output of the frozen layer i (i = 1 ... L). With frozen_layers f > 0 the ladder begins at layer f: s_f = downsample_0(h_f), and
there is nothing below. The upsampling starts at zero, the rest at random: not, as in the paper, from
pruned weights of the backbone.
"""

from copy import deepcopy

import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from ..architectures import architecture_of
from ..config_keys import init_std_of
from ..pooling import head_width
from ..twin import Twin, dense


class Lst(Twin):
    stacks_that_fit = 1

    def all_additions(self, config, hyper_parameters):
        side, std = side_config(config, hyper_parameters), init_std_of(config)
        layers = range(self.frozen_layers, config.num_hidden_layers)
        lst = nn.Module()
        inputs = (0, *(i + 1 for i in layers))
        lst.downsample = nn.ModuleDict({str(i): dense(config.hidden_size, side.hidden_size, std) for i in inputs})
        lst.gates = nn.ParameterDict({str(i): nn.Parameter(torch.zeros(1)) for i in layers})
        lst.encoder = nn.Module()
        lst.encoder.layer = nn.ModuleDict({str(i): architecture_of(config).new_layer(side, i) for i in layers})
        lst.upsample = dense(side.hidden_size, head_width(config), std=0.0)
        for module in lst.encoder.modules():
            if isinstance(module, nn.Linear | Conv1D):
                nn.init.normal_(module.weight, std=std)
                nn.init.zeros_(module.bias)
        return {"lst": lst}

    def encode(self, stack, h, sight):
        given, lst, states = self.hyper_parameters, self.added.lst, [h]
        with torch.no_grad():
            for layer in stack.layers(self.backbone):
                states.append(layer(states[-1], attention_mask=sight.mask))
        s = lst.downsample["0"](states[self.frozen_layers])  # [B, T, C/k]
        for i, layer in lst.encoder.layer.items():
            mu = torch.sigmoid(lst.gates[i] / given["gate_temperature"])
            s = layer(mu * lst.downsample[str(int(i) + 1)](states[int(i) + 1]) + (1 - mu) * s, attention_mask=sight.mask)
        return stack.finish(self.backbone, states[-1]) + lst.upsample(s)


def side_config(config, hyper_parameters):
    """The backbone's configuration, k times narrower, with as many heads."""
    k = hyper_parameters["reduction_factor"]
    if config.hidden_size % (k * config.num_attention_heads):
        raise ValueError(f"a hidden size of {config.hidden_size} / {k} has no {config.num_attention_heads} heads of equal size")
    side = deepcopy(config)
    for key in architecture_of(config).narrow:
        if (width := getattr(config, key)) is not None:  # GPT-2's n_inner may be none: four times the width
            setattr(side, key, width // k)
    return side
