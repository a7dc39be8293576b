"""Prompt tuning (Lester et al. 2021, arXiv 2104.08691) where PEFT has none: on pictures, as "shallow" visual prompts (Jia et al. 2022, arXiv 2203.12119). P
trained rows stand before the class token, without positions, and go through all layers. Heads do not see them: they read the class token behind them, and
the mean is that of the patches.
"""

from torch import nn

from ..config_keys import init_std_of
from ..twin import Twin


class PromptTuning(Twin):
    def all_additions(self, config, hyper_parameters):
        prompt = nn.Embedding(hyper_parameters["num_virtual_tokens"], config.hidden_size)  # [P, C]
        nn.init.normal_(prompt.weight, std=init_std_of(config))
        return {"embeddings.prompt_embeddings": prompt}

    def virtual_tokens(self, h):
        rows = self.added.embeddings.prompt_embeddings.weight.expand(len(h), -1, -1)  # [B, P, C]
        return self.backbone.embeddings.dropout(rows)

    def run(self, stack, h, sight):
        for layer in stack.layers(self.backbone):
            h, _ = self.parts.whole(layer, h, sight)
        return h
