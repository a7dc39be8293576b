"""What PyTorch reaches with each method: 200 steps on the ten domains of CLINC150 with the bundled model, as the first run of the page.

Writes the loss of every step and the accuracy on the whole validation part to vectors/quality/METHOD.json: curves to lay beside Retrace's
own, not bits to equal (another generator, other orders of summation). Another seed or learning rate is added to the file.
Usage, from python/: python -m record.quality METHOD [--seed 42] [--learning-rate 1e-3] [--base FOLDER], and without METHOD: the table
"""

import argparse
import csv
import json
import math
import random
from pathlib import Path

import torch
from torch import nn
from transformers import AutoTokenizer, get_linear_schedule_with_warmup, set_seed
from transformers.trainer_pt_utils import get_parameter_names

from retrace.methods import METHODS, build

from .optimizer import NO_DECAY
from .recording import VECTORS, read_json, write_json

FOLDER = VECTORS / "quality"
SEED = 42
PUBLIC = VECTORS.parent.parent / "public"
STEPS, BATCH_SIZE, WARMUP_RATIO, WEIGHT_DECAY, DROPOUT, MAX_LENGTH, POOLING = 200, 16, 0.06, 0.1, 0.1, 128, "mean"
MEFT = {"adapter_size": 8, "streams": "fixed", "fraction_bits": 16, "dropout": DROPOUT}
SPARSE = {"adapter_size": 1024, "num_experts": 0, "num_probed_experts": 8, "num_activated": 64, "activation_rule": "token"}
READ = {"rnn_type": "gru", "rnn_hidden_size": 256, "aggregation": "mean", "joiner": False, "output_scale": 1.0}
LORA = {"adapter_size": 8, "lora_alpha": 16, "lora_dropout": 0.0, "target_modules": ["query", "value"], "bias": "none"}
# method: (learning rate, hyper-parameters)
RECIPES = {
    "full": (1e-4, {}),
    "linear-probe": (2e-2, {}),
    "bitfit": (5e-3, {}),
    "lora": (5e-3, LORA),
    "ia3": (5e-3, {"target_modules": ["key", "value", "output.dense"], "feedforward_modules": ["output.dense"]}),
    "houlsby": (2e-3, {"adapter_size": 64, "adapter_init_std": 0.01, "dropout": DROPOUT}),
    "parallel-adapter": (1e-3, {"adapter_size": 64, "adapter_scaling": 4.0, "dropout": DROPOUT}),
    "prefix-tuning": (1e-2, {"num_virtual_tokens": 20}),
    "prompt-tuning": (1e-2, {"num_virtual_tokens": 20}),
    "lst": (1e-3, {"reduction_factor": 8, "gate_temperature": 0.1, "dropout": DROPOUT}),
    "read": (2e-3, READ | {"dropout": DROPOUT}),
    "meft1": (3e-3, MEFT | {"lambda": 0.125, "beta": 1.0}),
    "meft2": (3e-3, MEFT | {"lambda": 1.0, "beta": 0.125}),
    "meft3": (3e-3, MEFT | {"lambda": 0.125, "beta": 0.125}),
    "sparse_meft": (1e-3, SPARSE | {"dropout": DROPOUT}),
}


def rows_of(part):
    """CLINC150's rows of a part: text, intent, domain."""
    with (PUBLIC / "data" / "clinc150" / f"{part}.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def read(part, tokenizer, labels):
    """[(input_ids, token_type_ids, label)] of a part; `labels` grows in the order of appearance."""
    rows = rows_of(part)
    return examples_of(tokenizer, [row["text"] for row in rows], None, [labels.setdefault(row["domain"], len(labels)) for row in rows])


def examples_of(tokenizer, texts, pairs, labels):
    """[(input_ids, token_type_ids, label)]."""
    encoded = tokenizer(texts, pairs, truncation=True, max_length=MAX_LENGTH)
    return list(zip(encoded["input_ids"], encoded["token_type_ids"], labels, strict=True))


def length_grouped_batches(examples, shuffle):
    """Lists of examples: shuffled, cut into pieces of 50 batches, sorted by length within each: Trainer's group_by_length. One epoch after the other."""
    while True:
        yield from _epoch(examples, shuffle)


def _epoch(examples, shuffle):
    order = list(range(len(examples)))
    shuffle.shuffle(order)
    piece = 50 * BATCH_SIZE
    for start in range(0, len(order), piece):
        part = sorted(order[start : start + piece], key=lambda i: len(examples[i][0]))
        batches = [part[i : i + BATCH_SIZE] for i in range(0, len(part), BATCH_SIZE)]
        shuffle.shuffle(batches)
        yield from ([examples[i] for i in batch] for batch in batches)


def padded(rows, value):
    """Lists of numbers as one tensor, [N, the longest]."""
    length = max(len(row) for row in rows)
    return torch.tensor([[*row, *[value] * (length - len(row))] for row in rows])


def collate(examples):
    """Inputs of a model and what is to come out of it: [N] labels."""
    ids, types, labels = zip(*examples, strict=True)
    attention_mask = padded([[1] * len(row) for row in ids], 0)
    inputs = {"input_ids": padded(ids, 0), "attention_mask": attention_mask, "token_type_ids": padded(types, 0)}
    return inputs, torch.tensor(labels)


def in_order_of_length(examples):
    """Batches of 64 for evaluation."""
    ordered = sorted(examples, key=lambda e: len(e[0]))
    return [ordered[start : start + 64] for start in range(0, len(ordered), 64)]


@torch.no_grad()
def outputs_of(model, examples):
    """Logits [N, num_labels] and labels [N]."""
    batches = [collate(batch) for batch in in_order_of_length(examples)]
    return torch.cat([model(**inputs) for inputs, _ in batches]), torch.cat([labels for _, labels in batches])


def accuracy(model, examples):
    logits, labels = outputs_of(model, examples)
    return (logits.argmax(-1) == labels).sum().item() / len(examples)


def train(model, examples, seed, learning_rate, steps=STEPS, loss_of=nn.functional.cross_entropy, collate=collate, batches=None):
    """Trains in place; yields the loss of each step. `batches`: lists of examples, where they are not to be drawn."""
    names = set(get_parameter_names(model, [nn.LayerNorm], NO_DECAY))
    decayed = {id(p) for name, p in model.named_parameters() if name in names}
    trainable = list(model.trainable().values())
    groups = [{"params": [p for p in trainable if (id(p) in decayed) == yes], "weight_decay": WEIGHT_DECAY * yes} for yes in (True, False)]
    optimizer = torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.98), eps=1e-6)
    schedule = get_linear_schedule_with_warmup(optimizer, math.ceil(WARMUP_RATIO * steps), steps)
    for _, batch in zip(range(steps), batches or length_grouped_batches(examples, random.Random(seed))):
        inputs, labels = collate(batch)
        loss = loss_of(model(**inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(trainable, 1.0)
        optimizer.step()
        schedule.step()
        yield loss.item()


def run(method, base, seed, learning_rate):
    """{seed, learning_rate, loss of each step, accuracy on the validation part after the last}."""
    set_seed(seed)
    tokenizer, labels = AutoTokenizer.from_pretrained(base), {}
    examples, validation = read("train", tokenizer, labels), read("validation", tokenizer, labels)
    model = build(method, base, len(labels), POOLING, RECIPES[method][1]).train()
    losses = []
    for loss in train(model, examples, seed, learning_rate):
        losses.append(round(loss, 4))
        if len(losses) % 20 == 0:
            print(f"step {len(losses)}  mean loss of the last ten {sum(losses[-10:]) / 10:.3f}", flush=True)
    result = {"seed": seed, "learning_rate": learning_rate, "loss": losses, "accuracy": accuracy(model.eval(), validation)}
    print(f"{method}, seed {seed}, {learning_rate:g}: accuracy on {len(validation)} validation texts {result['accuracy']:.4f}", flush=True)
    return result


def add(method, result):
    """Into the method's file, in place of a run with the same seed and learning rate."""
    path = FOLDER / f"{method}.json"
    key = lambda r: (r["learning_rate"], r["seed"])
    runs = json.loads(path.read_text())["runs"] if path.exists() else []
    runs = sorted([r for r in runs if key(r) != key(result)] + [result], key=key)
    about = {"recorded_by": "python/record/quality.py", "method": method, "hyper_parameters": RECIPES[method][1], "steps": STEPS}
    write_json(path, about | {"runs": runs})


def table():
    """Markdown; a mean where there are several seeds."""
    rows = []
    for method, (learning_rate, _) in RECIPES.items():
        path = FOLDER / f"{method}.json"
        by_rate = {}
        for r in json.loads(path.read_text())["runs"] if path.exists() else []:
            by_rate.setdefault(r["learning_rate"], []).append(100 * r["accuracy"])
        mean = {rate: f"{sum(found) / len(found):.1f}" for rate, found in by_rate.items()}
        others = ", ".join(f"{found} ({rate:g})" for rate, found in mean.items() if rate != learning_rate)
        rows.append(f"| `{method}` | {learning_rate:g} | {mean.get(learning_rate, '-')} | {others} |")
    head = ("| method | learning rate | accuracy, % | at other rates |", "|---|---|---|---|")
    return "\n".join((*head, *rows))


def keep(path, recorded):
    """A run of the recipe's seed as it is; of another its scores beside those."""
    if recorded["seed"] != SEED:
        own = read_json(path)
        seeds = own.get("other_seeds", {}) | {str(recorded["seed"]): recorded["metrics"]}
        recorded = own | {"other_seeds": seeds}
    write_json(path, recorded)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("method", nargs="?", choices=METHODS)
    arguments.add_argument("--base", type=Path, default=PUBLIC / "models" / "all-MiniLM-L6-v2")
    arguments.add_argument("--seed", type=int, default=42)
    arguments.add_argument("--learning-rate", type=float, help="instead of the recipe's")
    arguments = arguments.parse_args()
    if arguments.method is None:
        print(table())
    else:
        learning_rate = arguments.learning_rate or RECIPES[arguments.method][0]
        add(arguments.method, run(arguments.method, arguments.base, arguments.seed, learning_rate))


if __name__ == "__main__":
    main()
