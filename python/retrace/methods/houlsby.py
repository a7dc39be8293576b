"""Houlsby adapters (Houlsby et al. 2019, arXiv 1902.00751): a bottleneck with a residual round it after each of a layer's two sub-layers,
behind the output projection (and its dropout), before the sub-layer's own residual and LayerNorm. A decoder's attention to the encoder has none.
"""

from ..twin import Adapter, Twin


class Houlsby(Twin):
    def additions(self, config, hyper_parameters):
        return {"attention.output.adapter": Adapter(config, hyper_parameters), "adapter": Adapter(config, hyper_parameters)}

    def layer(self, layer, added, h, sight):
        a = self.parts.attention_block(layer, h, sight, lambda y, _: y + added.attention.output.adapter(y))
        return self.parts.mlp_block(layer, a, lambda y, _: y + added.adapter(y))
