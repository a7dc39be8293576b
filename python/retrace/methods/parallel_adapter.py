"""The scaled parallel adapter (He et al. 2022, arXiv 2110.04366): beside each layer's feed-forward pair, from the same input a
(behind the LayerNorm where that comes first), added before the residual with the factor adapter_scaling. Its second matrix starts at zero.
"""

import math

from torch import nn

from ..twin import Adapter, Twin


class ParallelAdapter(Twin):
    def additions(self, config, hyper_parameters):
        adapter = Adapter(config, hyper_parameters)
        nn.init.kaiming_uniform_(adapter.down.weight, a=math.sqrt(5))
        nn.init.zeros_(adapter.up.weight)
        return {"adapter_ffn": adapter}

    def layer(self, layer, added, h, sight):
        scaling = self.hyper_parameters["adapter_scaling"]
        return self.parts.mlp_block(layer, self.parts.attention_block(layer, h, sight), lambda y, a: y + scaling * added.adapter_ffn(a))
