"""The reference run of PyTorch: MEFT1 with fixed streams learns the ten domains of CLINC150 in 200 steps, as the first run of the page does.

Writes the loss of every step and the accuracy on the whole validation part, for a few seeds, to vectors/quality: curves to lay beside
Retrace's own, not bits to equal (another generator, other orders of summation). A minute a seed on two cores.
Usage, from python/: python -m record.quality [--base FOLDER] [--seeds 42 43 44]
"""

import argparse
import csv
import random
from pathlib import Path

import torch
from torch import nn
from transformers import AutoTokenizer, get_linear_schedule_with_warmup, set_seed
from transformers.trainer_pt_utils import get_parameter_names

from retrace.base import bert_model
from retrace.meft import Meft1Config, Meft1ForSequenceClassification

from .optimizer import NO_DECAY
from .recording import VECTORS, write_json

PUBLIC = VECTORS.parent.parent / "public"
STEPS, BATCH_SIZE, LEARNING_RATE, WARMUP_RATIO, WEIGHT_DECAY, DROPOUT, MAX_LENGTH = 200, 16, 3e-3, 0.06, 0.1, 0.1, 128
CONFIG = Meft1Config(adapter_size=8, lam=0.125, beta=1.0, streams="fixed", fraction_bits=16, dropout=DROPOUT)


def read(part, tokenizer, labels):
    """[(input_ids, label)] of a part; `labels` grows in the order of appearance."""
    with (PUBLIC / "data" / "clinc150" / f"{part}.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    ids = tokenizer([row["text"] for row in rows], truncation=True, max_length=MAX_LENGTH)["input_ids"]
    return [(i, labels.setdefault(row["domain"], len(labels))) for i, row in zip(ids, rows, strict=True)]


def length_grouped_batches(examples, shuffle):
    """Shuffled, cut into pieces of 50 batches, sorted by length within each: Trainer's group_by_length."""
    order = list(range(len(examples)))
    shuffle.shuffle(order)
    piece = 50 * BATCH_SIZE
    for start in range(0, len(order), piece):
        part = sorted(order[start : start + piece], key=lambda i: len(examples[i][0]))
        batches = [part[i : i + BATCH_SIZE] for i in range(0, len(part), BATCH_SIZE)]
        shuffle.shuffle(batches)
        yield from (collate([examples[i] for i in batch]) for batch in batches)


def collate(examples):
    length = max(len(ids) for ids, _ in examples)
    input_ids = torch.tensor([ids + [0] * (length - len(ids)) for ids, _ in examples])
    return input_ids, (input_ids != 0).long(), torch.tensor([label for _, label in examples])


@torch.no_grad()
def accuracy(model, examples):
    ordered = sorted(examples, key=lambda e: len(e[0]))
    right = 0
    for start in range(0, len(ordered), 64):
        input_ids, attention_mask, labels = collate(ordered[start : start + 64])
        right += (model(input_ids, attention_mask).argmax(-1) == labels).sum().item()
    return right / len(examples)


def train(model, examples, seed):
    """Trains in place; yields the loss of each step."""
    decayed = set(get_parameter_names(model, [nn.LayerNorm], NO_DECAY))
    trainable = model.trainable()
    groups = [{"params": [p for n, p in trainable.items() if (n in decayed) == yes], "weight_decay": WEIGHT_DECAY * yes} for yes in (True, False)]
    optimizer = torch.optim.AdamW(groups, lr=LEARNING_RATE, betas=(0.9, 0.98), eps=1e-6)
    schedule = get_linear_schedule_with_warmup(optimizer, round(WARMUP_RATIO * STEPS), STEPS)
    batches = length_grouped_batches(examples, random.Random(seed))
    for _, (input_ids, attention_mask, labels) in zip(range(STEPS), batches):
        loss = nn.functional.cross_entropy(model(input_ids, attention_mask), labels)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(trainable.values(), 1.0)
        optimizer.step()
        schedule.step()
        yield loss.item()


def run(base, seed):
    """{seed, loss of each step, accuracy on the validation part after the last}."""
    set_seed(seed)
    tokenizer, labels = AutoTokenizer.from_pretrained(base), {}
    examples, validation = read("train", tokenizer, labels), read("validation", tokenizer, labels)
    model = Meft1ForSequenceClassification(bert_model(base, "mean"), len(labels), "mean", CONFIG).train()
    nn.init.normal_(model.classifier.weight, std=0.02)
    nn.init.zeros_(model.classifier.bias)
    losses = []
    for loss in train(model, examples, seed):
        losses.append(round(loss, 4))
        if len(losses) % 20 == 0:
            print(f"step {len(losses)}  mean loss of the last ten {sum(losses[-10:]) / 10:.3f}", flush=True)
    result = {"seed": seed, "loss": losses, "accuracy": accuracy(model.eval(), validation)}
    print(f"seed {seed}: accuracy on {len(validation)} validation texts {result['accuracy']:.4f}", flush=True)
    return result


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--base", type=Path, default=PUBLIC / "models" / "all-MiniLM-L6-v2")
    arguments.add_argument("--seeds", type=int, nargs="+", default=[42, 43, 44])
    arguments = arguments.parse_args()
    torch.set_num_threads(2)
    runs = [run(arguments.base, seed) for seed in arguments.seeds]
    write_json(VECTORS / "quality" / "expected.json", {"recorded_by": "python/record/quality.py", "steps": STEPS, "runs": runs})


if __name__ == "__main__":
    main()
