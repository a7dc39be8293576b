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


class BertForSequenceClassificationWithMeanPooling(BertForSequenceClassification):
    """BertForSequenceClassification whose classifier reads the mean of the tokens. The pooler stays in the module, unread."""

    def forward(self, input_ids, attention_mask=None, token_type_ids=None, labels=None, **unused):
        if attention_mask is None:
            attention_mask = torch.ones_like(input_ids)
        hidden = self.bert(input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state
        logits = self.classifier(self.dropout(mean_of_tokens(hidden, attention_mask)))
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)
