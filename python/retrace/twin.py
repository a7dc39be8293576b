"""What every method shares that PEFT has no type for: a frozen backbone of Transformers, whose own modules are called one by one in its order
(architectures.py), with the method's additions between them, and a head. Plain autograd, so these are independent judges of Retrace's engine.

It breaks if a parameter's name is not the one in Retrace's files.
"""

from dataclasses import replace

import torch
from torch import nn
from transformers.activations import ACT2FN

from .architectures import architecture_of, frozen_of, shifted, vocabulary_head
from .base import lies_below
from .config_keys import act_of, norm_eps_of
from .layers import sight
from .pooling import mean_head, patches_of


class Twin(nn.Module):
    """A method says what it adds (`additions`, by layer) and how a layer runs with it (`layer`), or replaces `encode` as a whole.

    `classifier` is Transformers' (base.classifier_model). `hyper_parameters` are those of adapter_config.json, by the same names. Bottom
    `frozen_layers` layers are left as they are.
    """

    stacks_that_fit = 2
    first_position = 0

    def __init__(self, classifier, pooling, hyper_parameters):
        super().__init__()
        self.hyper_parameters, self.pooling = hyper_parameters, pooling
        self.architecture = architecture_of(classifier.config)
        self.parts = self.architecture.layer
        backbone = classifier.base_model
        saved, frozen = hyper_parameters.get("modules_to_save", []), self.frozen_layers
        if len(self.architecture.stacks) > self.stacks_that_fit:
            raise ValueError(f"{classifier.config.model_type} has an encoder and a decoder, and this method is not defined there")
        for name, p in backbone.named_parameters():
            module = f".{name.rpartition('.')[0]}."
            p.requires_grad_(any(f".{one}." in module for one in saved) and not lies_below(name, frozen, classifier.config))
        self.model = classifier
        self.added = tree(self.all_additions(classifier.config, hyper_parameters))
        if hasattr(classifier, "dropout"):  # before the head; the backbone keeps its own
            classifier.dropout = nn.Dropout(hyper_parameters.get("dropout", 0.0))

    @property
    def frozen_layers(self):
        return self.hyper_parameters.get("frozen_layers", 0)

    def frozen_in(self, stack):
        return frozen_of(self.model.config, self.frozen_layers)[stack.path]

    @property
    def backbone(self):
        return self.model.base_model

    def all_additions(self, config, hyper_parameters):
        """{path: module}, those of each layer under the layer's own path, so that they have their names in the files."""
        return {
            f"{stack.path}.{i}.{path}": module
            for stack in self.architecture.stacks
            for i in range(self.frozen_in(stack), len(stack.layers(self.backbone)))
            for path, module in self.additions(config, hyper_parameters).items()
        }

    def additions(self, config, hyper_parameters):
        """{path below a layer: module} of one layer."""
        raise NotImplementedError

    def layer(self, layer, added, h, sight):
        """[B, T, C] -> [B, T, C] through the frozen `layer` with what was `added` to it."""
        raise NotImplementedError

    def layers(self, stack):
        """(frozen layer, what was added to it) of each layer that is not left as it is."""
        frozen = self.frozen_in(stack)
        layers = list(stack.layers(self.backbone))[frozen:]
        return [(layer, self.added.get_submodule(f"{stack.path}.{i}")) for i, layer in enumerate(layers, frozen)]

    def enter(self, stack, h, sight):
        """Through the bottom layers that are left as they are."""
        for layer in list(stack.layers(self.backbone))[: self.frozen_in(stack)]:
            h, _ = self.parts.whole(layer, h, sight)
        return h

    def encode(self, stack, h, sight):
        """A stack's result from what enters its first layer, both [B, T, C]."""
        return stack.finish(self.backbone, self.run(stack, h, sight))

    def run(self, stack, h, sight):
        """The same without the stack's last norm."""
        h = self.enter(stack, h, sight)
        for layer, added in self.layers(stack):
            h = self.layer(layer, added, h, sight)
        return h

    def hidden_states(self, input_ids, attention_mask, token_type_ids, decoder_input_ids=None, decoder_attention_mask=None):
        """[B, T] -> [B, T, C]."""
        memory = memory_mask = None
        for i, stack in enumerate(self.architecture.stacks):
            if i == 1 and decoder_input_ids is None:
                input_ids = shifted(self.model.config, input_ids)
            elif i == 1:
                input_ids = decoder_input_ids
                attention_mask = torch.ones_like(input_ids) if decoder_attention_mask is None else decoder_attention_mask
            h = stack.start(self.backbone, input_ids, token_type_ids, self.first_position)
            seen = replace(sight(attention_mask, h.dtype, stack.causal), memory=memory, memory_mask=memory_mask)
            memory, memory_mask = self.encode(stack, h, seen), sight(attention_mask, h.dtype, causal=False).mask
        return memory

    def patch_states(self, pixel_values):
        """Pictures [B, 3, H, W] -> [B, T, C] of their tokens, which all see each other. What a method has put before them is left out."""
        (stack,) = self.architecture.stacks
        h = stack.start(self.backbone, pixel_values)
        before = self.virtual_tokens(h)  # [B, P, C]
        h = torch.cat((before, h), 1)
        everything = torch.ones(h.shape[:2], dtype=torch.long, device=h.device)
        return self.encode(stack, h, sight(everything, h.dtype, stack.causal))[:, before.shape[1] :]

    def virtual_tokens(self, h):
        """What stands before the tokens of pictures: nothing."""
        return h[:, :0]

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, pixel_values=None, **decoder):
        """Logits, [B, num_labels], or of the vocabulary [B, T, V]. `decoder`: decoder_input_ids and decoder_attention_mask [B, T], of models that have one.
        Of pictures nothing is given but pixel_values [B, 3, H, W].
        """
        if pixel_values is not None:
            hidden = self.patch_states(pixel_values)
            attention_mask = patches_of(hidden, self.architecture.leading_tokens)  # what a mean is of
        else:
            token_type_ids = torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids
            hidden = self.hidden_states(input_ids, attention_mask, token_type_ids, **decoder)
        own = {pooling: head for pooling, (_, head) in self.architecture.own_heads.items()}
        head = ({"mean": mean_head, "vocabulary": vocabulary_head} | own)[self.pooling]
        return head(self.model, hidden, attention_mask)

    def trainable(self):
        """The trained parameters by their names in Retrace's files."""
        heads = [(name, p) for name, p in self.model.named_parameters() if not name.startswith(self.architecture.prefix)]
        every = (*self.backbone.named_parameters(), *self.added.named_parameters(), *heads)
        return {name: p for name, p in every if p.requires_grad}

    def shared(self, tensors):
        """Tensors by the names of `trainable` -> by those that all of Retrace has: the same."""
        return tensors


class Adapter(nn.Module):
    """[..., C] -> [..., C]: up(dropout(act(down(x)))) through a bottleneck of R, act the backbone's or non_linearity; no residual, no scale."""

    def __init__(self, config, hyper_parameters, layer_norm=False):
        super().__init__()
        std = hyper_parameters.get("adapter_init_std", 0.02)
        if layer_norm:
            self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=norm_eps_of(config))
        self.down = dense(config.hidden_size, hyper_parameters["adapter_size"], std)  # weight [R, C]
        self.up = dense(hyper_parameters["adapter_size"], config.hidden_size, std)  # weight [C, R]
        asked = hyper_parameters.get("non_linearity", "model")
        self.activation = ACT2FN[act_of(config) if asked == "model" else asked]
        self.dropout = nn.Dropout(hyper_parameters.get("dropout", 0.0))

    def forward(self, x):
        x = self.LayerNorm(x) if hasattr(self, "LayerNorm") else x
        return self.up(self.dropout(self.activation(self.down(x))))


def dense(in_features, out_features, std):
    """A linear layer whose weight starts at N(0, std^2) and whose bias starts at 0."""
    linear = nn.Linear(in_features, out_features)
    nn.init.normal_(linear.weight, std=std)
    nn.init.zeros_(linear.bias)
    return linear


def tree(modules):
    """One module that has the given ones under their dotted paths."""
    root = nn.Module()
    for path, module in modules.items():
        *parents, name = path.split(".")
        at = root
        for parent in parents:
            if parent not in at._modules:
                at.add_module(parent, nn.Module())
            at = getattr(at, parent)
        at.add_module(name, module)
    return root
