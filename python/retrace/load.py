"""Loads what Retrace exports, a folder or a zip, on top of Transformers: our own layout (MEFT1) or PEFT's (LoRA).

What it is not: a downloader. The base model is a folder on disk, and its weights must be the very ones that the adapter was trained
on (sha256 of model.safetensors), unless asked otherwise. It breaks if a file's tensors do not fit the module one to one.
"""

import hashlib
import io
import json
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from torch import nn
from transformers import AutoTokenizer, PreTrainedTokenizerBase

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
        return _load(_read_files(Path(folder_or_zip)), Path(base_model), check_base)
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError, SafetensorError) as error:
        raise AdapterError(f"{folder_or_zip} is damaged or not whole: {error!r}. Export it again.") from error


def _load(files, base_model, check_base):
    config = _json(files, "adapter_config.json")
    if "peft_type" in config:
        return _load_peft(files, base_model)
    if config.get("format") != "retrace" or config.get("format_version") != FORMAT_VERSION:
        found = f"format {config.get('format')!r}, version {config.get('format_version')!r}"
        raise AdapterError(f'adapter_config.json says {found}; this reads "retrace", version {FORMAT_VERSION}, and PEFT adapters.')
    if config["method"] != "meft1":
        raise AdapterError(f'adapter_config.json says method "{config["method"]}"; this reads meft1.')
    return _load_meft1(files, config, base_model, check_base)


def _load_meft1(files, config, base_model, check_base):
    if check_base:
        _check_base(config["base_model"]["sha256"], base_model)
    given = config["hyper_parameters"]
    if given.get("final_combination", "mean") != "mean":
        raise AdapterError(f'final_combination is "{given["final_combination"]}"; this knows mean.')
    pooling = config["pooling"]
    bert = bert_model(base_model, pooling)
    fixed = {"fraction_bits": given["fraction_bits"]} if given["streams"] == "fixed" else {}
    hyper_parameters = Meft1Config(
        adapter_size=given["adapter_size"],
        lam=given["lambda"],
        beta=given["beta"],
        streams=given["streams"],
        dropout=given.get("dropout", 0.0),
        **fixed,
    )
    module = Meft1ForSequenceClassification(bert, config["num_labels"], pooling, hyper_parameters)
    _fill(module.trainable(), load_tensors(_file(files, "adapter.safetensors")))
    tokenizer = AutoTokenizer.from_pretrained(base_model)
    return Loaded(module.eval(), tokenizer, _labels(files), pooling, config["max_length"], config.get("self_test"))


def _load_peft(files, base_model):
    from peft import PeftModel, get_peft_model_state_dict

    self_test = _json(files, "self_test.json") if "self_test.json" in files else None
    pooling = self_test["pooling"] if self_test else "cls"
    labels = _labels(files)
    model = bert_for_sequence_classification(base_model, pooling, len(labels))
    with tempfile.TemporaryDirectory() as folder:
        for name in ("adapter_config.json", "adapter_model.safetensors"):
            (Path(folder) / name).write_bytes(_file(files, name))
        try:
            model = PeftModel.from_pretrained(model, folder)
        except RuntimeError as error:
            raise AdapterError(f"PEFT does not load it on {base_model}: {error}") from error
    saved, taken = load_tensors(files["adapter_model.safetensors"]), get_peft_model_state_dict(model)
    if set(saved) != set(taken):  # PEFT itself passes over names that it does not know
        raise AdapterError(f"PEFT reads other tensors than adapter_model.safetensors holds: {sorted(set(saved) ^ set(taken))[:3]}.")
    tokenizer = AutoTokenizer.from_pretrained(base_model)
    max_length = (self_test or {}).get("max_length", model.config.max_position_embeddings)
    return Loaded(_LogitsOnly(model).eval(), tokenizer, labels, pooling, max_length, self_test)


def _read_files(path):
    """{name: bytes} of a folder's or a zip's own files; a zip may hold them in one folder."""
    if path.is_dir():
        return {p.name: p.read_bytes() for p in path.iterdir() if p.is_file()}
    if not path.is_file():
        raise AdapterError(f"{path} is neither a folder nor a file.")
    try:
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            return {Path(entry.filename).name: archive.read(entry) for entry in archive.infolist() if not entry.is_dir()}
    except zipfile.BadZipFile as error:
        raise AdapterError(f"{path} is not a zip: {error}.") from error


def _file(files, name):
    if name not in files:
        raise AdapterError(f"{name} is missing; there are {', '.join(sorted(files)) or 'no files'}.")
    return files[name]


def _json(files, name):
    return json.loads(_file(files, name).decode("utf-8"))


def _labels(files):
    return _json(files, "labels.json")["labels"]


def _check_base(expected, base_model):
    found = hashlib.sha256((base_model / "model.safetensors").read_bytes()).hexdigest()
    if found != expected:
        raise AdapterError(
            f"the adapter was trained on weights with sha256 {expected}, but {base_model / 'model.safetensors'} has {found}. "
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
