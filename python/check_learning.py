"""Trains in PyTorch from where Retrace's runs on the digits began, on the same pictures step for step, and compares with docs/learning/pictures: the losses of
the first 60 steps within 0.01 and the accuracy behind the last within two points, or exit 1. What differs by seed alone is none of it, so what is left is how each
computes; rounding grows from step to step, and late losses, near 0 but for a hard picture here and there, are apart by more.

`node scripts/bench.mjs pictures_start CHECKPOINTS STARTS` writes the starting values and the steps. Pictures are resized by Pillow, as Retrace resizes them, to
the byte; torchvision, by which record/pictures.py resizes where it is installed, gives some pixels another value.
Usage: python check_learning.py CHECKPOINTS STARTS [METHOD ...]
"""

import argparse
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch.nn.functional import cross_entropy
from transformers import ViTImageProcessorPil, set_seed

from record.pictures import MODEL, RATES, STEPS, collate, prepared, scores
from record.quality import SEED, train

RUNS = Path(__file__).resolve().parent.parent / "docs" / "learning" / "pictures"
FIRST, LOSS, SCORE = 60, 0.01, 0.02


@torch.no_grad()
def begin_at(model, start):
    """What the method adds gets the values of a file of Retrace; the rest is the checkpoint's."""
    own = model.shared(model.trainable())
    for name, values in load_file(start).items():
        own[name].copy_(values)


def replayed(method, base, starts):
    """(losses of every step, scores behind the last one)"""
    set_seed(SEED)
    model, examples, test, _ = prepared(method, base, ViTImageProcessorPil.from_pretrained(base))
    begin_at(model, starts / f"{method}.safetensors")
    batches = ([examples[i] for i in step] for step in json.loads((starts / "steps.json").read_text()))
    losses = list(train(model, examples, SEED, RATES[method], STEPS, cross_entropy, collate, batches))
    return losses, scores(model.eval(), test)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("checkpoints", type=Path, help=f"the folder of {MODEL}")
    arguments.add_argument("starts", type=Path, help="what pictures_start wrote")
    arguments.add_argument("methods", nargs="*", metavar="METHOD", help=f"of {', '.join(RATES)}; all where none is named")
    given = arguments.parse_args()
    failed = False
    for method in given.methods or RATES:
        losses, found = replayed(method, given.checkpoints / MODEL, given.starts)
        ours = json.loads((RUNS / f"{method}.json").read_text())
        apart = [abs(a - b) for a, b in zip(losses, ours["loss"], strict=True)]
        first, score, own = max(apart[:FIRST]), found["accuracy"], ours["metrics"]["accuracy"]
        failed |= first > LOSS or abs(score - own) > SCORE
        print(f"{method}: accuracy {100 * own:.2f} here, {100 * score:.2f} in PyTorch; losses apart by at most", end=" ")
        print(f"{first:.4f} in {FIRST} steps, {max(apart[:120]):.4f} in 120, {max(apart):.4f} in {len(apart)}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
