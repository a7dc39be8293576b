"""The base model: a Hugging Face folder as a Transformers module in float32 with plain ("eager") attention; or, where only shapes matter,
random weights of a BertConfig.

Transformers fills what a checkpoint lacks with random numbers and goes on. Here only the classifier may be new; another hole is an error.
"""

import json
import re

import torch
from safetensors import SafetensorError
from transformers import AutoTokenizer, BertConfig, BertModel

from .errors import AdapterError
from .pooling import POOLINGS, BertForSequenceClassificationWithMeanPooling, BertForSequenceClassificationWithPast


# Where weights may stand, in the order in which Transformers looks for them; an index lists the files of several.
WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
# Each part of a folder, by the files of which one serves.
FILES = (("config.json",), ("tokenizer.json", "vocab.txt", "vocab.json"), WEIGHTS)


def weight_files(folder):
    """The files of a folder's weights in the order of their names, none where there are none. Error: AdapterError."""
    found = next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)
    if found is None or found.suffix != ".json":
        return [] if found is None else [found]
    try:
        shards = sorted(set(json.loads(found.read_text(encoding="utf-8"))["weight_map"].values()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AdapterError(f"{found} is no index of weights: {one_line(error)}. Download it again.") from error
    absent = [name for name in shards if not (folder / name).is_file()]
    if absent:
        raise AdapterError(f"{folder} lacks {', '.join(absent)}, which {found.name} lists. Download them too.")
    return [folder / name for name in shards]


def read_base(folder):
    """config.json of a base model's folder, which must be a whole BERT. Error: AdapterError."""
    absent = [names[0] for names in FILES if not any((folder / name).is_file() for name in names)]
    if absent:
        whole = ", ".join(names[0] for names in FILES)
        raise AdapterError(f"{folder} is no base model: there is no {' and no '.join(absent)}. Give a folder with {whole}.")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise AdapterError(f"{folder / 'config.json'} is not JSON: {error}. Download it again.") from error
    model_type = config.get("model_type") if isinstance(config, dict) else None
    # Configurations of 2018 and 2019 name no type; what lacks a BERT's tensors is found when it is loaded.
    if model_type not in ("bert", None) or not isinstance(config, dict):
        raise AdapterError(f'{folder / "config.json"} says model_type "{model_type}"; this loads "bert".')
    return config


def tokenizer_of(folder):
    try:
        return AutoTokenizer.from_pretrained(folder)
    except Exception as error:  # of many kinds: the reader of tokenizer.json has no type of its own
        raise AdapterError(f"{folder / 'tokenizer.json'} cannot be used: {one_line(error)}. Download it again.") from error


def one_line(error):
    """What an error of another package says, its many lines in one of bearable length."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:400]


def bert_model(base_model, pooling):
    """BertModel, with its pooler for pooling "cls" only."""
    return _whole(BertModel, base_model, pooling, add_pooling_layer=pooling == "cls")


def bert_for_sequence_classification(base_model, pooling, num_labels):
    """The Transformers classifier; a classifier of another size in the folder is replaced by a fresh one."""
    model_class = BertForSequenceClassificationWithMeanPooling if pooling == "mean" else BertForSequenceClassificationWithPast
    if isinstance(base_model, BertConfig):
        base_model.num_labels = num_labels
        return _whole(model_class, base_model, pooling)
    return _whole(model_class, base_model, pooling, num_labels=num_labels, ignore_mismatched_sizes=True)


def lies_below(name, frozen_layers):
    """Whether a parameter belongs to the embeddings or a bottom layer that stays as it is; none does where no layer is frozen."""
    layer = re.search(r"encoder\.layer\.(\d+)\.", name)
    return frozen_layers > 0 and (int(layer[1]) < frozen_layers if layer else "embeddings." in name)


def _whole(model_class, base_model, pooling, **options):
    if pooling not in POOLINGS:
        raise AdapterError(f'pooling is "{pooling}"; known are {", ".join(POOLINGS)}.')
    if isinstance(base_model, BertConfig):
        return model_class._from_config(base_model, attn_implementation="eager", **options)
    try:
        model, info = model_class.from_pretrained(
            base_model, dtype=torch.float32, attn_implementation="eager", output_loading_info=True, **options
        )
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        raise AdapterError(f"Transformers does not load {base_model}: {one_line(error)}") from error
    absent = {*info["missing_keys"], *(name for name, *_ in info["mismatched_keys"])}
    holes = sorted(name for name in absent if not name.startswith("classifier."))
    if holes:
        raise AdapterError(f"{base_model} lacks {len(holes)} tensors or has them in another shape than its config.json says: {holes[:3]}.")
    return model
