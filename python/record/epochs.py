"""Records vectors/epochs: how Transformers' Trainer makes steps and epochs out of examples.

Each case runs the real Trainer over n examples and writes, for every optimizer step, the sizes of its batches, `state.epoch` after it and
the learning rate that it was made with (linear, 6 % of warm-up). What a step's loss is divided by is not recorded: for models such as
BertForSequenceClassification, whose forward takes keyword arguments but does not use `num_items_in_batch`, Trainer 5.24 adds up the means of
the batches undivided, so that its gradient grows with the accumulation. Retrace takes the mean over the examples of the step, which is what `num_items_in_batch` is for.
"""

import math
import random
import tempfile

import torch
from torch import nn
from transformers import Trainer, TrainerCallback, TrainingArguments

from .recording import VECTORS, write_json

FOLDER = VECTORS / "epochs"
WARMUP = 0.06
LEARNING_RATE = 1.0
MOST_STEPS = 60


class Counted(nn.Module):
    """One weight; notes the size of every batch that it sees."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.sizes = []

    def forward(self, x, labels):
        self.sizes.append(len(x))
        return {"loss": ((self.weight * x - labels) ** 2).mean()}


class Steps(TrainerCallback):
    def __init__(self, model):
        self.model, self.steps, self.learning_rate = model, [], None

    def on_pre_optimizer_step(self, args, state, control, optimizer=None, **_):
        self.learning_rate = optimizer.param_groups[0]["lr"]

    def on_step_end(self, args, state, control, **_):
        self.steps.append({"batches": self.model.sizes, "epoch": state.epoch, "learning_rate": self.learning_rate})
        self.model.sizes = []


def run(examples, batch_size, gradient_accumulation_steps, max_steps, epochs):
    model = Counted()
    callback = Steps(model)
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=batch_size,
            gradient_accumulation_steps=gradient_accumulation_steps,
            max_steps=max_steps,
            num_train_epochs=epochs,
            learning_rate=LEARNING_RATE,
            warmup_steps=WARMUP,
            lr_scheduler_type="linear",
            report_to=[],
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
            use_cpu=True,
        )
        data = [{"x": [float(i)], "labels": [0.0]} for i in range(examples)]
        Trainer(model, arguments, train_dataset=data, callbacks=[callback]).train()
    return callback.steps


def cases():
    """Those of the bug reports, corners, and others drawn with a seed."""
    yield from [(10, 2, 4, -1, 3), (10, 16, 1, -1, 1), (10, 4, 1, -1, 3), (1, 1, 1, -1, 1), (1, 16, 8, -1, 2), (3, 1, 5, -1, 2), (16, 4, 4, -1, 2)]
    yield from [(10, 2, 4, 7, 3), (10, 16, 4, 5, 1), (10, 3, 2, -1, 0.5), (10, 3, 2, -1, 2.25), (17, 4, 3, -1, 0.1), (100, 8, 3, 20, 1)]
    draw = random.Random(0)
    for _ in range(40):
        examples, batch_size = draw.choice([2, 5, 7, 10, 13, 16, 31, 33, 64]), draw.choice([1, 2, 3, 4, 8, 16, 32])
        accumulation = draw.choice([1, 1, 2, 3, 4, 8])
        epochs = draw.choice([1, 2, 3, 0.3, 0.7, 1.1, 1.5, 2.9])
        per_epoch = math.ceil(math.ceil(examples / batch_size) / accumulation)
        max_steps = draw.choice([-1, -1, 1, per_epoch, per_epoch + 1, 2 * per_epoch + 3])
        if (max_steps if max_steps > 0 else per_epoch * epochs) <= MOST_STEPS:
            yield examples, batch_size, accumulation, max_steps, epochs


def main():
    names = ("examples", "batch_size", "gradient_accumulation_steps", "max_steps", "epochs")
    recorded = [{**dict(zip(names, case)), "steps": run(*case)} for case in cases()]
    write_json(FOLDER / "expected.json", {"warmup_ratio": WARMUP, "cases": recorded})


if __name__ == "__main__":
    main()
