"""Loads what Retrace exports, a folder or a zip, on top of Transformers: our own layout (methods/), or PEFT's (peft_layout.py).

What it is not: a downloader. The base model is a folder on disk, and its weights must be the very ones that the adapter was trained
on (sha256 of the weights; of several files, of their bytes in the order of names), unless asked otherwise. It breaks if a file's tensors
do not fit the module one to one.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from torch import nn
from transformers import BaseImageProcessor, PreTrainedConfig, PreTrainedTokenizerBase

from .architectures import architecture_of
from .archive import file_of, json_of, labels_of, mirrored_config, read_files, with_pictures
from .base import config_of, one_line, processor_of, read_base, tokenizer_of, weight_files
from .config import check_config
from .continuations import continuations_of, log_likelihood, of_itself
from .errors import AdapterError
from .methods import METHODS, build
from .peft_layout import config_of_peft, load_through_peft
from .pictures import table_for
from .tensors import fill

FORMAT_VERSION = 1


@dataclass
class Loaded:
    module: nn.Module  # in eval mode; calling it with input_ids, attention_mask, token_type_ids, or with pixel_values, gives logits
    tokenizer: PreTrainedTokenizerBase | BaseImageProcessor | None  # of pictures Transformers' preprocessing, where the base says what it is
    labels: list[str]  # none of a regression, of choices and of words
    pooling: str  # "vocabulary" where the model writes
    max_length: int | None  # none of pictures
    # {"texts": [text, [text, text_pair], {"text", "text_pair", "choices", "target"}, or pixels [3, H, W]], "logits": [[float]]}
    self_test: dict | None
    head: str = "sequence"  # what outputs are made of: a vector of a text, one of each of its "choices", or "words"
    config: PreTrainedConfig | None = None  # of the base
    image_size: int | None = None  # of pictures that are preprocessed here

    @torch.no_grad()
    def logits(self, texts):
        """Logits [len(texts), num_labels] in float32, one text at a time: as many as there are, without padding. A picture in the place of a text is a PIL
        image, or pixels as they enter the model, a tensor [3, H, W]."""
        return torch.cat([self.module(**self._encode(text)) for text in texts])

    def outputs(self, text):
        """What the model makes of a text, a list of floats: logits; a score for each choice; or of each choice, of a target, or of the text alone how
        likely the model writes it, as the sum of its tokens' log-probabilities."""
        if self.head == "words":
            rows = continuations_of(text)
            rows = of_itself(rows) if getattr(self.config, "is_encoder_decoder", False) else rows
            return [log_likelihood(self.module, self.tokenizer, self.config, *row[:2], self.max_length, row[2]) for row in rows]
        if self.head == "choices" and isinstance(text, dict):
            pair = text.get("text_pair")
            behind = [choice if pair is None else f"{pair} {choice}" for choice in text["choices"]]
            return self.logits([[text["text"], choice] for choice in behind])[:, 0].tolist()
        return self.logits([text])[0].tolist()

    def predict(self, text):
        """Probability by label, or by choice; of a regression, the number; of a text that is written, its log-likelihood."""
        if self.head != "sequence":
            found = self.outputs(text)
            if not isinstance(text, dict) or "choices" not in text:
                return found[0]
            return dict(zip(text["choices"], torch.tensor(found).softmax(0).tolist(), strict=True))
        if not self.labels:
            return self.logits([text]).item()
        probabilities = self.logits([text])[0].softmax(-1).tolist()
        return dict(zip(self.labels, probabilities, strict=True))

    def _encode(self, text):
        if architecture_of(self.config).reads_pictures:
            return {"pixel_values": self._pixels(text)[None]}
        parts = (text,) if isinstance(text, str) else tuple(text) if isinstance(text, list | tuple) else ()
        if len(parts) not in (1, 2) or not all(isinstance(part, str) for part in parts):
            raise TypeError(f"a text is a string, or a pair of them; this is {str(text)[:80]!r}")
        encoded = self.tokenizer(*parts, truncation=True, max_length=self.max_length, return_tensors="pt", return_token_type_ids=True)
        return {name: encoded[name] for name in ("input_ids", "attention_mask", "token_type_ids")}


    def _pixels(self, picture):
        if isinstance(picture, torch.Tensor):
            return picture
        if self.tokenizer is None:
            raise TypeError("the base has no preprocessor_config.json, so a picture must be given as pixels, a tensor [3, height, width]")
        size = {"height": self.image_size, "width": self.image_size}
        return self.tokenizer(images=picture, size=size, return_tensors="pt")["pixel_values"][0]


def load(folder_or_zip, base_model, check_base=True):
    """The exported classifier as `Loaded`. `base_model` is a Hugging Face folder: config.json, tokenizer (of pictures, preprocessor_config.json), weights."""
    base_model = Path(base_model)
    files = read_files(Path(folder_or_zip))
    read_base(base_model)  # refuses a folder that is not whole
    base_config = config_of(base_model)
    try:
        return _load(files, base_model, base_config, check_base)
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError, SafetensorError) as error:
        raise AdapterError(f"{folder_or_zip} is damaged or not whole: {one_line(error)}. Export it again.") from error


def _load(files, base_model, base_config, check_base):
    given = json_of(files, "adapter_config.json") if "adapter_config.json" in files else None
    through_peft = given is not None and "peft_type" in given
    config = config_of_peft(files, base_config) if through_peft else _own_config(files, given)
    pictures = architecture_of(base_config).reads_pictures
    if pictures:
        config = config | {"self_test": with_pictures(files, config.get("self_test"))}
    check_config(config, base_config)
    head = config.get("head", "sequence")
    if head == "words":
        config = config | {"pooling": "vocabulary"}
    if check_base and config["base_model"]["sha256"]:
        _check_base(config["base_model"]["sha256"], base_model)
    module = (load_through_peft if through_peft else _own)(files, config, base_model).eval()
    labels = labels_of(files, config)
    image_size = (config.get("image_size") or base_config.image_size) if pictures else None
    tokenizer = (processor_of if pictures else tokenizer_of)(base_model)
    return Loaded(module, tokenizer, labels, config["pooling"], config.get("max_length"), config.get("self_test"), head, base_config, image_size)


def _own_config(files, given):
    config = given if given is not None else mirrored_config(file_of(files, "adapter.safetensors")) or {}
    if config.get("format") != "retrace" or config.get("format_version") != FORMAT_VERSION:
        found = f"format {config.get('format')!r}, version {config.get('format_version')!r}"
        raise AdapterError(f'The adapter says {found}; this reads "retrace", version {FORMAT_VERSION}, and PEFT adapters.')
    if config["method"] not in METHODS:
        raise AdapterError(f'The adapter says method "{config["method"]}"; this reads {", ".join(METHODS)}.')
    return config


def _own(files, config, base_model):
    try:
        module = build(config["method"], base_model, config["num_labels"], config["pooling"], config["hyper_parameters"])
    except AdapterError:
        raise
    except KeyError as error:
        raise AdapterError(f"hyper_parameters lacks {error}, which {config['method']} needs.") from error
    except ValueError as error:  # hyper-parameters that fit neither each other nor the base
        raise AdapterError(f"{config['method']} cannot be built on {base_model}: {error}") from error
    tensors = load_tensors(file_of(files, "adapter.safetensors"))
    table_for(module, tensors)
    fill(module.shared(module.trainable()), tensors)
    return module


def _check_base(expected, base_model):
    weights = weight_files(base_model)
    digest = hashlib.sha256()
    for path in weights:
        with path.open("rb") as file:
            while piece := file.read(2**22):
                digest.update(piece)
    found = digest.hexdigest()
    if found != expected:
        raise AdapterError(
            f"The adapter was trained on weights with sha256 {expected}, but {', '.join(map(str, weights))} has {found}. "
            "Take the base that the model card names, or pass check_base=False if you know that the weights are equal."
        )
