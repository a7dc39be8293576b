"""The base model: a Hugging Face folder as a Transformers module in float32 with plain ("eager") attention; or, where only shapes matter,
random weights of a configuration.

Transformers fills what a checkpoint lacks with random numbers and goes on. Here only the head may be new; another hole is an error.
"""

import json
import re
from pathlib import Path

import torch
from safetensors import SafetensorError
from transformers import CONFIG_MAPPING, AutoImageProcessor, AutoTokenizer, PreTrainedConfig

from .architectures import ARCHITECTURES, architecture_of, frozen_of
from .errors import AdapterError
from .pooling import POOLINGS, classifier_of, image_classifier_of, with_mean_of_patches, with_mean_pooling, with_own_pooling


# Where weights may stand, in the order in which Transformers looks for them; an index lists the files of several.
WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
# Each part of a folder, by the files of which one serves. What reads pictures has no tokenizer, and a preprocessor_config.json that only raw pictures need.
FILES = (("config.json",), ("tokenizer.json", "vocab.txt", "vocab.json"), WEIGHTS)
FILES_OF_PICTURES = (("config.json",), WEIGHTS)


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
    """config.json of a base model's folder, which must be whole and of a known architecture. Error: AdapterError."""
    config = read_config(folder) if (folder / "config.json").is_file() else None
    files = FILES_OF_PICTURES if config and ARCHITECTURES[config["model_type"]].reads_pictures else FILES
    absent = [names[0] for names in files if not any((folder / name).is_file() for name in names)]
    if absent:
        whole = ", ".join(names[0] for names in files)
        raise AdapterError(f"{folder} is no base model: there is no {' and no '.join(absent)}. Give a folder with {whole}.")
    return config


def read_config(folder):
    """A folder's config.json, `model_type` included. Error: AdapterError."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise AdapterError(f"{folder / 'config.json'} is not JSON: {error}. Download it again.") from error
    model_type = config.get("model_type") if isinstance(config, dict) else None
    # Configurations of 2018 and 2019 name no type; what lacks a BERT's tensors is found when it is loaded.
    if model_type not in (*ARCHITECTURES, None) or not isinstance(config, dict):
        raise AdapterError(f'{folder / "config.json"} says model_type "{model_type}"; this loads {", ".join(ARCHITECTURES)}.')
    return config if "model_type" in config else config | {"model_type": "bert"}


def tokenizer_of(folder):
    try:
        return AutoTokenizer.from_pretrained(folder)
    except Exception as error:  # of many kinds: the reader of tokenizer.json has no type of its own
        raise AdapterError(f"{folder / 'tokenizer.json'} cannot be used: {one_line(error)}. Download it again.") from error


def processor_of(folder):
    """Transformers' preprocessing of pictures, None in a folder that does not say how its base was trained to see them."""
    if not (folder / "preprocessor_config.json").is_file():
        return None
    try:
        return AutoImageProcessor.from_pretrained(folder)
    except Exception as error:  # of many kinds
        raise AdapterError(f"{folder / 'preprocessor_config.json'} cannot be used: {one_line(error)}. Download it again.") from error


def one_line(error):
    """What an error of another package says, its many lines in one of bearable length."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:400]


def classifier_model(base_model, pooling, num_labels):
    """A Transformers classifier, `base_model` a folder or a configuration for random weights; a head of another size in the folder is replaced by a
    fresh one. With the architecture's own pooling its own head, with "mean" one dense layer, with "vocabulary" no classifier but the model of causal or
    sequence-to-sequence language modelling, whose head is the table of words, at every token. Error: AdapterError.
    """
    config = base_model if isinstance(base_model, PreTrainedConfig) else config_of(base_model)
    architecture = architecture_of(config)
    if pooling == "vocabulary" and architecture.vocabulary:
        return _whole(architecture.vocabulary._model_mapping[type(config)], base_model, config, ())
    if pooling not in ("mean", *architecture.own_heads):
        own = " and ".join(f'"{name}"' for name in ("mean", *architecture.own_heads))
        known = "known are " + ", ".join(POOLINGS) if pooling not in POOLINGS else f"{config.model_type} has {own}"
        raise AdapterError(f'pooling is "{pooling}"; {known}.')
    model_class = _class_of(config, architecture, pooling)
    config.num_labels = num_labels
    if config is base_model:
        return model_class._from_config(config, attn_implementation="eager")
    return _whole(model_class, base_model, config, ("classifier",) if pooling == "mean" else architecture.own_heads[pooling][0])


def _class_of(config, architecture, pooling):
    if architecture.reads_pictures:
        if pooling == "mean":
            return with_mean_of_patches(image_classifier_of(config), architecture.leading_tokens)
        return image_classifier_of(config, list(architecture.own_heads).index(pooling))
    parent = classifier_of(config)
    return with_mean_pooling(parent) if pooling == "mean" else with_own_pooling(parent, architecture.pooling, architecture.head)


def lies_below(name, frozen_layers, config):
    """Whether a parameter of a backbone belongs to a bottom layer that stays as it is, or to the embeddings of a stack that has such layers. `name` may
    have anything before the backbone's own names.
    """
    frozen = frozen_of(config, frozen_layers)
    for stack in architecture_of(config).stacks:
        layer = re.search(rf"(?:^|\.){re.escape(stack.path)}\.(\d+)\.", name)
        if layer:
            return int(layer[1]) < frozen[stack.path]
        if frozen[stack.path] and any(f".{below}" in f".{name}" for below in stack.below):
            return True
    return False


def config_of(folder):
    """A base model's configuration. Error: AdapterError."""
    folder = Path(folder)
    try:
        return CONFIG_MAPPING[read_config(folder)["model_type"]].from_pretrained(folder)
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        raise error if isinstance(error, AdapterError) else AdapterError(f"Transformers does not read {folder}: {one_line(error)}") from error


def _whole(model_class, folder, config, heads):
    try:
        model, info = model_class.from_pretrained(
            folder, config=config, dtype=torch.float32, attn_implementation="eager", output_loading_info=True, ignore_mismatched_sizes=True
        )
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        raise AdapterError(f"Transformers does not load {folder}: {one_line(error)}") from error
    absent = {*info["missing_keys"], *(name for name, *_ in info["mismatched_keys"])}
    holes = sorted(name for name in absent if name.split(".")[0] not in heads)
    if holes:
        raise AdapterError(f"{folder} lacks {len(holes)} tensors or has them in another shape than its config.json says: {holes[:3]}.")
    return model
