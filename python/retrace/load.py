"""Loads what Retrace exports, a folder or a zip, on top of Transformers: our own layout, or PEFT's (LoRA).

What it is not: a downloader. The base model is a folder on disk, and its weights must be the very ones that the adapter was trained
on (sha256 of model.safetensors), unless asked otherwise. It breaks if a file's tensors do not fit the module one to one.
"""

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from torch import nn
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from .archive import file_of, json_of, labels_of, mirrored_config, read_files
from .base import bert_for_sequence_classification, bert_model
from .errors import AdapterError
from .meft import Meft1Config, Meft1ForSequenceClassification

FORMAT_VERSION = 1


@dataclass
class Loaded:
    module: nn.Module  # in eval mode; calling it with input_ids, attention_mask, token_type_ids gives logits
    tokenizer: PreTrainedTokenizerBase
    labels: list[str]
    pooling: str
    max_length: int
    self_test: dict | None  # {"texts": [text or [text, text_pair]], "logits": [[float]]}

    @torch.no_grad()
    def logits(self, texts):
        """Logits [len(texts), num_labels] in float32, one text at a time: as many as there are, without padding."""
        return torch.cat([self.module(**self._encode(text)) for text in texts])

    def predict(self, text):
        """Probability by label."""
        probabilities = self.logits([text])[0].softmax(-1).tolist()
        return dict(zip(self.labels, probabilities, strict=True))

    def _encode(self, text):
        parts = [text] if isinstance(text, str) else text
        encoded = self.tokenizer(*parts, truncation=True, max_length=self.max_length, return_tensors="pt", return_token_type_ids=True)
        return {name: encoded[name] for name in ("input_ids", "attention_mask", "token_type_ids")}


class _LogitsOnly(nn.Module):
    """A Transformers (or PEFT) model that gives logits where it would give an output object."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).logits


def load(folder_or_zip, base_model, check_base=True):
    """The exported classifier as `Loaded`. `base_model` is a folder with config.json, tokenizer.json and model.safetensors."""
    try:
        return _load(read_files(Path(folder_or_zip)), Path(base_model), check_base)
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError, SafetensorError) as error:
        raise AdapterError(f"{folder_or_zip} is damaged or not whole: {error!r}. Export it again.") from error


def _load(files, base_model, check_base):
    given = json_of(files, "adapter_config.json") if "adapter_config.json" in files else None
    if given and "peft_type" in given:
        config = _config_of_peft(files)
        build = _peft
    else:
        config = given or mirrored_config(file_of(files, "adapter.safetensors")) or {}
        if config.get("format") != "retrace" or config.get("format_version") != FORMAT_VERSION:
            found = f"format {config.get('format')!r}, version {config.get('format_version')!r}"
            raise AdapterError(f'The adapter says {found}; this reads "retrace", version {FORMAT_VERSION}, and PEFT adapters.')
        build = BUILD.get(config["method"])
        if build is None:
            raise AdapterError(f'The adapter says method "{config["method"]}"; this reads {", ".join(BUILD)}, and LoRA as PEFT saves it.')
    if check_base and config["base_model"]["sha256"]:
        _check_base(config["base_model"]["sha256"], base_model)
    module = build(files, config, base_model).eval()
    labels = labels_of(files, config["num_labels"])
    tokenizer = AutoTokenizer.from_pretrained(base_model)
    return Loaded(module, tokenizer, labels, config["pooling"], config["max_length"], config.get("self_test"))


def _meft1(files, config, base_model):
    given = config["hyper_parameters"]
    if given.get("final_combination", "mean") != "mean":
        raise AdapterError(f'final_combination is "{given["final_combination"]}"; this knows mean.')
    hyper_parameters = Meft1Config(
        adapter_size=given["adapter_size"],
        lam=given["lambda"],
        beta=given["beta"],
        streams=given["streams"],
        **({"fraction_bits": given["fraction_bits"]} if given["streams"] == "fixed" else {}),
        dropout=given.get("dropout", 0.0),
    )
    pooling = config["pooling"]
    module = Meft1ForSequenceClassification(bert_model(base_model, pooling), config["num_labels"], pooling, hyper_parameters)
    _fill(module.trainable(), load_tensors(file_of(files, "adapter.safetensors")))
    return module


def _linear_probe(files, config, base_model):
    return _classifier(files, config, base_model, lambda name: name.startswith("classifier."))


def _full(files, config, base_model):
    return _classifier(files, config, base_model, lambda name: config["pooling"] == "cls" or not name.startswith("bert.pooler."))


def _classifier(files, config, base_model, trains):
    """A plain classifier of which the parameters with `trains(name)` come from the file, there without the prefix "bert."."""
    model = bert_for_sequence_classification(base_model, config["pooling"], config["num_labels"])
    for name, p in model.named_parameters():
        p.requires_grad_(trains(name))
    trainable = {name.removeprefix("bert."): p for name, p in model.named_parameters() if p.requires_grad}
    _fill(trainable, load_tensors(file_of(files, "adapter.safetensors")))
    return _LogitsOnly(model)


BUILD = {"meft1": _meft1, "linear-probe": _linear_probe, "full": _full}


def _config_of_peft(files):
    """What PEFT's own config does not say, from the tensor file's metadata where Retrace wrote it, else as Transformers would have it."""
    weights = file_of(files, "adapter_model.safetensors")
    self_test = json_of(files, "self_test.json") if "self_test.json" in files else {}
    by_default = {
        "base_model": {"sha256": None},
        "num_labels": len(load_tensors(weights)["base_model.model.classifier.weight"]),
        "pooling": self_test.get("pooling", "cls"),
        "max_length": self_test.get("max_length", 512),
    }
    return by_default | (mirrored_config(weights) or {}) | {"self_test": self_test or None}


def _peft(files, config, base_model):
    from peft import PeftModel, get_peft_model_state_dict

    model = bert_for_sequence_classification(base_model, config["pooling"], config["num_labels"])
    with tempfile.TemporaryDirectory() as folder:
        for name in ("adapter_config.json", "adapter_model.safetensors"):
            (Path(folder) / name).write_bytes(file_of(files, name))
        try:
            model = PeftModel.from_pretrained(model, folder, is_trainable=True)
        except RuntimeError as error:
            raise AdapterError(f"PEFT does not load it on {base_model}: {error}") from error
    saved, taken = load_tensors(files["adapter_model.safetensors"]), get_peft_model_state_dict(model)
    if set(saved) != set(taken):  # PEFT itself passes over names that it does not know
        raise AdapterError(f"PEFT reads other tensors than adapter_model.safetensors holds: {sorted(set(saved) ^ set(taken))[:3]}.")
    return _LogitsOnly(model)


def _check_base(expected, base_model):
    weights = base_model / "model.safetensors"
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    if found != expected:
        raise AdapterError(
            f"The adapter was trained on weights with sha256 {expected}, but {weights} has {found}. "
            "Take the base that the model card names, or pass check_base=False if you know that the weights are equal."
        )


def _fill(parameters, tensors):
    """Copies by name; every parameter must be given, and nothing else."""
    missing, surplus = sorted(set(parameters) - set(tensors)), sorted(set(tensors) - set(parameters))
    if missing or surplus:
        raise AdapterError(f"adapter.safetensors lacks {missing[:3]} ({len(missing)}) and has unknown {surplus[:3]} ({len(surplus)}).")
    for name, p in parameters.items():
        if p.shape != tensors[name].shape:
            raise AdapterError(f"{name} has shape {list(tensors[name].shape)}, expected {list(p.shape)}.")
        p.data.copy_(tensors[name])
