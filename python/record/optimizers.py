"""Records vectors/optimizers: five steps of each optimizer but plain AdamW (optimizer.py) on the tiny BERT, as Transformers' Trainer takes
them, and the learning rates of Transformers' schedules.

LoRA (through PEFT) and MEFT1 with fixed streams, two batches by turns, warm-up, decay, clipping. SGD is PyTorch's, Adafactor is
Transformers', Lion is written here from the paper. What each optimizer keeps is recorded beside the parameters, under its own names.
"""

import torch
from torch import nn
from transformers import Adafactor, get_scheduler
from transformers.trainer_pt_utils import get_parameter_names

from .lora import HYPER_PARAMETERS, tiny_lora
from .meft1 import STREAMS, tiny_meft1
from .optimizer import NO_DECAY, STEPS
from .recording import VECTORS, batch_json, model_inputs, number, random_batch, tiny_batch, write_json, write_tensors

FOLDER = VECTORS / "optimizers"
COMMON = {"weight_decay": 0.1, "max_grad_norm": 0.05, "warmup_steps": 2, "max_steps": 8, "lr_scheduler_type": "linear"}
MEFT1 = {"adapter_size": 8, **STREAMS["fixed"]}


class Lion(torch.optim.Optimizer):
    """Chen et al. 2023, arXiv:2302.06675, algorithm 2."""

    def __init__(self, groups, lr, betas):
        super().__init__(groups, {"lr": lr, "betas": betas, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                m = self.state[p].setdefault("exp_avg", torch.zeros_like(p))
                update = torch.sign(beta1 * m + (1 - beta1) * p.grad)
                p -= group["lr"] * (update + group["weight_decay"] * p)
                m.mul_(beta2).add_(p.grad, alpha=1 - beta2)


def adamw(groups, t):
    betas = (t["adam_beta1"], t["adam_beta2"])
    return torch.optim.AdamW(groups, lr=t["learning_rate"], betas=betas, eps=t["adam_epsilon"], foreach=False)


def sgd(groups, t):
    return torch.optim.SGD(groups, lr=t["learning_rate"], momentum=t["momentum"], foreach=False)


def adafactor(groups, t):
    return Adafactor(groups, lr=t["learning_rate"], scale_parameter=False, relative_step=False)


def lion(groups, t):
    return Lion(groups, t["learning_rate"], (t["adam_beta1"], t["adam_beta2"]))


BUILDERS = {"adamw": adamw, "sgd": sgd, "adafactor": adafactor, "lion": lion}
CASES = {
    "adamw_head": ("lora", {"optim": "adamw", "learning_rate": 3e-3, "adam_beta1": 0.9, "adam_beta2": 0.98, "adam_epsilon": 1e-6,
                            "head_learning_rate": 1e-2, "lr_scheduler_type": "cosine"}),
    "sgd": ("meft1", {"optim": "sgd", "learning_rate": 0.3, "momentum": 0.9, "head_learning_rate": 0.1}),
    "sgd_plain": ("lora", {"optim": "sgd", "learning_rate": 0.3, "momentum": 0.0, "lr_scheduler_type": "constant_with_warmup"}),
    "adafactor": ("meft1", {"optim": "adafactor", "learning_rate": 3e-3, "lr_scheduler_type": "cosine"}),
    "adafactor_lora": ("lora", {"optim": "adafactor", "learning_rate": 3e-3, "head_learning_rate": 1e-3}),
    "lion": ("lora", {"optim": "lion", "learning_rate": 1e-3, "adam_beta1": 0.9, "adam_beta2": 0.99, "head_learning_rate": 2e-3}),
}
BUILD = {"lora": lambda: tiny_lora("mean"), "meft1": lambda: tiny_meft1("mean", MEFT1)}
METHODS = {
    "lora": {"method": "lora", "hyper_parameters": HYPER_PARAMETERS, "adapter": "../lora/adapter_model.safetensors"},
    "meft1": {"method": "meft1", "hyper_parameters": MEFT1, "adapter": "../meft1/adapter_r8.safetensors"},
}


def parameter_groups(model, trainable, t):
    """Trainer's two, each again for the classifier where that has a rate of its own."""
    decayed = set(get_parameter_names(model, [nn.LayerNorm], NO_DECAY))
    decayed = {id(p) for name, p in model.named_parameters() if name in decayed}
    rates = {False: t["learning_rate"], True: t.get("head_learning_rate", t["learning_rate"])}
    return [
        {
            "params": [p for name, p in trainable.items() if (id(p) in decayed) == decay and ("classifier" in name) == head],
            "weight_decay": t["weight_decay"] if decay else 0.0,
            "lr": rate,
        }
        for head, rate in rates.items()
        for decay in (True, False)
    ]


def five_steps(model, batches, t):
    """Trains `model` in place; returns the record of every step, and what there is after the last: {kind/parameter: tensor}."""
    trainable = model.trainable()
    optimizer = BUILDERS[t["optim"]](parameter_groups(model, trainable, t), t)
    schedule = get_scheduler(t["lr_scheduler_type"], optimizer, t["warmup_steps"], t["max_steps"])
    steps = []
    for n in range(STEPS):
        batch = batches[n % len(batches)]
        loss = nn.functional.cross_entropy(model(**model_inputs(batch)), batch["labels"])
        optimizer.zero_grad()
        loss.backward()
        grad_norm = nn.utils.clip_grad_norm_(trainable.values(), t["max_grad_norm"])
        learning_rate = schedule.get_last_lr()[0]
        optimizer.step()
        schedule.step()
        step = {"step": n + 1, "batch": n % len(batches), "loss": number(loss), "grad_norm": number(grad_norm)}
        steps.append({**step, "learning_rate": learning_rate})
    kept = {f"parameter/{name}": p.detach().clone() for name, p in trainable.items()}
    for name, p in trainable.items():
        states = {kind: value for kind, value in optimizer.state[p].items() if torch.is_tensor(value) and value.ndim > 0}
        kept |= {f"{kind}/{name}": value.clone() for kind, value in states.items()}
    return steps, kept


def record_case(name, method, own, batches):
    training = {**COMMON, **own}
    steps, kept = five_steps(BUILD[method](), batches, training)
    steps64, kept64 = five_steps(BUILD[method]().double(), batches, training)
    error = max((value.double() - kept64[key]).abs().max().item() for key, value in kept.items() if key.startswith("parameter/"))
    write_tensors(FOLDER / f"{name}.safetensors", kept)
    print(name, [(s["loss"], s["grad_norm"], s["learning_rate"]) for s in steps], "float64 differs by", error)
    about = {**METHODS[method], "pooling": "mean", "training": training, "tensors": f"{name}.safetensors"}
    return {**about, "float32_parameter_error": float(f"{error:.1e}"), "steps": steps}


def schedules():
    """Factors on the learning rate at every step of a run."""
    recorded = []
    for name in ("linear", "cosine", "constant_with_warmup"):
        for max_steps, warmup_steps in ((8, 2), (20, 0), (13, 5), (4, 4)):
            optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
            schedule = get_scheduler(name, optimizer, warmup_steps, max_steps)
            factors = []
            for _ in range(max_steps):
                factors.append(schedule.get_last_lr()[0])
                optimizer.step()
                schedule.step()
            recorded.append({"lr_scheduler_type": name, "max_steps": max_steps, "warmup_steps": warmup_steps, "factors": factors})
    return recorded


def main():
    batches = [tiny_batch(), random_batch(4, lengths=[4, 11, 6, 10], padded_length=11, vocab_size=99, num_labels=3)]
    cases = {name: record_case(name, method, own, batches) for name, (method, own) in CASES.items()}
    content = {"recorded_by": "python/record/optimizers.py", "base": "../tiny_bert", "batches": [batch_json(b) for b in batches]}
    write_json(FOLDER / "expected.json", {**content, "schedules": schedules(), "cases": cases})


if __name__ == "__main__":
    main()
