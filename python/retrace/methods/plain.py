"""Methods that add nothing to BERT and choose among its parameters: full fine-tuning and the linear probe (bitfit.py has a third)."""

from torch import nn

from ..base import bert_for_sequence_classification, lies_below


class Plain(nn.Module):
    """Transformers' classifier; above frozen layers the parameters with `trains(name)` train. The names have no "bert." in front."""

    def __init__(self, base_model, num_labels, pooling, hyper_parameters, trains):
        super().__init__()
        frozen = hyper_parameters.get("frozen_layers", 0)
        self.model = bert_for_sequence_classification(base_model, pooling, num_labels)
        for name, p in self.model.named_parameters():
            p.requires_grad_(name.startswith("classifier.") or (trains(name) and not lies_below(name, frozen)))

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        """Logits, [B, num_labels]."""
        return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).logits

    def trainable(self):
        return {name.removeprefix("bert."): p for name, p in self.model.named_parameters() if p.requires_grad}


def full(base_model, num_labels, pooling, hyper_parameters):
    return Plain(base_model, num_labels, pooling, hyper_parameters, lambda name: True)


def linear_probe(base_model, num_labels, pooling, hyper_parameters):
    return Plain(base_model, num_labels, pooling, hyper_parameters, lambda name: False)
