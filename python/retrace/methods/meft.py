"""MEFT1, MEFT2, MEFT3 (Liao, Tan, Monz, "Make Pre-trained Model Reversible", arXiv 2306.00477).

Per layer, with streams s1 and s2 (both the embedding output at first):

    y1 = lambda * s1 + F(s2)
    y2 = beta * s2 + G(y1)

            F                                  G                                   then
    meft1   L, the layer with A_ffn            A_rev                               s1, s2 = y2, y1  (the switch)
    meft2   A_rev                              L                                   s1, s2 = y2, y1
    meft3   attention block with A_attn        feed-forward block with A_ffn       s1, s2 = y1, y2

A_ffn is parallel to the feed-forward pair, inside the last LayerNorm; A_attn follows the attention's output projection, with a residual
round it; A_rev stands alone, with a LayerNorm before it where adapter_layer_norm is set. Of the last two streams one is the pretrained
model's own: h_L in the second (meft1, meft3) or in the first (meft2). The hidden states are (s1 + s2) / 2, or, with final_combination
"weighted", that stream + combination_weight * the other.

Where a layer norms first (GPT-2, OPT), the blocks keep their own residuals and A_ffn reads what the feed-forward pair reads:

    h = x + MHA(LN1 x),  z = LN2 h,  L(x) = h + FFN(z) + A_ffn(z)

and the streams are joined before the last LayerNorm. The authors' OPT has no MEFT3 (F: x + MHA(LN1 x), A_attn behind the output projection; G: h + FFN(z) +
A_ffn(z)), and BART no MEFT at all: both are derived here. BART's encoder runs as any stack, its streams are joined once to E, and a
decoder's layer is self-attention, attention to E and feed-forward pair, the first two its attention block; A_attn is behind the first.
"""

from ..streams import start_stream
from ..twin import Adapter, Twin


class Meft1(Twin):
    switch, own_stream = True, 1
    start = staticmethod(start_stream)

    def additions(self, config, hyper_parameters):
        layer_norm = hyper_parameters.get("adapter_layer_norm", False)
        return {"adapter_ffn": Adapter(config, hyper_parameters), "adapter_rev": Adapter(config, hyper_parameters, layer_norm)}

    def F(self, layer, added, x, sight):
        return self.adapted_layer(layer, added, x, sight)

    def G(self, layer, added, y, sight):
        return added.adapter_rev(y)

    def adapted_layer(self, layer, added, x, sight):
        return self.parts.mlp_block(layer, self.parts.attention_block(layer, x, sight), lambda ffn, a: ffn + added.adapter_ffn(a))

    def run(self, stack, h, sight):
        given = self.hyper_parameters
        s1 = s2 = self.start(self.enter(stack, h, sight), given)
        for layer, added in self.layers(stack):
            y1 = s1.update(given["lambda"], self.F(layer, added, s2.value, sight))
            y2 = s2.update(given["beta"], self.G(layer, added, y1.value, sight))
            s1, s2 = (y2, y1) if self.switch else (y1, y2)
        return self.combine((s1.value, s2.value))

    def combine(self, streams):
        how = self.hyper_parameters.get("final_combination", "mean")
        if how == "mean":
            return (streams[0] + streams[1]) / 2
        if how == "weighted":
            return streams[self.own_stream] + self.hyper_parameters["combination_weight"] * streams[1 - self.own_stream]
        raise ValueError(f'final_combination is "{how}"; known are mean, weighted')


class Meft2(Meft1):
    own_stream = 0

    def F(self, layer, added, x, sight):
        return added.adapter_rev(x)

    def G(self, layer, added, y, sight):
        return self.adapted_layer(layer, added, y, sight)


class Meft3(Meft1):
    switch = False

    def additions(self, config, hyper_parameters):
        return {"attention.output.adapter_attn": Adapter(config, hyper_parameters), "adapter_ffn": Adapter(config, hyper_parameters)}

    def F(self, layer, added, x, sight):
        return self.parts.attention_block(layer, x, sight, lambda o, _: o + added.attention.output.adapter_attn(o))

    def G(self, layer, added, y, sight):
        return self.parts.mlp_block(layer, y, lambda ffn, a: ffn + added.adapter_ffn(a))
