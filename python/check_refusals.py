"""Checks that retrace.load refuses what is wrong and says what: exports of four methods, each damaged in one way. Exit 1 where one is taken,
or where the message does not name the fault.

Usage: python check_refusals.py      Needs the bundled model and nothing else.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from check_adapter import quiet
from check_loading import BUNDLED, export
from record.counts import LORA, MEFT, READ, SPARSE
from retrace import AdapterError, load

EXPORTS = {
    "meft1": MEFT,
    "read": READ | {"rnn_type": "gru", "joiner": False},
    "sparse_meft": SPARSE | {"adapter_size": 256},
    "lora": LORA | {"target_modules": ["query", "value"], "bias": "all"},
}
A_BIAS = "base_model.model.bert.encoder.layer.0.attention.self.key.bias"


def key(name, value):
    """Sets a key of adapter_config.json."""

    def damage(folder):
        config = json.loads((folder / "adapter_config.json").read_text())
        (folder / "adapter_config.json").write_text(json.dumps(config | {name: value}))

    return damage


def hyper(name, value):
    def damage(folder):
        given = json.loads((folder / "adapter_config.json").read_text())["hyper_parameters"]
        key("hyper_parameters", given | {name: value})(folder)

    return damage


def tensors(change):
    """Changes the dictionary of tensors; the metadata is lost, and adapter_config.json serves."""

    def damage(folder):
        path = next(folder.glob("adapter*.safetensors"))
        held = load_file(path)
        change(held)
        save_file(held, path)

    return damage


def text(name, content):
    return lambda folder: (folder / name).write_text(content)


def half(folder):
    path = folder / "adapter.safetensors"
    path.write_bytes(path.read_bytes()[:-9])


FAULTS = [  # method, what is done to its folder, words of the message
    ("meft1", text("adapter_config.json", "{"), "adapter_config.json is not JSON"),
    ("meft1", text("adapter_config.json", "null"), "should be a JSON object"),
    ("meft1", key("format_version", 2), "version 2"),
    ("meft1", key("method", "meft9"), 'method "meft9"; this reads'),
    ("meft1", key("num_labels", -7), "num_labels is -7"),
    ("meft1", key("pooling", "max"), "pooling is 'max'"),
    ("meft1", key("max_length", 0), "max_length is 0"),
    ("meft1", key("max_length", 513), "the base has 512 positions"),
    ("meft1", key("hyper_parameters", []), "hyper_parameters is []"),
    ("meft1", key("hyper_parameters", {}), "lacks 'adapter_size'"),
    ("meft1", hyper("lambda", 0.1), "1, 1/2, 1/4"),
    ("meft1", hyper("streams", "int"), "float, fixed"),
    ("meft1", hyper("frozen_layers", 6), "at least one must be left"),
    ("meft1", hyper("adapter_size", 4), "has shape [8, 384], expected [4, 384]"),
    ("meft1", key("self_test", {"texts": ["a"], "logits": [[1.0]]}), "3 numbers"),
    ("meft1", half, "damaged or not whole"),
    ("meft1", tensors(lambda t: t.pop("classifier.bias")), "lacks ['classifier.bias']"),
    ("meft1", tensors(lambda t: t.update(other=torch.zeros(1))), "unknown ['other']"),
    ("meft1", tensors(lambda t: t["classifier.bias"].fill_(torch.nan)), "3 values that are not finite"),
    ("meft1", tensors(lambda t: t.update({"classifier.bias": torch.zeros(3).int()})), "is int32"),
    ("meft1", text("labels.json", '{"labels": ["a"]}'), "names 1 classes, the classifier has 3"),
    ("meft1", text("labels.json", '{"labels": ["a", "b", "a"]}'), "'a' for two classes"),
    ("read", hyper("aggregation", "max"), "mean, last"),
    ("sparse_meft", hyper("num_activated", 0), "at least 1"),
    ("sparse_meft", hyper("num_experts", 3), "256 neurons do not divide into 3 experts"),
    ("lora", key("peft_type", "ADALORA"), "LORA, IA3"),
    ("lora", key("r", 3), "PEFT does not load it"),
    ("lora", tensors(lambda t: t.pop(A_BIAS)), A_BIAS),
]
BASES = [  # what is done to the base's folder, words of the message
    (lambda folder: shutil.rmtree(folder), "there is no config.json and no tokenizer.json and no model.safetensors"),
    (lambda folder: (folder / "tokenizer.json").unlink(), "there is no tokenizer.json"),
    (text("tokenizer.json", "{"), "tokenizer.json cannot be used"),
    (text("config.json", "{"), "config.json is not JSON"),
    (text("config.json", '{"model_type": "electra"}'), 'model_type "electra"'),
    (text("model.safetensors", "no"), "Transformers does not load"),
]


def refusal(adapter, base):
    """What load says, or None where it takes it."""
    try:
        load(adapter, base, check_base=False)
    except AdapterError as error:
        return str(error)
    return None


def copies(folder):
    """A folder of each export with all its files, adapter_config.json among them."""
    for method, hyper_parameters in EXPORTS.items():
        (folder / method).mkdir()
        export(folder / method, method, "mean", hyper_parameters, BUNDLED)
        (folder / method / "adapter.zip").unlink(missing_ok=True)
        path = folder / method / "adapter.safetensors"
        if path.exists():
            header = path.read_bytes()
            size = int.from_bytes(header[:8], "little")
            metadata = json.loads(header[8 : 8 + size])["__metadata__"]
            (folder / method / "adapter_config.json").write_text(metadata["retrace"])


def main():
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    quiet()
    failed = 0
    with tempfile.TemporaryDirectory() as place:
        sound, damaged, base = Path(place) / "sound", Path(place) / "damaged", Path(place) / "base"
        sound.mkdir()
        copies(sound)
        cases = [(method, damage, damaged, words) for method, damage, words in FAULTS]
        for method, damage, target, words in (*cases, *(("meft1", damage, base, words) for damage, words in BASES)):
            for source, copy in ((sound / method, damaged), (BUNDLED, base)):
                shutil.rmtree(copy, ignore_errors=True)
                shutil.copytree(source, copy)
            if refusal(damaged, base) is not None:
                raise RuntimeError(f"the sound export of {method} is refused")
            damage(target)
            said = refusal(damaged, base)
            good = said is not None and words in said
            failed += not good
            print(f"{'ok' if good else 'FAILED'}  {method}: {said or 'taken'}".replace(place, ""), flush=True)
    print(f"{len(FAULTS) + len(BASES)} faults, {failed} not refused as they should be")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
