"""The methods that PEFT has, built through PEFT from Retrace's hyper-parameters: LoRA, (IA)^3, prefix tuning, prompt tuning.

Parameters have PEFT's names in PEFT's files and others in Retrace; `trainable` gives the one, `shared_tensors` leads on to the other.
"""

from peft import IA3Config, LoraConfig, PrefixTuningConfig, PromptTuningConfig, TaskType, get_peft_model
from torch import nn

from ..base import bert_for_sequence_classification, bert_model, lies_below
from .prefix_tuning import PrefixTuning


class PeftTwin(nn.Module):
    """A PEFT model that gives logits where it would give an output object."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        """Logits, [B, num_labels]."""
        return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).logits

    def trainable(self):
        """By their names in the file that PEFT writes; PEFT's own copy of the first classifier, which nothing reads, is left out."""
        every = self.model.named_parameters()
        return {name_in_file(name): p for name, p in every if p.requires_grad and ".original_module." not in name}


def name_in_file(name):
    if name.startswith("prompt_encoder."):
        return "prompt_embeddings"
    return name.replace(".default", "").replace(".modules_to_save", "")


def shared_tensors(tensors):
    """Tensors under the names of PEFT's file -> views of them under the names that all of Retrace has: module paths without "bert.". Names
    that are Retrace's already stay.

    PEFT keeps a prompt as [P, C] and a prefix, under the same name, in one table [P, L * 2 * C]: for each layer its keys, then its values.
    The classifier's width C tells which it is.
    """
    shared = {}
    for name, t in tensors.items():
        if name == "prompt_embeddings":
            hidden_size = next(w.shape[1] for n, w in tensors.items() if n.endswith("classifier.weight"))
            shared |= {"embeddings.prompt_embeddings.weight": t} if t.shape[1] == hidden_size else _prefix(t, hidden_size)
        else:
            plain = name.removeprefix("base_model.").removeprefix("model.").removeprefix("bert.").replace(".base_layer.", ".")
            shared[plain] = t.flatten() if plain.endswith(".ia3_l") else t
    return shared


def _prefix(table, hidden_size):
    parts = table.split(hidden_size, dim=1)
    name = "encoder.layer.{}.attention.self.prefix_{}"
    return {name.format(i // 2, ("key", "value")[i % 2]): part for i, part in enumerate(parts)}


def lora(base_model, num_labels, pooling, given):
    model = bert_for_sequence_classification(base_model, pooling, num_labels)
    frozen = given.get("frozen_layers", 0)
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=given["adapter_size"],
        lora_alpha=given["lora_alpha"],
        lora_dropout=given.get("lora_dropout", 0.0),
        use_rslora=given.get("use_rslora", False),
        target_modules="all-linear" if "all-linear" in given["target_modules"] else given["target_modules"],
        rank_pattern=_pattern(given, "rank_pattern", int),
        alpha_pattern=_pattern(given, "alpha_pattern", float),
        modules_to_save=list(given.get("modules_to_save", [])) or None,  # PEFT adds the head to it
        layers_to_transform=list(range(frozen, model.config.num_hidden_layers)) if frozen else None,
        bias=given.get("bias", "none"),
    )
    model = get_peft_model(model, config)
    for name, p in model.named_parameters():
        if lies_below(name, frozen):  # PEFT trains the biases of all layers
            p.requires_grad_(False)
    return PeftTwin(model)


def _pattern(given, key, number):
    """Retrace's list of "name=number" as PEFT's dictionary."""
    entries = (entry.rsplit("=", 1) for entry in given.get(key, []))
    return {name: number(value) for name, value in entries}


def ia3(base_model, num_labels, pooling, given):
    """Above frozen layers the modules are named one by one, for PEFT has no other way to leave some out."""
    model = bert_for_sequence_classification(base_model, pooling, num_labels)
    modules = {name: given[name] for name in ("target_modules", "feedforward_modules")}
    if frozen := given.get("frozen_layers", 0):
        modules = {name: _above(model, frozen, endings) for name, endings in modules.items()}
    saved = list(given.get("modules_to_save", [])) or None
    return PeftTwin(get_peft_model(model, IA3Config(task_type=TaskType.SEQ_CLS, modules_to_save=saved, **modules)))


def _above(model, frozen, endings):
    names = [name for name, _ in model.named_modules() if any(name.endswith(f".{ending}") for ending in endings)]
    return [name for name in names if not lies_below(f"{name}.", frozen)]


def prefix_tuning(base_model, num_labels, pooling, given):
    if given.get("frozen_layers", 0):
        return PrefixTuning(bert_model(base_model, pooling), num_labels, pooling, given)
    return _virtual_tokens(PrefixTuningConfig, base_model, num_labels, pooling, given)


def prompt_tuning(base_model, num_labels, pooling, given):
    return _virtual_tokens(PromptTuningConfig, base_model, num_labels, pooling, given)


def _virtual_tokens(config_class, base_model, num_labels, pooling, given):
    """They start as Retrace's do, as small as the model's own weights; PEFT's start at N(0, 1)."""
    model = bert_for_sequence_classification(base_model, pooling, num_labels)
    model = get_peft_model(model, config_class(task_type=TaskType.SEQ_CLS, num_virtual_tokens=given["num_virtual_tokens"]))
    nn.init.normal_(model.prompt_encoder["default"].embedding.weight, std=model.get_base_model().config.initializer_range)
    return PeftTwin(model)
