"""The methods that PEFT has, built through PEFT from Retrace's hyper-parameters: LoRA, (IA)^3, prefix tuning, prompt tuning.

Parameters have PEFT's names in PEFT's files and others in Retrace; `trainable` gives the one, `shared` leads on to the other.
"""

from peft import IA3Config, LoraConfig, PrefixTuningConfig, PromptTuningConfig, TaskType, get_peft_model
from torch import nn

from ..architectures import architecture_of
from ..base import classifier_model, lies_below
from ..config_keys import init_std_of
from ..pooling import head_width
from .plain import model_inputs
from .prefix_tuning import PrefixTuning
from .prompt_tuning import PromptTuning


class PeftTwin(nn.Module):
    """A PEFT model that gives logits where it would give an output object."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        self.config = model.get_base_model().config
        self.architecture = architecture_of(self.config)

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, pixel_values=None, **decoder):
        """As Twin's: those at a prompt's own tokens are left out."""
        logits = self.model(**model_inputs(self.model.get_base_model(), input_ids, attention_mask, token_type_ids, pixel_values, decoder)).logits
        return logits[:, -input_ids.shape[1] :] if logits.dim() == 3 and not decoder else logits

    def trainable(self):
        """By their names in the file that PEFT writes; PEFT's own copy of the first classifier, which nothing reads, is left out."""
        every = self.model.named_parameters()
        return {name_in_file(name): p for name, p in every if p.requires_grad and ".original_module." not in name}

    def shared(self, tensors):
        """Tensors under the names of PEFT's file -> views of them under the names that all of Retrace has: module paths without "bert." or the
        like.

        PEFT keeps a prompt as [P, C] and a prefix, under the same name, in one table [P, L * 2 * C]: for each layer its keys, then its values.
        """
        shared = {}
        for name, t in tensors.items():
            if name == "prompt_embeddings":
                prompt = t.shape[1] == self.config.hidden_size
                shared |= {"embeddings.prompt_embeddings.weight": t} if prompt else self._prefix(t)
            else:
                plain = name.removeprefix("base_model.").removeprefix("model.").removeprefix(self.architecture.prefix).replace(".base_layer.", ".")
                shared[plain] = t.flatten() if plain.endswith(".ia3_l") else t
        return shared

    def _prefix(self, table):
        name = self.architecture.stacks[0].path + ".{}.attention.self.prefix_{}"
        parts = table.split(self.config.hidden_size, dim=1)
        return {name.format(i // 2, ("key", "value")[i % 2]): part for i, part in enumerate(parts)}


def name_in_file(name):
    if name.startswith("prompt_encoder."):
        return "prompt_embeddings"
    return name.replace(".default", "").replace(".modules_to_save", "")


def lora(base_model, num_labels, pooling, given):
    model = classifier_model(base_model, pooling, num_labels)
    frozen = given.get("frozen_layers", 0)
    by_number = len(architecture_of(model.config).stacks) == 1  # two stacks count their layers apart
    targets = "all-linear" if "all-linear" in given["target_modules"] else given["target_modules"]
    config = LoraConfig(
        task_type=_task(model, pooling),
        r=given["adapter_size"],
        lora_alpha=given["lora_alpha"],
        lora_dropout=given.get("lora_dropout", 0.0),
        use_rslora=given.get("use_rslora", False),
        target_modules=_above(model, frozen, targets) if frozen and not by_number else targets,
        rank_pattern=_pattern(given, "rank_pattern", int),
        alpha_pattern=_pattern(given, "alpha_pattern", float),
        modules_to_save=_saved(model, pooling, given),
        layers_to_transform=list(range(frozen, model.config.num_hidden_layers)) if frozen and by_number else None,
        bias=given.get("bias", "none"),
    )
    model = get_peft_model(model, config)
    for name, p in model.named_parameters():
        if lies_below(name, frozen, model.config):  # PEFT trains the biases of all layers
            p.requires_grad_(False)
    return PeftTwin(model)


def _task(model, pooling):
    if architecture_of(model.config).reads_pictures:
        return None
    return TaskType(architecture_of(model.config).task if pooling == "vocabulary" else "SEQ_CLS")


def _saved(model, pooling, given):
    """Modules that train whole. PEFT adds what is called classifier or score; BART's head is called otherwise, and models of pictures are no task of PEFT's."""
    architecture = architecture_of(model.config)
    own = architecture.own_heads.get(pooling, (("classifier",) if pooling == "mean" else (), None))[0]
    heads = own if architecture.reads_pictures else [head for head in own if head == "classification_head"]
    return [*given.get("modules_to_save", []), *heads] or None


def _pattern(given, key, number):
    """Retrace's list of "name=number" as PEFT's dictionary."""
    entries = (entry.rsplit("=", 1) for entry in given.get(key, []))
    return {name: number(value) for name, value in entries}


def ia3(base_model, num_labels, pooling, given):
    """Above frozen layers the modules are named one by one, for PEFT has no other way to leave some out."""
    model = classifier_model(base_model, pooling, num_labels)
    modules = {name: given[name] for name in ("target_modules", "feedforward_modules")}
    if frozen := given.get("frozen_layers", 0):
        modules = {name: _above(model, frozen, endings) for name, endings in modules.items()}
    saved = _saved(model, pooling, given)
    return PeftTwin(get_peft_model(model, IA3Config(task_type=_task(model, pooling), modules_to_save=saved, **modules)))


def _above(model, frozen, endings):
    every = ((name, module) for name, module in model.named_modules() if name.startswith(architecture_of(model.config).prefix))
    linear = endings == "all-linear"
    names = [name for name, module in every if (isinstance(module, nn.Linear) if linear else name.endswith(tuple(f".{one}" for one in endings)))]
    return [name for name in names if not lies_below(f"{name}.", frozen, model.config)]


def prefix_tuning(base_model, num_labels, pooling, given):
    model = classifier_model(base_model, pooling, num_labels)
    if given.get("frozen_layers", 0) or model.config.model_type == "distilbert" or architecture_of(model.config).reads_pictures:
        return PrefixTuning(model, pooling, given)
    return _virtual_tokens(PrefixTuningConfig, model, pooling, given)


def prompt_tuning(base_model, num_labels, pooling, given):
    model = classifier_model(base_model, pooling, num_labels)
    if architecture_of(model.config).reads_pictures:
        return PromptTuning(model, pooling, given)
    if head_width(model.config) != model.config.hidden_size:
        raise ValueError("PEFT draws prompts as wide as the layers, and this model's table is narrower")
    return _virtual_tokens(PromptTuningConfig, model, pooling, given)


def _virtual_tokens(config_class, model, pooling, given):
    """They start as Retrace's do, as small as the model's own weights; PEFT's start at N(0, 1)."""
    if model.config.is_encoder_decoder:
        raise ValueError(f"Transformers' classifier of {model.config.model_type} takes neither embeddings nor a past: no virtual tokens")
    keys = {"token_dim": "hidden_size", "num_layers": "num_hidden_layers", "num_attention_heads": "num_attention_heads"}
    sizes = {name: getattr(model.config, key) for name, key in keys.items()}  # PEFT does not find DistilBERT's
    model = get_peft_model(model, config_class(task_type=_task(model, pooling), num_virtual_tokens=given["num_virtual_tokens"], **sizes))
    nn.init.normal_(model.prompt_encoder["default"].embedding.weight, std=init_std_of(model.get_base_model().config))
    return PeftTwin(model)
