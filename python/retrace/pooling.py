"""From hidden states to logits: the two poolings that Retrace knows, and a Transformers model with the one that Transformers lacks.

Transformers' BertForSequenceClassification always reads the pooler (pooling "cls"). Models of the sentence-transformers family were
trained with the mean of the tokens (pooling "mean"), and learn much faster with it. The parameter names of the class below are those
of its parent, so PEFT adapters load into either; only what is fed to the classifier differs.
"""

import torch
from torch import nn
from transformers import BertForSequenceClassification
from transformers.modeling_outputs import SequenceClassifierOutput

from .errors import AdapterError

POOLINGS = ("mean", "cls")


def mean_of_tokens(hidden_states, attention_mask):
    """Mean over the valid tokens: [B, T, C], [B, T] -> [B, C]."""
    valid = attention_mask.unsqueeze(-1).to(hidden_states.dtype)  # [B, T, 1]
    return (hidden_states * valid).sum(1) / valid.sum(1)


def pool(hidden_states, attention_mask, pooling, pooler):
    """[B, T, C] -> [B, C]. `pooler` is BERT's (dense and tanh of the first token), read for "cls" only."""
    if pooling == "mean":
        return mean_of_tokens(hidden_states, attention_mask)
    if pooling == "cls":
        return pooler(hidden_states)
    raise AdapterError(f'pooling is "{pooling}"; known are {", ".join(POOLINGS)}.')


class BertForSequenceClassificationWithPast(BertForSequenceClassification):
    """The same, for PEFT (0.21), which gives a prefix only where a forward names `past_key_values`. Transformers 5.24 names it `cache`, and takes the
    old name until 5.40: this can go when PEFT knows the new one.
    """

    def forward(self, input_ids=None, past_key_values=None, **given):
        return super().forward(input_ids, past_key_values=past_key_values, **given)


class BertForSequenceClassificationWithMeanPooling(BertForSequenceClassification):
    """BertForSequenceClassification whose classifier reads the mean of the tokens; there is no pooler.

    PEFT calls it with `inputs_embeds` that begin with a prompt, whose virtual tokens then count in the mean, or with `past_key_values` that
    hold a prefix, which has no hidden states to count.
    """

    def __init__(self, config):
        super().__init__(config)
        self.bert.pooler = None

    def forward(
        self, input_ids=None, attention_mask=None, token_type_ids=None, labels=None, inputs_embeds=None, past_key_values=None, **unused
    ):
        given = input_ids if inputs_embeds is None else inputs_embeds
        prefix = 0 if past_key_values is None else past_key_values.get_seq_length()
        if attention_mask is None:
            attention_mask = torch.ones(given.shape[0], prefix + given.shape[1], dtype=torch.long, device=given.device)
        hidden = self.bert(
            input_ids,
            attention_mask=attention_mask,
            token_type_ids=token_type_ids,
            inputs_embeds=inputs_embeds,
            past_key_values=past_key_values,
        ).last_hidden_state
        logits = self.classifier(self.dropout(mean_of_tokens(hidden, attention_mask[:, prefix:])))
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)
