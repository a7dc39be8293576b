"""What PyTorch reaches with small pretrained checkpoints that write, GPT-2, OPT and BART: full fine-tuning, MEFT1 and LoRA on a classification and on a
task of words, quality.py's recipe else.

All data are CLINC150's, as bundled: classification learns the ten domains; language modelling the texts themselves, each a row; sequence to sequence, in
BART, the intent of a text, written out. Writes the loss of every step and the scores on the whole validation part to
vectors/quality/decoders/MODEL-TASK-METHOD.json, to lay beside what `node scripts/bench.mjs learning_decoders` reaches. The checkpoints are no part of the
repository: a folder with tiny-gpt2, tiny-opt and tiny-bart.
Usage, from python/: python -m record.decoders CHECKPOINTS [MODEL/TASK/METHOD ...] [--seed 43] [--learning-rate 1e-3]
Of another seed the scores alone are added to the run's file: how much of a difference is chance. At another learning rate nothing is written.
"""

import argparse
import json
import math
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch.nn.functional import cross_entropy
from transformers import AutoConfig, AutoTokenizer, set_seed

from retrace.architectures import defaults_of, shifted
from retrace.continuations import one_stack_row
from retrace.methods import build

from .quality import DROPOUT, FOLDER, LORA, MEFT, RECIPES, SEED, in_order_of_length, keep, padded, rows_of, train

STEPS, MAX_LENGTH, NONE = 200, 64, -100
# model: (its task of words, fraction bits of fixed streams as the architecture's default in Retrace)
MODELS = {
    "tiny-gpt2": ("language_modelling", 16),
    "tiny-opt": ("language_modelling", 16),
    "tiny-bart": ("sequence_to_sequence", 20),
}
# (task, method): learning rate, as in bench/learning_decoders.ts
RATES = {
    ("classification", "full"): 1e-3,
    ("classification", "meft1"): 5e-3,
    ("classification", "lora"): 1e-2,
    ("language_modelling", "full"): 1e-3,
    ("language_modelling", "meft1"): 5e-3,
    ("language_modelling", "lora"): 1e-2,
    ("sequence_to_sequence", "full"): 1e-3,
    ("sequence_to_sequence", "meft1"): 5e-3,
    ("sequence_to_sequence", "lora"): 1e-2,
}
CELLS = [(model, task, method) for model in MODELS for task in ("classification", MODELS[model][0]) for method in ("full", "meft1", "lora")]


def with_dropout(checkpoint, folder):
    """The checkpoint with every dropout of its configuration at the recipe's, as Retrace has it."""
    for file in checkpoint.iterdir():
        if file.name != "config.json":
            (folder / file.name).symlink_to(file.resolve())
    config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    changed = {name: DROPOUT for name in config if name.endswith(("dropout", "_pdrop"))}
    (folder / "config.json").write_text(json.dumps(config | changed), encoding="utf-8")
    return folder


def hyper_parameters_of(model, method, config):
    if method == "lora":
        return LORA | defaults_of(config).lora
    if method == "meft1":
        return RECIPES["meft1"][1] | MEFT | defaults_of(config).final_combination | {"fraction_bits": MODELS[model][1]}
    return {}


def examples_of(task, part, tokenizer, labels):
    """[(input_ids, label, or the words that are to be given)]; `labels` grows in the order of appearance."""
    rows = rows_of(part)
    encode = lambda texts: tokenizer(texts, truncation=True, max_length=MAX_LENGTH)["input_ids"]
    texts = [row["text"] for row in rows]
    if task == "classification":
        return list(zip(encode(texts), [labels.setdefault(row["domain"], len(labels)) for row in rows], strict=True))
    if task == "sequence_to_sequence":
        return list(zip(encode(texts), encode([row["intent"] for row in rows]), strict=True))
    read = [one_stack_row(tokenizer, "", text, MAX_LENGTH, end=True) for text in texts]
    return [(ids, [NONE] * places.start + words) for ids, places, words in read]


def collating(task, config):
    """[example] -> inputs of a model and what is to come out of it: labels [N], or words [N, T]."""

    def collate(examples):
        ids, labels = zip(*examples, strict=True)
        inputs = {"input_ids": padded(ids, config.pad_token_id), "attention_mask": padded([[1] * len(row) for row in ids], 0)}
        if task == "classification":
            return inputs, torch.tensor(labels)
        words = padded(labels, NONE)
        return inputs | ({"decoder_input_ids": shifted(config, words)} if task == "sequence_to_sequence" else {}), words

    return collate


def loss_of(logits, labels, reduction="mean"):
    """Of classes, or of every word that is to be given."""
    return cross_entropy(logits.flatten(0, -2), labels.flatten(), ignore_index=NONE, reduction=reduction)


@torch.no_grad()
def scores(task, model, examples, collate):
    """Accuracy, or the perplexity of all words."""
    model.eval()
    summed, count = 0.0, 0
    for inputs, labels in map(collate, in_order_of_length(examples)):
        logits = model(**inputs)
        summed += (logits.argmax(-1) == labels).sum().item() if task == "classification" else loss_of(logits, labels, "sum").item()
        count += (labels != NONE).sum().item()
    return {"accuracy": summed / count} if task == "classification" else {"perplexity": math.exp(summed / count)}


def run(name, task, method, base, learning_rate, seed=SEED):
    """A run's record. What the checkpoint itself makes of a task of words is scored before full fine-tuning, which alone begins there."""
    set_seed(seed)
    tokenizer, config, labels = AutoTokenizer.from_pretrained(base), AutoConfig.from_pretrained(base), {}
    examples, validation = (examples_of(task, part, tokenizer, labels) for part in ("train", "validation"))
    hyper_parameters, collate = hyper_parameters_of(name, method, config), collating(task, config)
    pooling = defaults_of(config).pooling if task == "classification" else "vocabulary"
    model = build(method, base, len(labels), pooling, hyper_parameters)
    before = {"before": scores(task, model, validation, collate)} if method == "full" and task != "classification" else {}
    model.train()
    losses = [round(loss, 4) for loss in train(model, examples, seed, learning_rate, STEPS, loss_of, collate)]
    recipe = {"model": name, "task": task, "method": method, "learning_rate": learning_rate, "seed": seed, "steps": STEPS}
    about = {"recorded_by": "python/record/decoders.py", "hyper_parameters": hyper_parameters}
    return about | recipe | before | {"metrics": scores(task, model, validation, collate), "loss": losses}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("checkpoints", type=Path, help="the folder of tiny-gpt2, tiny-opt and tiny-bart")
    arguments.add_argument("cells", nargs="*", metavar="MODEL/TASK/METHOD", help="all where none is named")
    arguments.add_argument("--seed", type=int, default=SEED)
    arguments.add_argument("--learning-rate", type=float, help="instead of the recipe's")
    arguments = arguments.parse_args()
    for name, task, method in [cell.split("/") for cell in arguments.cells] or CELLS:
        with TemporaryDirectory() as folder:
            base = with_dropout(arguments.checkpoints / name, Path(folder))
            recorded = run(name, task, method, base, arguments.learning_rate or RATES[task, method], arguments.seed)
        if arguments.learning_rate is None:
            keep(FOLDER / "decoders" / f"{name}-{task}-{method}.json", recorded)
        print(f"{name}/{task}/{method}: {recorded['learning_rate']:g} {recorded.get('before', '')} {recorded['metrics']}", flush=True)


if __name__ == "__main__":
    main()
