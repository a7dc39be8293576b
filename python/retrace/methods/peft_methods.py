"""The methods that PEFT has, built through PEFT from Retrace's hyper-parameters: LoRA, (IA)^3, prefix tuning, prompt tuning.

Parameters have PEFT's names in PEFT's files and others in Retrace; `names_in_file` and `shared_tensors` lead from PEFT's module to the one
and on to the other.
"""

from peft import IA3Config, LoraConfig, PrefixTuningConfig, PromptTuningConfig, TaskType, get_peft_model
from torch import nn

from ..base import bert_for_sequence_classification


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
    """Tensors under the names of PEFT's file -> under the names that all of Retrace has: module paths without "bert.".

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


def _through_peft(base_model, num_labels, pooling, config):
    return PeftTwin(get_peft_model(bert_for_sequence_classification(base_model, pooling, num_labels), config))


def lora(base_model, num_labels, pooling, given):
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=given["adapter_size"],
        lora_alpha=given["lora_alpha"],
        lora_dropout=given.get("lora_dropout", 0.0),
        target_modules=given["target_modules"],
        bias=given.get("bias", "none"),
    )
    return _through_peft(base_model, num_labels, pooling, config)


def ia3(base_model, num_labels, pooling, given):
    modules = {name: given[name] for name in ("target_modules", "feedforward_modules")}
    return _through_peft(base_model, num_labels, pooling, IA3Config(task_type=TaskType.SEQ_CLS, **modules))


def prefix_tuning(base_model, num_labels, pooling, given):
    config = PrefixTuningConfig(task_type=TaskType.SEQ_CLS, num_virtual_tokens=given["num_virtual_tokens"])
    return _through_peft(base_model, num_labels, pooling, config)


def prompt_tuning(base_model, num_labels, pooling, given):
    config = PromptTuningConfig(task_type=TaskType.SEQ_CLS, num_virtual_tokens=given["num_virtual_tokens"])
    return _through_peft(base_model, num_labels, pooling, config)
