"""Adapters in PEFT's layout, by PEFT itself: LoRA, (IA)^3, prefix tuning, prompt tuning, written by Retrace or by PEFT.

It breaks if PEFT reads other tensors than the file holds: PEFT itself passes over names that it does not know.
"""

import tempfile
from pathlib import Path

from peft import PeftModel, get_peft_model_state_dict
from safetensors.torch import load as load_tensors

from .archive import file_of, json_of, mirrored_config
from .base import bert_for_sequence_classification
from .errors import AdapterError
from .methods.peft_methods import PeftTwin, name_in_file


def config_of_peft(files):
    """What PEFT's own config does not say, from the tensor file's metadata where Retrace wrote it, else as Transformers would have it."""
    weights = file_of(files, "adapter_model.safetensors")
    self_test = json_of(files, "self_test.json") if "self_test.json" in files else {}
    by_default = {
        "base_model": {"sha256": None},
        "num_labels": _num_labels(load_tensors(weights)),
        "pooling": self_test.get("pooling", "cls"),
        "max_length": self_test.get("max_length", 512),
    }
    return by_default | (mirrored_config(weights) or {}) | {"self_test": self_test or None}


def _num_labels(tensors):
    """Prompt methods name it base_model.classifier, the others base_model.model.classifier."""
    for name, t in tensors.items():
        if name.endswith(".classifier.weight"):
            return len(t)
    raise AdapterError("adapter_model.safetensors holds no classifier.weight, so it is no trained text classifier.")


def load_through_peft(files, config, base_model):
    model = bert_for_sequence_classification(base_model, config["pooling"], config["num_labels"])
    prompt = json_of(files, "adapter_config.json")["peft_type"] in ("PREFIX_TUNING", "PROMPT_TUNING")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("adapter_config.json", "adapter_model.safetensors"):
            (Path(folder) / name).write_bytes(file_of(files, name))
        try:
            model = PeftModel.from_pretrained(model, folder, is_trainable=not prompt)
        except (RuntimeError, ValueError) as error:
            raise AdapterError(f"PEFT does not load it on {base_model}: {error}") from error
    saved = _read_by_peft(load_tensors(files["adapter_model.safetensors"]))
    taken = _read_by_peft(get_peft_model_state_dict(model, save_embedding_layers=False))
    # Where biases train above frozen layers only, PEFT has those below too: as in the base, and not to be trained.
    other = saved ^ {name for name in taken if name in saved or not name.endswith(".bias")}
    if other:
        raise AdapterError(f"PEFT reads other tensors than adapter_model.safetensors holds: {sorted(other)[:3]}.")
    if prompt:  # which PEFT loads for inference only
        model.active_peft_config.inference_mode = False
    for name, p in model.named_parameters():
        p.requires_grad_(name_in_file(name) in saved and ".original_module." not in name)
    return PeftTwin(model)


def _read_by_peft(tensors):
    """Names, less the copies of the classifier's bias that PEFT saves with bias="all" and does not need."""
    return {name for name in tensors if ".original_module." not in name and ".modules_to_save." not in name}
