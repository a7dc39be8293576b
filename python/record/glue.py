"""What PyTorch reaches on GLUE with the bundled model: SST-2, MRPC and STS-B with full fine-tuning, MEFT1 and LoRA, quality.py's recipe else.

Writes the loss of every step and the scores on GLUE's dev set to vectors/quality/glue/TASK-METHOD.json, to lay beside what `node scripts/bench.mjs
learning_glue` reaches. GLUE's own files are no part of the repository: a folder with SST-2, MRPC and STS-B, each with train.tsv and dev.tsv.
Usage, from python/: python -m record.glue GLUE [TASK/METHOD ...] [--seed 43]

Of another seed the scores alone are added to the run's file: how much of a difference is chance.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
from torch.nn.functional import mse_loss
from transformers import AutoTokenizer, set_seed

from retrace.methods import build

from .quality import FOLDER, PUBLIC, RECIPES, SEED, examples_of, keep, outputs_of, train

# task: (folder, columns of text, pair and label, steps)
TASKS = {
    "sst2": ("SST-2", ("sentence", None, "label"), 800),
    "mrpc": ("MRPC", ("#1 String", "#2 String", "Quality"), 690),
    "stsb": ("STS-B", ("sentence1", "sentence2", "score"), 720),
}
# (task, method): (pooling, learning rate), as in bench/learning_glue.ts
CELLS = {
    ("sst2", "full"): ("cls", 5e-5),
    ("sst2", "meft1"): ("mean", 2e-3),
    ("sst2", "lora"): ("cls", 5e-4),
    ("mrpc", "full"): ("cls", 5e-5),
    ("mrpc", "meft1"): ("cls", 2e-3),
    ("mrpc", "lora"): ("cls", 1e-3),
    ("stsb", "full"): ("cls", 5e-5),
    ("stsb", "meft1"): ("mean", 2e-3),
    ("stsb", "lora"): ("mean", 1e-3),
}


def read(path, columns, tokenizer):
    """[(input_ids, token_type_ids, label)]; quotes are characters like others."""
    text, pair, label = columns
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row[label] is not None]
    labels = [float(row[label]) if label == "score" else int(row[label]) for row in rows]
    return examples_of(tokenizer, [row[text] for row in rows], None if pair is None else [row[pair] for row in rows], labels)


def ranks(values):
    """From 0; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[place]


def scores(task, logits, labels):
    """The metrics that Retrace gives the task, in its order."""
    if task == "stsb":
        predicted, true = logits[:, 0].double().numpy(), labels.double().numpy()
        correlation = lambda a, b: float(np.corrcoef(a, b)[0, 1])
        return {"pearson": correlation(predicted, true), "spearmanr": correlation(ranks(predicted), ranks(true))}
    predicted = logits.argmax(-1)
    accuracy = {"accuracy": (predicted == labels).double().mean().item()}
    if task == "sst2":
        return accuracy
    both = ((predicted == 1) & (labels == 1)).sum().item()
    return {"f1": 2 * both / ((predicted == 1).sum().item() + (labels == 1).sum().item())} | accuracy


def run(task, method, glue, seed=SEED):
    (folder, columns, steps), (pooling, learning_rate) = TASKS[task], CELLS[task, method]
    set_seed(seed)
    base = PUBLIC / "models" / "all-MiniLM-L6-v2"
    tokenizer = AutoTokenizer.from_pretrained(base)
    examples, dev = (read(glue / folder / f"{part}.tsv", columns, tokenizer) for part in ("train", "dev"))
    model = build(method, base, 1 if task == "stsb" else 2, pooling, RECIPES[method][1]).train()
    of_scores = {"loss_of": lambda logits, labels: mse_loss(logits[:, 0], labels)} if task == "stsb" else {}
    losses = [round(loss, 4) for loss in train(model, examples, seed, learning_rate, steps, **of_scores)]
    metrics = scores(task, *outputs_of(model.eval(), dev))
    recipe = {"task": task, "method": method, "pooling": pooling, "learning_rate": learning_rate, "seed": seed, "steps": steps}
    about = {"recorded_by": "python/record/glue.py", "hyper_parameters": RECIPES[method][1]}
    keep(FOLDER / "glue" / f"{task}-{method}.json", about | recipe | {"metrics": metrics, "loss": losses})
    print(f"{task}/{method}: {len(examples)} examples, {len(dev)} for evaluation, {metrics}", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("glue", type=Path, help="the folder of GLUE's own files")
    arguments.add_argument("cells", nargs="*", metavar="TASK/METHOD", help="all where none is named")
    arguments.add_argument("--seed", type=int, default=SEED)
    arguments = arguments.parse_args()
    for task, method in [cell.split("/") for cell in arguments.cells] or CELLS:
        run(task, method, arguments.glue, arguments.seed)


if __name__ == "__main__":
    main()
