"""Houlsby adapters (Houlsby et al. 2019, arXiv 1902.00751): a bottleneck with a residual round it after each of a layer's two sub-layers,
behind the output projection (and its dropout), before the sub-layer's own residual and LayerNorm.
"""

from ..twin import Adapter, Twin, attention_block, mlp_block


class Houlsby(Twin):
    def additions(self, config, hyper_parameters):
        return {"attention.output.adapter": Adapter(config, hyper_parameters), "adapter": Adapter(config, hyper_parameters)}

    def layer(self, layer, added, h, padding):
        a = attention_block(layer, h, padding, lambda y, _: y + added.attention.output.adapter(y))
        return mlp_block(layer, a, lambda y, _: y + added.adapter(y))
