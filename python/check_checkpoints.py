"""Measures real checkpoints, by Transformers and with weights widened to float32: how large their hidden states become, and what an engine must give.

Usage: python check_checkpoints.py FOLDER [--glue FOLDER] [--out FILE]      FOLDER: holds a folder of each checkpoint, or is one

Prints for each checkpoint the largest magnitude that leaves a layer (plain), and that the streams of MEFT1, MEFT2 and MEFT3 reach with untrained
adapters and factors of 1/8, on 64 texts; and the fraction bits that leave eight times as much room in 32 bits. The texts are SST-2's and MRPC's
(--glue; without it a few sentences), and antibody chains for a vocabulary that has no words. With --out it writes

    {name: {"model_type", "texts": [text], "input_ids": [[id]], "last_hidden_state": [[[C] T]], "logits": [[V]]}}

of four texts, each by itself: special tokens as the tokenizer sets them, the hidden states that the backbone ends with (BART: the decoder's, which
reads the ids shifted right), and the logits of the vocabulary at the last token, where the architecture is a causal or sequence-to-sequence model.
"""

import argparse
import json
import math
import random
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

from check_adapter import quiet
from retrace.architectures import defaults_of, positions_of
from retrace.base import classifier_model, read_base, tokenizer_of
from retrace.methods import build
from retrace.methods.meft import Meft1
from retrace.streams import FloatStream

torch.set_num_threads(1)
MEASURED, RECORDED, ROOM = 64, 4, 8
SENTENCES = ["it's a charming and often affecting journey.", "A man with a hard hat is dancing.", "unflinchingly bleak and desperate", "Nobody knows how far away it is, or when it was built."]
# The heavy chains of adalimumab's germline family and of trastuzumab, as published.
CHAINS = [
    "EVQLVESGGGLVQPGGSLRLSCAASGFTFSSYAMSWVRQAPGKGLEWVSAISGSGGSTYYADSVKGRFTISRDNSKNTLYLQMNSLRAEDTAVYYCAKDRLSITIRPRYYGLDVWGQGTLVTVSS",
    "EVQLVESGGGLVQPGGSLRLSCAASGFNIKDTYIHWVRQAPGKGLEWVARIYPTNGYTRYADSVKGRFTISADTSKNTAYLQMNSLRAEDTAVYYCSRWGGDGFYAMDYWGQGTLVTVSS",
]
FACTORS = {"meft1": (0.125, 1.0), "meft2": (1.0, 0.125), "meft3": (0.125, 0.125)}


def sentences(glue):
    """64 of GLUE's development texts, short and long, or those above."""
    if glue is None:
        return SENTENCES
    read = lambda path: [line.split("\t") for line in path.read_text(encoding="utf-8-sig").splitlines()[1:]]
    half = MEASURED // 2
    short = [row[0] for row in read(glue / "SST-2" / "dev.tsv")[:half]]
    return [text for pair in zip(short, [row[3] for row in read(glue / "MRPC" / "dev.tsv")[:half]], strict=True) for text in pair]


def chains():
    """The chains, and such as differ from them in one residue of ten."""
    draw = random.Random(1)
    change = lambda chain: "".join(draw.choice("ACDEFGHIKLMNPQRSTVWY") if draw.random() < 0.1 else residue for residue in chain)
    return [*CHAINS, *(change(CHAINS[i % 2]) for i in range(MEASURED - 2))]


def encoded(tokenizer, texts, most):
    return [torch.tensor([tokenizer(text, truncation=True, max_length=most)["input_ids"]]) for text in texts]


def texts_for(tokenizer, glue, most):
    """Texts that the vocabulary has, and their ids [1, T]."""
    texts = sentences(glue)
    ids = encoded(tokenizer, texts, most)
    unknown = sum(int((row == tokenizer.unk_token_id).sum()) for row in ids)
    if unknown * 20 > sum(row.shape[1] for row in ids):
        texts = chains()
        ids = encoded(tokenizer, texts, most)
    return texts, ids


class Measured(FloatStream):
    """A stream that remembers how large any of them became."""

    largest = 0.0

    def __init__(self, value):
        super().__init__(value)
        Measured.largest = max(Measured.largest, value.abs().max().item())

    def update(self, factor, addend):
        return Measured(factor * self.value + addend)


@torch.no_grad()
def largest_plain(folder, ids):
    """Over the embeddings and what leaves every layer, before a last norm."""
    model, largest = build("linear-probe", folder, 2, "mean", {}).eval(), [0.0]
    architecture, backbone = model.architecture, model.model.base_model
    look = lambda module, inputs, output: largest.append(max(inputs[0].abs().max().item(), output.abs().max().item()))
    for stack in architecture.stacks:
        for layer in stack.layers(backbone):
            layer.register_forward_hook(look)
    for row in ids:
        model(row, torch.ones_like(row))
    return max(largest)


@torch.no_grad()
def largest_streams(folder, ids, method, joined):
    torch.manual_seed(0)
    lam, beta = FACTORS[method]
    hyper_parameters = {"adapter_size": 8, "streams": "float", "lambda": lam, "beta": beta, **joined}
    model = build(method, folder, 2, "mean", hyper_parameters).eval()
    Measured.largest = 0.0
    start, Meft1.start = Meft1.start, staticmethod(lambda h, given: Measured(h))
    try:
        for row in ids:
            model(row, torch.ones_like(row))
    finally:
        Meft1.start = start
    return Measured.largest


@torch.no_grad()
def record(folder, texts, ids):
    config = read_base(folder)
    backbone = classifier_model(folder, "mean", 2).eval().base_model
    entry = {"model_type": config["model_type"], "texts": texts, "input_ids": [row[0].tolist() for row in ids]}
    entry["last_hidden_state"] = [backbone(row).last_hidden_state[0].tolist() for row in ids]
    vocabulary = AutoModelForSeq2SeqLM if config["model_type"] == "bart" else AutoModelForCausalLM if config["model_type"] in ("gpt2", "opt") else None
    if vocabulary is not None:
        model = vocabulary.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        entry["logits"] = [model(row).logits[0, -1].tolist() for row in ids]
    return entry


def bits_for(largest):
    return min(26, math.floor(31 - math.log2(ROOM * largest)))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path, help="of checkpoints, or one checkpoint")
    arguments.add_argument("--glue", type=Path, help="folder with SST-2/dev.tsv and MRPC/dev.tsv")
    arguments.add_argument("--out", type=Path, help="JSON of what an engine must give")
    arguments = arguments.parse_args()
    quiet()
    one = (arguments.folder / "config.json").is_file()
    folders = [arguments.folder] if one else sorted(path.parent for path in arguments.folder.glob("*/config.json"))
    if not folders:
        print(f"there is no config.json in {arguments.folder} or in a folder of it", file=sys.stderr)
        return 1
    recorded = {}
    print("checkpoint | plain | meft1 | meft2 | meft3 | fraction bits", flush=True)
    for folder in folders:
        tokenizer, config = tokenizer_of(folder), classifier_model(folder, "mean", 2).config
        joined = defaults_of(config).final_combination
        texts, ids = texts_for(tokenizer, arguments.glue, positions_of(config))
        plain = largest_plain(folder, ids)
        streams = [largest_streams(folder, ids, method, joined) for method in FACTORS]
        found = " | ".join(f"{x:.1f}" for x in (plain, *streams))
        print(f"{folder.name} | {found} | {bits_for(max(plain, *streams))}", flush=True)
        if arguments.out:
            recorded[folder.name] = record(folder, texts[:RECORDED], ids[:RECORDED])
    if arguments.out:
        arguments.out.write_text(json.dumps(recorded) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
