"""Methods that add nothing to a backbone and choose among its parameters: full fine-tuning and the linear probe (bitfit.py has a third)."""

from torch import nn

from ..architectures import architecture_of
from ..base import classifier_model, lies_below
from ..pictures import of_pictures


def model_inputs(model, input_ids, attention_mask, token_type_ids, pixel_values, decoder):
    """What a Transformers model takes of what every module of ours takes."""
    if pixel_values is not None:
        return of_pictures(model.base_model, pixel_values)
    types = {"token_type_ids": token_type_ids} if architecture_of(model.config).has_token_types else {}
    return {"input_ids": input_ids, "attention_mask": attention_mask} | types | decoder


class Plain(nn.Module):
    """Transformers' classifier; above frozen layers the parameters with `trains(name)` train. The names have no "bert." or the like in front."""

    def __init__(self, base_model, num_labels, pooling, hyper_parameters, trains):
        super().__init__()
        frozen = hyper_parameters.get("frozen_layers", 0)
        self.model = classifier_model(base_model, pooling, num_labels)
        self.architecture = architecture_of(self.model.config)
        for name, p in self.model.named_parameters():
            below = lies_below(name, frozen, self.model.config)
            p.requires_grad_(not name.startswith(self.architecture.prefix) or (trains(name) and not below))

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, pixel_values=None, **decoder):
        """As Twin's."""
        return self.model(**model_inputs(self.model, input_ids, attention_mask, token_type_ids, pixel_values, decoder)).logits

    def trainable(self):
        return {name.removeprefix(self.architecture.prefix): p for name, p in self.model.named_parameters() if p.requires_grad}

    def shared(self, tensors):
        """As Twin's."""
        return tensors


def full(base_model, num_labels, pooling, hyper_parameters):
    return Plain(base_model, num_labels, pooling, hyper_parameters, lambda name: True)


def linear_probe(base_model, num_labels, pooling, hyper_parameters):
    return Plain(base_model, num_labels, pooling, hyper_parameters, lambda name: False)
