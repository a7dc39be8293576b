"""Adapters in PEFT's layout, by PEFT itself: LoRA, (IA)^3, prefix tuning, prompt tuning, written by Retrace or by PEFT.

It breaks if PEFT reads other tensors than the file holds: PEFT itself passes over names that it does not know.
"""

import tempfile
from pathlib import Path

import peft
from peft import PeftModel, get_peft_model_state_dict
from safetensors.torch import load as load_tensors

from .architectures import architecture_of, positions_of
from .archive import file_of, json_of, mirrored_config
from .base import classifier_model, lies_below, one_line
from .errors import AdapterError
from .methods.peft_methods import PeftTwin, name_in_file
from .tensors import check_numbers

PEFT_TYPES = ("LORA", "IA3", "PREFIX_TUNING", "PROMPT_TUNING")


def config_of_peft(files, base_config):
    """What PEFT's own config does not say, from the tensor file's metadata where Retrace wrote it, else as Transformers would have it."""
    given = json_of(files, "adapter_config.json")
    if given["peft_type"] not in PEFT_TYPES:
        raise AdapterError(f"peft_type is {given['peft_type']!r}; this reads {', '.join(PEFT_TYPES)}.")
    if given.get("prefix_projection"):
        raise AdapterError("prefix_projection is on; this reads prefixes without a projection.")
    weights = file_of(files, "adapter_model.safetensors")
    self_test = json_of(files, "self_test.json") if "self_test.json" in files else {}
    writes = given.get("task_type") in ("CAUSAL_LM", "SEQ_2_SEQ_LM")
    tensors = load_tensors(weights)
    by_default = {
        "base_model": {"sha256": None},
        "head": "words" if writes else "sequence",
        "num_labels": 1 if writes else _num_labels(tensors),
        "pooling": self_test.get("pooling", _pooling(tensors, architecture_of(base_config))),
        "max_length": self_test.get("max_length", _longest(base_config, given)),
        "image_size": self_test.get("image_size"),
    }
    return by_default | (mirrored_config(weights) or {}) | {"self_test": self_test or None}


def _pooling(tensors, architecture):
    """The architecture's own, by the head in the file where there are several."""
    saved = lambda heads: all(any(f".{head}." in name for name in tensors) for head in heads)
    return next((pooling for pooling, (heads, _) in architecture.more_heads.items() if saved(heads)), architecture.pooling)


def _longest(base_config, given):
    positions = positions_of(base_config)
    return None if positions is None else positions - (given.get("num_virtual_tokens") or 0)


def _num_labels(tensors):
    """Prompt methods name it base_model.classifier, the others base_model.model.classifier; or by another name, as the architecture has it."""
    for name, t in tensors.items():
        if name.endswith((".classifier.weight", ".cls_classifier.weight", ".score.weight", ".classifier.out_proj.weight", ".classification_head.out_proj.weight")):
            return len(t)
    raise AdapterError("adapter_model.safetensors holds no classifier.weight, so it is no trained classifier.")


def load_through_peft(files, config, base_model):
    model = classifier_model(base_model, config["pooling"], config["num_labels"])
    given = json_of(files, "adapter_config.json")
    prompt = given["peft_type"] in ("PREFIX_TUNING", "PROMPT_TUNING")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("adapter_config.json", "adapter_model.safetensors"):
            (Path(folder) / name).write_bytes(file_of(files, name))
        try:
            model = PeftModel.from_pretrained(model, folder, is_trainable=not prompt)
        except (RuntimeError, TypeError, ValueError) as error:
            raise AdapterError(f"PEFT does not load it on {base_model}: {one_line(error)}") from error
    tensors = load_tensors(files["adapter_model.safetensors"])
    check_numbers(tensors)
    saved = _read_by_peft(tensors)
    taken = _read_by_peft(get_peft_model_state_dict(model, save_embedding_layers=False))
    # Where biases train above frozen layers only, PEFT has those below too: as in the base, and not to be trained.
    frozen = config.get("hyper_parameters", {}).get("frozen_layers") or _frozen_layers(given.get("layers_to_transform"))
    other = saved ^ {name for name in taken if name in saved or not (name.endswith(".bias") and lies_below(name, frozen, model.config))}
    if other:
        found = f"PEFT {peft.__version__} reads other tensors than adapter_model.safetensors holds"
        raise AdapterError(f"{found}, {len(other)} in all: {', '.join(sorted(other)[:3])}.")
    if prompt:  # which PEFT loads for inference only
        model.active_peft_config.inference_mode = False
    for name, p in model.named_parameters():
        p.requires_grad_(name_in_file(name) in saved and ".original_module." not in name)
    return PeftTwin(model)


def _frozen_layers(layers_to_transform):
    """The bottom layers that LoRA leaves alone, where it names those that it does not."""
    if layers_to_transform is None:
        return 0
    return min([layers_to_transform] if isinstance(layers_to_transform, int) else layers_to_transform)


def _read_by_peft(tensors):
    """Names, less the copies of the classifier's bias that PEFT saves with bias="all" and does not need."""
    return {name for name in tensors if ".original_module." not in name and ".modules_to_save." not in name}
