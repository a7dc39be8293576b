"""From hidden states to logits: the poolings that Retrace knows, and Transformers' classifiers with those that Transformers lacks.

"cls", "last" and "distilled" are what an architecture's own ...ForSequenceClassification or ...ForImageClassification reads: BERT and its like the first
token, GPT-2, OPT and BART the last token that is no padding, ViT and DeiT the class token, and DeiT with its teacher's head the distillation token too. "mean"
is ours: models of the sentence-transformers family were trained with the mean of the tokens, and learn much faster with it; of pictures it is the mean of the
patches alone. The parameter names of a class made here are those of its parent, so PEFT adapters load into either; only the head differs.
"""

from functools import cache

import torch
from torch import nn
from transformers import AutoModelForImageClassification, AutoModelForSequenceClassification, BertForSequenceClassification
from transformers.modeling_outputs import ImageClassifierOutput, SequenceClassifierOutput

POOLINGS = ("mean", "cls", "last", "distilled")


def mean_of_tokens(hidden_states, attention_mask):
    """Mean over the valid tokens: [B, T, C], [B, T] -> [B, C]."""
    valid = attention_mask.unsqueeze(-1).to(hidden_states.dtype)  # [B, T, 1]
    return (hidden_states * valid).sum(1) / valid.sum(1)


def last_token(hidden_states, attention_mask):
    """The last valid token: [B, T, C], [B, T] -> [B, C]."""
    last = attention_mask.cumsum(1).argmax(1)  # [B]
    return hidden_states[torch.arange(len(last), device=last.device), last]


def head_width(config):
    """How wide the last hidden states are: OPT-350m projects them down."""
    return getattr(config, "word_embed_proj_dim", config.hidden_size)


def patches_of(hidden_states, leading_tokens):
    """[B, T]: 0 at the tokens before the patches of a picture, 1 at the patches."""
    B, T, _ = hidden_states.shape
    return (torch.arange(T, device=hidden_states.device) >= leading_tokens).long().expand(B, T)


def classifier_of(config):
    """Transformers' ...ForSequenceClassification of an architecture."""
    return AutoModelForSequenceClassification._model_mapping[type(config)]


def image_classifier_of(config, index=0):
    """Transformers' ...ForImageClassification of an architecture; the second of DeiT is that with a teacher's head."""
    classes = AutoModelForImageClassification._model_mapping[type(config)]
    return (classes if isinstance(classes, tuple) else (classes,))[index]


@cache
def with_own_pooling(parent, pooling, head):
    """A ...ForSequenceClassification as it is, for PEFT (0.21), which gives a prefix only where a forward names `past_key_values`. Transformers 5.24
    names it `cache`, and takes the old name until 5.40: this can go when PEFT knows the new one.

    Where it reads the last token, that is found by the mask: Transformers looks for it among `input_ids`, and takes the last of all where PEFT gives
    embeddings, be it padding or not. `head` is the architecture's (model, hidden_states, attention_mask) -> logits.
    """

    class WithOwnPooling(parent):
        def forward(self, input_ids=None, attention_mask=None, inputs_embeds=None, past_key_values=None, **given):
            if pooling != "last":
                past = {} if past_key_values is None else {"past_key_values": past_key_values}
                return super().forward(input_ids, attention_mask=attention_mask, inputs_embeds=inputs_embeds, **past, **given)
            hidden, attention_mask = _hidden_and_mask(self, input_ids, attention_mask, inputs_embeds, past_key_values, given)
            return _output(head(self, hidden, attention_mask), given)

    WithOwnPooling.__name__ = WithOwnPooling.__qualname__ = parent.__name__
    return WithOwnPooling


def _hidden_and_mask(model, input_ids, attention_mask, inputs_embeds, past_key_values, given):
    """What a classifier's backbone gives, and which of its rows are tokens: a prompt's are, a prefix has none."""
    first = input_ids if inputs_embeds is None else inputs_embeds
    prefix = 0 if past_key_values is None else past_key_values.get_seq_length()
    if attention_mask is None:
        attention_mask = torch.ones(first.shape[0], prefix + first.shape[1], dtype=torch.long, device=first.device)
    given = {name: given[name] for name in ("token_type_ids", "position_ids") if given.get(name) is not None}
    if past_key_values is not None:
        given["past_key_values"] = past_key_values
    hidden = model.base_model(input_ids, attention_mask=attention_mask, inputs_embeds=inputs_embeds, **given).last_hidden_state
    return hidden, attention_mask[:, prefix:]


def _output(logits, given):
    labels = given.get("labels")
    loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
    return SequenceClassifierOutput(loss=loss, logits=logits)


def mean_head(model, hidden_states, attention_mask):
    """Logits of `with_mean_pooling`."""
    pooled = mean_of_tokens(hidden_states, attention_mask)
    return model.classifier(model.dropout(pooled) if hasattr(model, "dropout") else pooled)


@cache
def with_mean_pooling(parent):
    """A ...ForSequenceClassification whose head is one dense layer, `classifier`, on the mean of the tokens; there is no pooler.

    PEFT calls it with `inputs_embeds` that begin with a prompt, whose virtual tokens then count in the mean, or with `past_key_values` that
    hold a prefix, which has no hidden states to count.
    """

    class WithMeanPooling(parent):
        def __init__(self, config):
            super().__init__(config)
            for name in ("pre_classifier", "score", "classification_head"):
                if hasattr(self, name):
                    delattr(self, name)
            if getattr(self.base_model, "pooler", None) is not None:
                self.base_model.pooler = None
            self.classifier = nn.Linear(head_width(config), config.num_labels)

        def forward(self, input_ids=None, attention_mask=None, inputs_embeds=None, past_key_values=None, **given):
            hidden, attention_mask = _hidden_and_mask(self, input_ids, attention_mask, inputs_embeds, past_key_values, given)
            return _output(mean_head(self, hidden, attention_mask), given)

    WithMeanPooling.__name__ = WithMeanPooling.__qualname__ = f"{parent.__name__}WithMeanPooling"
    return WithMeanPooling


@cache
def with_mean_of_patches(parent, leading_tokens):
    """A ...ForImageClassification whose head is one dense layer, `classifier`, on the mean of the patches."""

    class WithMeanPooling(parent):
        def forward(self, pixel_values, labels=None, interpolate_pos_encoding=False):
            hidden = self.base_model(pixel_values, interpolate_pos_encoding=interpolate_pos_encoding).last_hidden_state
            logits = mean_head(self, hidden, patches_of(hidden, leading_tokens))
            loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
            return ImageClassifierOutput(loss=loss, logits=logits)

    WithMeanPooling.__name__ = WithMeanPooling.__qualname__ = f"{parent.__name__}WithMeanPooling"
    return WithMeanPooling


BertForSequenceClassificationWithMeanPooling = with_mean_pooling(BertForSequenceClassification)
