"""Measures real checkpoints, by Transformers and with weights widened to float32: how large their hidden states become, and what an engine must give.

Usage: python check_checkpoints.py FOLDER [--glue FOLDER] [--pictures FOLDER] [--out FILE]      FOLDER: holds a folder of each checkpoint, or is one

Prints for each checkpoint the largest magnitude that leaves a layer (plain), and that the streams of MEFT1, MEFT2 and MEFT3 reach with untrained
adapters and factors of 1/8, on 64 texts; and the fraction bits that leave eight times as much room in 32 bits. The texts are SST-2's and MRPC's
(--glue; without it a few sentences), and antibody chains for a vocabulary that has no words. With --out it writes

    {name: {"model_type", "texts": [text], "input_ids": [[id]], "last_hidden_state": [[[C] T]], "logits": [[V]]}}

of four texts, each by itself: special tokens as the tokenizer sets them, the hidden states that the backbone ends with (BART: the decoder's, which
reads the ids shifted right), and the logits of the vocabulary at the last token, where the architecture is a causal or sequence-to-sequence model.

Checkpoints that read pictures are measured on crops of photographs (--pictures; without it scikit-learn's two). Of these --out writes {"model_type",
"tensors": file}, and beside FILE a file of safetensors for each: `pixel_values` [4, 3, S, S] as they enter the model, `last_hidden_state` [4, T, C] behind the
last norm, and both with `_resized` behind their names of pictures two patches smaller each way, for which the table of positions is interpolated.
"""

import argparse
import json
import math
import random
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

from check_adapter import quiet
from retrace.architectures import architecture_of, defaults_of, positions_of
from retrace.base import classifier_model, read_base, tokenizer_of
from retrace.methods import build
from retrace.methods.meft import Meft1
from retrace.pictures import of_pictures
from retrace.streams import FloatStream

torch.set_num_threads(1)
MEASURED, PICTURES, RECORDED, ROOM = 64, 16, 4, 8
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


def photographs(folder):
    """Those of a folder, or two that scikit-learn has."""
    if folder is None:
        from sklearn.datasets import load_sample_images

        return [Image.fromarray(image) for image in load_sample_images().images]
    return [Image.open(path).convert("RGB") for path in sorted(folder.iterdir()) if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp")]


def crops(folder, base, size):
    """Squares of photographs, large and small, as pixels [1, 3, size, size] by the mean and deviation of the base's preprocessing."""
    path = base / "preprocessor_config.json"
    given = json.loads(path.read_text()) if path.is_file() else {}
    mean, std = (torch.tensor(given.get(f"image_{name}", [0.5] * 3)).view(3, 1, 1) for name in ("mean", "std"))
    draw, photos, found = random.Random(1), photographs(folder), []
    for i in range(PICTURES):
        photo = photos[i % len(photos)]
        side = round(min(photo.size) * (1 if i < len(photos) else draw.uniform(0.2, 1)))
        left, top = draw.randint(0, photo.width - side), draw.randint(0, photo.height - side)
        square = photo.crop((left, top, left + side, top + side)).resize((size, size), Image.Resampling.BICUBIC)
        found.append(((torch.from_numpy(np.array(square)).permute(2, 0, 1) / 255 - mean) / std)[None])
    return found


def inputs_of(x):
    """What a module of ours takes of ids [1, T] or pixels [1, 3, H, W]."""
    return {"pixel_values": x} if x.is_floating_point() else {"input_ids": x, "attention_mask": torch.ones_like(x)}


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
        model(**inputs_of(row))
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
            model(**inputs_of(row))
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


@torch.no_grad()
def record_pictures(folder, pictures, resized, path):
    """Writes the tensors to `path`."""
    backbone = classifier_model(folder, "mean", 2).eval().base_model
    tensors = {}
    for suffix, squares in (("", pictures), ("_resized", resized)):
        tensors[f"pixel_values{suffix}"] = torch.cat(squares)
        tensors[f"last_hidden_state{suffix}"] = torch.cat([backbone(**of_pictures(backbone, square)).last_hidden_state for square in squares])
    save_file(tensors, path)
    return {"model_type": backbone.config.model_type, "tensors": path.name}


def bits_for(largest):
    return min(26, math.floor(31 - math.log2(ROOM * largest)))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path, help="of checkpoints, or one checkpoint")
    arguments.add_argument("--glue", type=Path, help="folder with SST-2/dev.tsv and MRPC/dev.tsv")
    arguments.add_argument("--pictures", type=Path, help="folder of photographs")
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
        config = classifier_model(folder, "mean", 2).config
        joined, reads_pictures = defaults_of(config).final_combination, architecture_of(config).reads_pictures
        if reads_pictures:
            ids = crops(arguments.pictures, folder, config.image_size)
        else:
            texts, ids = texts_for(tokenizer_of(folder), arguments.glue, positions_of(config))
        plain = largest_plain(folder, ids)
        streams = [largest_streams(folder, ids, method, joined) for method in FACTORS]
        found = " | ".join(f"{x:.1f}" for x in (plain, *streams))
        print(f"{folder.name} | {found} | {bits_for(max(plain, *streams))}", flush=True)
        if arguments.out and reads_pictures:
            smaller = crops(arguments.pictures, folder, config.image_size - 2 * config.patch_size)[:RECORDED]
            path = arguments.out.with_name(f"{arguments.out.stem}-{folder.name}.safetensors")
            recorded[folder.name] = record_pictures(folder, ids[:RECORDED], smaller, path)
        elif arguments.out:
            recorded[folder.name] = record(folder, texts[:RECORDED], ids[:RECORDED])
    if arguments.out:
        arguments.out.write_text(json.dumps(recorded) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
