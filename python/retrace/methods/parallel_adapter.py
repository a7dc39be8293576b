"""The scaled parallel adapter (He et al. 2022, arXiv 2110.04366): beside each layer's feed-forward pair, from the same input a, added
before the residual and the LayerNorm with the factor adapter_scaling.
"""

from ..twin import Adapter, Twin, attention_block, mlp_block


class ParallelAdapter(Twin):
    def additions(self, config, hyper_parameters):
        return {"adapter_ffn": Adapter(config, hyper_parameters)}

    def layer(self, layer, added, h, padding):
        scaling = self.hyper_parameters["adapter_scaling"]
        return mlp_block(layer, attention_block(layer, h, padding), lambda y, a: y + scaling * added.adapter_ffn(a))
