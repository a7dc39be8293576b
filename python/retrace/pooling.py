"""From hidden states to logits: the two poolings that Retrace knows, and a Transformers model with the one that Transformers lacks.

Transformers' BertForSequenceClassification always reads the pooler (pooling "cls"). Models of the sentence-transformers family were
trained with the mean of the tokens (pooling "mean"), and learn much faster with it. The parameter names of the class below are those
of its parent, so PEFT adapters load into either; only what is fed to the classifier differs.
"""

import torch
from torch import nn
from transformers import BertForSequenceClassification
from transformers.modeling_outputs import SequenceClassifierOutput

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
    raise ValueError(f'pooling is "{pooling}"; known are {", ".join(POOLINGS)}')


class BertForSequenceClassificationWithMeanPooling(BertForSequenceClassification):
    """BertForSequenceClassification whose classifier reads the mean of the tokens. The pooler stays in the module, unread."""

    def forward(self, input_ids, attention_mask=None, token_type_ids=None, labels=None, **unused):
        if attention_mask is None:
            attention_mask = torch.ones_like(input_ids)
        hidden = self.bert(input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state
        logits = self.classifier(self.dropout(mean_of_tokens(hidden, attention_mask)))
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)


def bert_for_sequence_classification(base_model, pooling, num_labels):
    """The Transformers model of a folder, in float32 with plain ("eager") attention; a classifier of another size is replaced."""
    if pooling not in POOLINGS:
        raise ValueError(f'pooling is "{pooling}"; known are {", ".join(POOLINGS)}')
    model_class = BertForSequenceClassificationWithMeanPooling if pooling == "mean" else BertForSequenceClassification
    return model_class.from_pretrained(
        base_model, num_labels=num_labels, dtype=torch.float32, attn_implementation="eager", ignore_mismatched_sizes=True
    )
